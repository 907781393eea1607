"""Whatever call raises, one item ends and the others go on, also after a restart.

Not a list of places: every call is found in the sources, those that the story below comes past
are struck one by one, and after each strike new work of every observer must be delivered, by the
same engine and by the next one.
"""

from __future__ import annotations

import asyncio
import random
import shutil
import uuid
from collections.abc import Coroutine, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

import pytest

from fql.app import Runtime
from fql.client import Client
from fql.store.choosing import EventFilter
from tests.bulkheads.deliveries import HANGS, KINDS, delivered
from tests.bulkheads.shop import Shop, order, view_of
from tests.bulkheads.strikes import Strike, Strikes

pytestmark = [
    pytest.mark.timeout(900),
    pytest.mark.usefixtures("swift"),
    # A coroutine that was to become a task is lost when making the task is struck.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
T = TypeVar("T")


async def story(shop: Shop, runtime: Runtime) -> None:
    """All kinds of work. Whatever is struck here may be given up, or be refused to its caller."""
    with shop.strikes.paused():
        client = Client(shop.store)
    await attempt(runtime.emit("Order.insert", new=order("a"), id="a", key="a"))
    shop.insert("b1", "b2")
    for name in ("c", "d"):
        envelope = {"entity": "Order", "event": "insert", "new": dict(order(name)), "id": name}
        await attempt(client.emit(envelope))
    await attempt(runtime.emit("Order.insert", new={"id": 5}, id="misfit"))
    await shop.settle(runtime, 0.3)
    letters = await attempt(client.dead_letters(filter={"action": "gone"})) or []
    for letter in letters[:1]:
        await attempt(client.replay(letter.dlq_id))
    await attempt(client.discard([letter.dlq_id for letter in letters[1:2]]))
    await attempt(client.pause("shop"))
    await attempt(client.resume("shop"))
    for run in await attempt(client.runs(observer="rescued", limit=1)) or []:
        await attempt(client.cancel(run=run.run))
        await attempt(client.resend(run.run, action="rescue"))
    await shop.settle(runtime, 0.3)


async def attempt(call: Coroutine[object, object, T]) -> T | None:
    """A call of the application or of a person: what is raised there is theirs."""
    try:
        return await call
    except Exception:
        return None


async def struck(folder: Path, strikes: Strikes, place: str) -> list[str]:
    """The whole story, with a strike in it; what went wrong."""
    async with Shop(folder, strikes, view_of(place, folder)) as shop:
        return await told(shop, strikes)


async def told(shop: Shop, strikes: Strikes) -> list[str]:
    strikes.watching = True
    async with shop.running(patient=True) as runtime:
        await story(shop, runtime)
        strikes.watching = False
        wrong = [f"{path} before" for path in await delivered(shop, runtime, "e")]
    async with shop.running() as runtime:
        wrong += [f"{path} after" for path in await delivered(shop, runtime, "f")]
        wrong += [f"open: {run}" for run in await shop.open_runs()]
    ends = await shop.ends()
    return wrong + [f"lost: {name}" for name in await lost(shop, ends)]


async def lost(shop: Shop, ends: dict[str, list[str]]) -> list[str]:
    """Accepted events without any trace of one of their runs."""
    kinds = {run.split()[0] for name in ("e", "f") for run in ends.get(name, [])} - {"visits"}
    found = []
    for name in ("a", "c", "d", "e", "e2", "f", "f2"):
        if await shop.store.events(EventFilter(event_id=name)):
            seen = {run.split()[0] for run in ends.get(name, [])}
            found += [f"{kind} of {name}" for kind in sorted(kinds - seen)]
    return found


def visits_of(strikes: Strikes, folder: Path) -> dict[int, int]:
    """The sites that the story comes past, and how often."""
    strikes.arm()
    assert asyncio.run(struck(folder, strikes, "memory")) == []
    return dict(strikes.visits)


def drawn(strikes: Strikes, visits: Mapping[int, int], turn: int, step: int = 1) -> list[Strike]:
    """One strike for each site, at some visit, in an order of its own; of each `step` sites that
    follow each other in the sources, one."""
    chance = random.Random(turn)
    found = [
        Strike(site, chance.randint(1, min(count, 12)), KINDS[(number + turn) % len(KINDS)])
        for number, (site, count) in enumerate(sorted(visits.items())[turn % step :: step])
    ]
    chance.shuffle(found)
    return found


def play(
    strikes: Strikes, tmp_path: Path, together: Sequence[Strike], place: str = "memory"
) -> list[str]:
    """One story with these strikes; what went wrong, and what was not met."""
    folder = tmp_path / str(uuid.uuid4())
    folder.mkdir()
    strikes.arm(together)
    try:
        wrong = asyncio.run(asyncio.wait_for(struck(folder, strikes, place), HANGS))
    except TimeoutError:
        wrong = ["it hangs"]
    shutil.rmtree(folder)
    if not wrong:
        return []
    names = [f"{strikes.sites[one.site]} ({one.visit}, {one.kind.__name__})" for one in together]
    return [f"{', '.join(names)}: {wrong}"]


TOGETHER = 4
"""Strikes in one story: the more, the fewer stories. Each is the end of one item of its own."""
STEP, FEW = 4, 40
"""One site in so many, spread over all functions, is struck each time; every one in `-m soak`."""


def play_all(strikes: Strikes, folder: Path, some: list[Strike], place: str = "memory") -> None:
    wrong: list[str] = []
    for first in range(0, len(some), TOGETHER):
        wrong += play(strikes, folder, some[first : first + TOGETHER], place)
    assert not wrong, "\n".join(wrong)


def test_a_strike_at_any_call_ends_one_item(strikes: Strikes, tmp_path: Path) -> None:
    visits = visits_of(strikes, tmp_path)
    assert len(visits) > 700, "the story must come past most of the engine"
    play_all(strikes, tmp_path, drawn(strikes, visits, 0, STEP))


@pytest.mark.parametrize("step", [FEW, pytest.param(STEP, marks=pytest.mark.soak)])
def test_it_does_so_on_sqlite(strikes: Strikes, tmp_path: Path, step: int) -> None:
    play_all(strikes, tmp_path, drawn(strikes, visits_of(strikes, tmp_path), 1, step), "sqlite")


@pytest.mark.parametrize("step", [FEW, pytest.param(STEP, marks=pytest.mark.soak)])
def test_it_does_so_on_postgresql(
    strikes: Strikes, tmp_path: Path, postgresql_url: str, step: int
) -> None:
    some = drawn(strikes, visits_of(strikes, tmp_path), 2, step)
    play_all(strikes, tmp_path, some, postgresql_url)


@pytest.mark.soak
@pytest.mark.parametrize("turn", range(9))
def test_each_strike_alone(strikes: Strikes, tmp_path: Path, turn: int) -> None:
    visits = visits_of(strikes, tmp_path)
    wrong = [
        line for one in drawn(strikes, visits, turn) for line in play(strikes, tmp_path, [one])
    ]
    assert not wrong, "\n".join(wrong)
