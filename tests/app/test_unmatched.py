"""Events without a run are kept within a bound, and told with what happened to their row."""

from __future__ import annotations

from pathlib import Path

import pytest

from fql.engine.core.held.inputs import CoreSettings, Stranger
from fql.engine.core.history.unmatched import A_SECOND
from fql.errors import EventRefused, UsageError
from fql.store.choosing import UnmatchedFilter
from fql.store.memory import MemoryStore
from fql.store.sqlite.store import SqliteStore
from fql.testing import MockWebhookServer
from tests.app.plans import order, plan_of
from tests.app.test_runtime import runtime
from tests.engine.programs import observer, program
from tests.settings.test_effects import settings
from tests.simulation.world import World

PLAN = "observer never { on: Order.insert when: total > 9999 webhook tell { endpoint: shop } }"
BOTH = PLAN + " observer gone { on: Order.delete webhook tell_gone { endpoint: shop } }"


async def test_all_that_happened_to_a_row_is_told(
    webhook_server: MockWebhookServer, tmp_path: Path
) -> None:
    store = SqliteStore(tmp_path / "s.db")
    async with runtime(webhook_server, plan=plan_of(BOTH), store=store) as running:
        await running.emit("Order.insert", new=order(1), id="first")
        await running.emit("Order.insert", new=order(2), id="other")
        await running.emit("Order.delete", old=order(1), id="last")
        with pytest.raises(EventRefused):
            await running.emit("Parcel.insert", new={"id": 1})
        with pytest.raises(EventRefused):
            await running.emit("Order.insert", new={"id": "o1"})
        await running.until_idle(30)
        client = running.client
        found = await client.trace_row("Order o1")
        assert [one.id for one in found.unmatched] == ["first"]
        (matched,) = found.traces
        assert [run.observer for run in matched.runs] == ["gone"]
        assert (await client.runs(row="Order o1"))[0].row_key == "o1"
        kept = await client.unmatched()
        assert [one.result for one in kept] == ["refused", "unknown", "unmatched", "unmatched"]
        assert kept[1].entity == "Parcel" and kept[1].new is None
        assert kept[3].new is not None and kept[3].new["id"] == "o1"
        with pytest.raises(UsageError, match="no entity `Oder`"):
            await client.trace_row("Oder 1")


async def test_none_is_kept_with_keep_unmatched_of_0(webhook_server: MockWebhookServer) -> None:
    store, found = MemoryStore(), settings("[store]\nkeep_unmatched = 0\n")
    async with runtime(webhook_server, plan=plan_of(PLAN), store=store, settings=found) as running:
        await running.emit("Order.insert", new=order(1))
        await running.until_idle(30)
        assert await store.unmatched(UnmatchedFilter()) == []


def test_of_a_flood_a_hundred_a_second_are_kept_and_the_others_counted() -> None:
    w = World(program(observer("a")), 1, CoreSettings(), failure_rate=0.0)
    for _ in range(2):
        w.inputs.strangers += [Stranger("s", "Parcel", "unknown")] * (A_SECOND + 7)
        w.cycle()
        w.clock.advance(1000)
    rows = [(row.result, row.reason[:7]) for row in w.store.tables.unmatched.values()]
    assert rows.count(("unknown", "")) == 2 * A_SECOND
    assert rows.count(("unkept", "7 more ")) == 1, "that of the first second"
