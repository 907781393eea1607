"""Events handed in from outside: together, all or none, by the plan that is active now."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from click.testing import CliRunner

from fql.app import Runtime
from fql.cli.stored.emit import emit
from fql.client import Client, open_client
from fql.engine.process.receipts import Receipt
from fql.errors import EventRefused, StoreFull, UsageError
from fql.plan.model import Plan
from fql.store.memory import MemoryStore
from fql.store.port import Lease, Verdict
from fql.store.records import Mutations, StoredPlan
from tests.app.plans import ENTITY, ONE, order, plan_of


class Counting(MemoryStore):
    """Counts how often plans are read, and how much each commit holds."""

    def __init__(self) -> None:
        super().__init__()
        self.plans_read = 0
        self.commits: list[int] = []
        self.full = False

    async def plans(self) -> tuple[list[StoredPlan], str | None]:
        self.plans_read += 1
        return await super().plans()

    async def append(
        self, commands: Sequence[tuple[str, bytes]], now: int, by: str = ""
    ) -> list[int]:
        await asyncio.sleep(0)
        if self.full:
            raise StoreFull("there is no room")
        self.commits.append(len(commands))
        return await super().append(commands, now, by)


def envelope(number: int = 1, **new: object) -> dict[str, object]:
    return {"entity": "Order", "event": "insert", "new": {**order(number), **new}}


async def store_with(plan: Plan) -> Counting:
    """A store in which an engine has had this plan."""
    store = Counting()
    async with Runtime(plan, store=store, environment={"RECEIVER": "http://127.0.0.1:9"}):
        pass
    store.plans_read = 0
    return store


class Held(MemoryStore):
    """Commits of an engine wait until they may go on."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = asyncio.Event()
        self.gate.set()

    async def commit(self, lease: Lease, mutations: Mutations) -> Verdict:
        await self.gate.wait()
        return await super().commit(lease, mutations)


async def test_nobody_is_told_before_the_commit() -> None:
    store = Held()
    async with Runtime(plan_of(ONE), store=store, environment={"RECEIVER": "http://[::1]:9"}) as it:
        await it.until_idle(5)
        store.gate.clear()
        told = asyncio.create_task(it.emit("Order.insert", new=order(1)))
        await asyncio.sleep(0.1)
        assert not told.done()
        store.gate.set()
        assert (await told).runs


async def test_many_in_flight_share_a_commit_and_the_plan_is_read_once() -> None:
    store = await store_with(plan_of())
    client = Client(store)
    receipts = await asyncio.gather(*(client.emit(envelope(n)) for n in range(500)))
    assert len({receipt.id for receipt in receipts}) == 500
    await client.emit(envelope())
    assert sum(store.commits) == 501
    assert len(store.commits) <= 4
    assert store.plans_read == 1


async def test_another_plan_is_asked_from_the_next_event_on() -> None:
    store = await store_with(plan_of())
    client = Client(store)
    await client.emit(envelope())
    with pytest.raises(EventRefused, match="total"):
        await client.emit(envelope(total="much"))
    entity = ENTITY.replace("total: Decimal", "total: String")
    anything = ONE.replace("  when: total > 10\n", "")
    async with Runtime(
        plan_of(anything, entity=entity),
        store=store,
        environment={"RECEIVER": "http://127.0.0.1:9"},
    ):
        pass
    await client.emit(envelope(total="much"))


async def test_what_is_refused_or_given_up_ends_nobody_elses_event() -> None:
    store = await store_with(plan_of())
    client = Client(store)
    given_up = asyncio.create_task(client.emit(envelope(1)))
    others = [asyncio.create_task(client.emit(envelope(n))) for n in (2, 3)]
    bad = asyncio.create_task(client.emit(envelope(4, total="much")))
    await asyncio.sleep(0)
    given_up.cancel()
    assert len({receipt.id for receipt in await asyncio.gather(*others)}) == 2
    with pytest.raises(EventRefused):
        await bad


async def test_a_full_store_is_told_to_all_that_wait_and_the_next_are_taken() -> None:
    store = await store_with(plan_of())
    client = Client(store)
    store.full = True
    told = await asyncio.gather(
        *(client.emit(envelope(n)) for n in range(3)), return_exceptions=True
    )
    assert [type(one) for one in told] == [StoreFull] * 3
    store.full = False
    await client.emit(envelope())
    assert store.commits == [1]


async def test_several_are_handed_in_whole_or_not_at_all() -> None:
    store = await store_with(plan_of())
    client = Client(store)
    with pytest.raises(EventRefused, match="event 3: "):
        await client.emit_all([envelope(1), envelope(2), envelope(3, total="much")])
    assert store.commits == []
    assert len(await client.emit_all([envelope(n) for n in range(3)])) == 3
    assert await client.emit_all([]) == []


async def test_of_many_each_is_taken_or_refused_by_itself() -> None:
    store = await store_with(plan_of())
    client = Client(store)
    given = [envelope(1), envelope(2, total="much"), envelope(3), {}, envelope(4)]
    taken = await client.emit_many(iter(given))
    assert [isinstance(one, Receipt) for one in taken] == [True, False, True, False, True]
    assert "total" in str(taken[1]) and "entity" in str(taken[3])
    assert store.commits == [3]
    assert await client.emit_many([]) == []
    with pytest.raises(UsageError, match="a single event"):
        await client.emit_many(envelope(1))  # type: ignore[arg-type]


def test_a_file_with_a_misfit_leaves_nothing_in_the_store(tmp_path: Path) -> None:
    store = f"sqlite:///{tmp_path}/fql.db"

    async def once() -> None:
        async with Runtime(plan_of(), store=store, environment={"RECEIVER": "http://127.0.0.1:9"}):
            pass

    asyncio.run(once())
    lines = tmp_path / "events.jsonl"
    lines.write_text(
        "".join(json.dumps(each) + "\n" for each in (envelope(), envelope(2, total=[])))
    )
    refused = CliRunner().invoke(emit, [str(lines), "--store", store]).exception
    assert isinstance(refused, EventRefused)
    assert str(refused).startswith("event 2: ")
    assert refused.hint.startswith("nothing was stored; ")

    async def stored() -> int:
        async with open_client(store) as client:
            return (await client.counts()).inbox

    assert asyncio.run(stored()) == 0
