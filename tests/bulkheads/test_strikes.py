"""Whatever call raises, one item ends and the others go on, also after a restart.

Not a list of places: every call is found in the sources, those that the story below comes past
are struck one by one, and after each strike new work of every observer must be delivered, by the
same engine and by the next one.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from fql.app import Runtime
from fql.client import Client
from tests.bulkheads.shop import Shop, order
from tests.bulkheads.strikes import Strikes, instrumented

PACKAGES = (
    "fql.engine.core", "fql.engine.loop", "fql.engine.process", "fql.actions", "fql.intake",
    "fql.events", "fql.expressions", "fql.exact", "fql.store.works", "fql.outbox.lookout",
    "fql.outbox.rows",
)  # fmt: skip
KINDS: tuple[type[Exception], ...] = (Exception, MemoryError, RecursionError)
PATHS = ("/label", "/rescue", "/many", "/one", "/again", "/gone")
"""What is sent for an order, besides `/tell/...`."""


async def story(shop: Shop, runtime: Runtime) -> None:
    """All kinds of work. Whatever is struck here may be given up, or be refused to its caller."""
    client = Client(shop.store)
    with suppress(Exception):
        await runtime.emit("Order.insert", new=order("a"), id="a", key="a")
    shop.insert("b1", "b2")
    for name in ("c", "d"):
        envelope = {"entity": "Order", "event": "insert", "new": dict(order(name)), "id": name}
        with suppress(Exception):
            await client.emit(envelope)
    with suppress(Exception):
        await runtime.emit("Order.insert", new={"id": 5}, id="misfit")
    await shop.settle(runtime, 0.3)
    with suppress(Exception):
        letters = await client.dead_letters(observer="given_up")
        await client.replay(letters[:1])
        await client.discard([letter.dlq_id for letter in letters[1:2]])
        await client.pause("shop")
        await client.resume("shop")
        found = await client.runs(observer="rescued")
        await client.cancel(run=found[0].run)
        await client.resend(found[1].run, action="rescue")
    await shop.settle(runtime, 0.3)


async def delivered(shop: Shop, runtime: Runtime, name: str) -> list[str]:
    """What is missing of new work of every observer and of the source."""
    await resumed(shop, runtime)
    visit = f"{name}-visit"
    shop.insert(visit)
    await runtime.emit("Order.insert", new=order(name), id=name)
    await runtime.emit("Order.insert", new=order(f"{name}2"), id=f"{name}2")
    calm = await shop.settle(runtime)
    has = shop.receiver.has
    missing = [path for path in PATHS if not has(path, name)]
    missing += [] if has(f"/tell/{name}", name) else ["/tell"]
    missing += [] if has("/greet", visit) else ["/greet"]
    return missing if calm else [*missing, "calm"]


async def resumed(shop: Shop, runtime: Runtime) -> None:
    """The command that would have gone on may be the item that was given up."""
    if runtime.engine.state.paused:
        await Client(shop.store).resume("shop")
        await shop.settle(runtime)


async def struck(folder: Path, strikes: Strikes) -> list[str]:
    """The whole story, with a strike in it; what went wrong."""
    shop = Shop(folder, strikes)
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
    for name in {row.event_id for row in shop.store._events.values() if row.entity == "Order"}:
        seen = {run.split()[0] for run in ends.get(name, [])}
        found += [f"{kind} of {name}" for kind in sorted(kinds - seen)]
    return found


@pytest.fixture(scope="module")
def strikes() -> Iterator[Strikes]:
    with instrumented(*PACKAGES) as found:
        yield found


@pytest.fixture(autouse=True)
def _swift(monkeypatch: pytest.MonkeyPatch) -> None:
    for pause in ("engine.loop.session.TROUBLE_PAUSE", "engine.process.keeping.PAUSE",
                  "engine.process.feeds.TROUBLE_PAUSE", "engine.process.inbox.LONGEST_WAIT"):  # fmt: skip
        monkeypatch.setattr(f"fql.{pause}", 0.003)
    logging.getLogger("fql").setLevel(logging.CRITICAL)


def visited(strikes: Strikes, folder: Path) -> dict[int, int]:
    """The sites that the story comes past, and how often."""
    strikes.arm(-1, 0, Exception)
    assert asyncio.run(struck(folder, strikes)) == []
    return dict(strikes.visits)


def chosen(
    strikes: Strikes, tmp_path: Path, part: int, parts: int, rounds: int
) -> list[tuple[int, int, type[Exception]]]:
    folder = tmp_path / "plain"
    folder.mkdir()
    visits = visited(strikes, folder)
    assert len(visits) > 500, "the story must come past most of the engine"
    drawn = random.Random(part)
    plans = []
    for number, (site, count) in enumerate(sorted(visits.items())):
        for turn in range(rounds):
            if (number + turn) % parts == part:
                kind = KINDS[(number + turn) % len(KINDS)]
                plans.append((site, drawn.randint(1, count), kind))
    return plans


def play(strikes: Strikes, tmp_path: Path, plans: list[tuple[int, int, type[Exception]]]) -> None:
    wrong = {}
    for number, (site, visit, kind) in enumerate(plans):
        folder = tmp_path / str(number)
        folder.mkdir()
        strikes.arm(site, visit, kind)
        found = asyncio.run(struck(folder, strikes))
        if found:
            wrong[f"{strikes.sites[site]} (visit {visit}, {kind.__name__})"] = found
    assert not wrong, "\n".join(f"{site}: {found}" for site, found in wrong.items())


@pytest.mark.parametrize("part", range(4))
def test_a_strike_at_any_call_ends_one_item(strikes: Strikes, tmp_path: Path, part: int) -> None:
    play(strikes, tmp_path, chosen(strikes, tmp_path, part, 4, 1))
