"""An event whose handling raises again and again, at one call and for ever: it alone is given up.

The ladder of `fql.engine.core.held.aside` down to its last rung. When the call raises no more, what
was given up can be replayed.
"""

from __future__ import annotations

import asyncio
import random
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from fql.client import Client
from fql.engine.core.held.inputs import Misfit, NewEvent, Performed
from fql.engine.core.held.runs import Run, SealedBatch, Work
from fql.events.model import Event
from fql.expressions.scope import Scope
from fql.store.records import EventRow, LetterRow, Loaded
from tests.bulkheads.deliveries import HANGS, KINDS, delivered
from tests.bulkheads.shop import Shop, order, view_of
from tests.bulkheads.strikes import Strike, Strikes

pytestmark = [
    pytest.mark.timeout(900),
    pytest.mark.usefixtures("swift"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
VICTIM = "victim"


def is_victim(value: object) -> bool:
    """Whether a local variable is the victim, or something about it."""
    if isinstance(value, Work | Performed):
        owner = value.owner if isinstance(value, Work) else value.work.owner
        return is_victim(owner)
    if isinstance(value, Run | NewEvent):
        value = value.event
    if isinstance(value, SealedBatch):
        return any(map(is_victim, value.members))
    if isinstance(value, Loaded):
        value = value.event
    if isinstance(value, EventRow | LetterRow | Misfit):
        return value.event_id == VICTIM
    return isinstance(value, Event | Scope) and value.id == VICTIM


async def haunted(folder: Path, strikes: Strikes, place: str) -> list[str]:
    """The victim first, then others, all the while haunted; what went wrong."""
    async with Shop(folder, strikes, view_of(place, folder)) as shop:
        return await told(shop, strikes)


async def told(shop: Shop, strikes: Strikes) -> list[str]:
    wrong: list[str] = []
    strikes.watching = True
    async with shop.running() as runtime:
        try:
            await runtime.emit("Order.insert", new=order(VICTIM), id=VICTIM, key=VICTIM)
        except Exception:
            wrong += [] if strikes.haunted else ["the plain story raises"]
        await shop.settle(runtime, 0.2)
        wrong += [f"{path} before" for path in await delivered(shop, runtime, "e")]
    async with shop.running() as runtime:
        wrong += [f"{path} after" for path in await delivered(shop, runtime, "f")]
    strikes.watching = False
    if wrong or strikes.haunted is None:
        return wrong
    async with shop.running() as runtime:
        return await laid_to_rest(shop, runtime.client)


async def laid_to_rest(shop: Shop, client: Client) -> list[str]:
    """Haunted no more: dead letters are replayed, and then every run has come to its end."""
    runtime = shop.latest
    await shop.settle(runtime)
    for letter in await client.dead_letters():
        await client.replay(letter.dlq_id, force=True)
    await shop.settle(runtime)
    left = [f"open: {run}" for run in await shop.open_runs()]
    letters = await client.dead_letters()
    return left + [one.observer for one in letters if one.error_class == "internal"]


def play(strikes: Strikes, folder: Path, strike: Strike | None, place: str = "memory") -> list[str]:
    folder.mkdir()
    if strike is None:
        strikes.arm()
    else:
        strikes.haunt(strike, is_victim)
    try:
        wrong = asyncio.run(asyncio.wait_for(haunted(folder, strikes, place), HANGS))
    except TimeoutError:
        wrong = ["it hangs"]
    shutil.rmtree(folder)
    if strike is None or not wrong:
        return wrong
    return [f"{strikes.sites[strike.site]} ({strike.kind.__name__}): {wrong}"]


DOOR = "self._waiting.outcomes.append(performed)"
"""The one door by which outcomes come back. If it never opens for an outcome, no ladder helps: the
work stays on the wire until the next start, and those behind it in their queue wait as well."""


def drawn(strikes: Strikes, visits: Mapping[int, int], turn: int) -> Sequence[Strike]:
    found = [
        Strike(site, 0, KINDS[(number + turn) % len(KINDS)])
        for number, site in enumerate(sorted(visits))
        if strikes.sites[site].text != DOOR
    ]
    random.Random(turn).shuffle(found)
    return found


def plain(strikes: Strikes, tmp_path: Path) -> dict[int, int]:
    assert play(strikes, tmp_path / "plain", None) == []
    return dict(strikes.visits)


def play_all(strikes: Strikes, folder: Path, some: Sequence[Strike], place: str = "memory") -> None:
    wrong = [
        line for n, one in enumerate(some) for line in play(strikes, folder / str(n), one, place)
    ]
    assert not wrong, "\n".join(wrong)


def test_a_haunted_event_is_given_up_alone(strikes: Strikes, tmp_path: Path) -> None:
    play_all(strikes, tmp_path, drawn(strikes, plain(strikes, tmp_path), 0)[:40])


@pytest.mark.parametrize("count", [3, pytest.param(100, marks=pytest.mark.soak)])
def test_it_is_so_on_sqlite(strikes: Strikes, tmp_path: Path, count: int) -> None:
    play_all(strikes, tmp_path, drawn(strikes, plain(strikes, tmp_path), 3)[:count], "sqlite")


@pytest.mark.parametrize("count", [3, pytest.param(100, marks=pytest.mark.soak)])
def test_it_is_so_on_postgresql(
    strikes: Strikes, tmp_path: Path, postgresql_url: str, count: int
) -> None:
    some = drawn(strikes, plain(strikes, tmp_path), 4)[:count]
    play_all(strikes, tmp_path, some, postgresql_url)


@pytest.mark.soak
@pytest.mark.parametrize("turn", range(3))
def test_wherever_it_is_haunted(strikes: Strikes, tmp_path: Path, turn: int) -> None:
    play_all(strikes, tmp_path, drawn(strikes, plain(strikes, tmp_path), turn))
