"""Another engine has had the store meanwhile: what this one had in hand is not what is stored."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import pytest

from fql.errors import StoreError
from fql.exact.writing import json_text
from fql.intake.port import Arrival
from fql.store.choosing import RunFilter
from fql.store.memory import MemoryStore
from fql.store.port import Lease
from fql.store.records import Mutations
from fql.store.works import decode_works
from fql.testing import MockWebhookServer, Reply
from tests.app.plans import order
from tests.app.test_runtime import ListSource, arrivals, runtime
from tests.store.rows import event, run


class SlowSource(ListSource):
    """A read that has begun ends when it is told to."""

    def __init__(self) -> None:
        super().__init__([])
        self.go_on = asyncio.Event()
        self.go_on.set()
        self.reads = 0

    async def fetch(self, limit: int) -> list[Arrival]:
        found = await super().fetch(limit)
        self.reads += bool(found)
        await self.go_on.wait()
        return found

    async def done(self, given: object) -> None:
        self.left = []


@pytest.fixture(autouse=True)
def _hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fql.engine.loop.session.TROUBLE_PAUSE", 0.01)


async def test_rows_that_another_engine_took_meanwhile_are_not_taken_again(
    webhook_server: MockWebhookServer,
) -> None:
    """It took them, deleted them, and forgot them: only the source can tell."""
    store, source = MemoryStore(), SlowSource()
    async with runtime(webhook_server, store=store, sources=[source]) as running:
        source.go_on.clear()
        source.left = arrivals(1, 2, rows=True)
        while not source.reads:
            await asyncio.sleep(0.01)
        store.fence()
        source.left = []
        with suppress(StoreError):
            await running.emit("Order.insert", new=order(3))
        await running.emit("Order.insert", new=order(4))
        source.go_on.set()
        await running.until_idle(30)
    sent = [request.payload["id"] for request in webhook_server.requests]  # type: ignore[index]
    assert sent == ["o4"]


class Leased(MemoryStore):
    """Its leases have a time; they are renewed while `live`."""

    live = True

    async def acquire(self, holder: str) -> Lease:
        lease = Lease((await super().acquire(holder)).session, holder, 0.6)
        self._lease = lease
        return lease

    async def renew(self, lease: Lease) -> bool:
        if not self.live:
            raise StoreError("the server does not answer")
        return await super().renew(lease)


async def test_what_is_armed_waits_while_the_lease_may_be_over(
    webhook_server: MockWebhookServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process may sleep between a commit and the request: it asks before each."""
    ours = False
    monkeypatch.setattr("fql.engine.loop.session.Session.may_send", lambda _: ours)
    async with runtime(webhook_server, store=Leased()) as running:
        await running.emit("Order.insert", new=order(1))
        await asyncio.sleep(0.4)
        assert webhook_server.call_count == 0
        ours = True
        assert await webhook_server.arrived(1)


async def test_a_lease_is_renewed_while_nothing_is_committed(
    webhook_server: MockWebhookServer,
) -> None:
    store = Leased()
    async with runtime(webhook_server, store=store) as running:
        await asyncio.sleep(1.0)
        assert running.engine._session.may_send()
        store.live = False
        await asyncio.sleep(0.8)
        assert not running.engine._session.may_send()
        store.live = True
        await running.emit("Order.insert", new=order(1))
        assert await webhook_server.arrived(1)


async def test_an_engine_that_is_idle_learns_that_another_one_has_the_store(
    webhook_server: MockWebhookServer,
) -> None:
    """From its renewal; what it was about to send is the other one's."""
    store = Leased()
    webhook_server.always(Reply(200, delay=0.3))
    async with runtime(webhook_server, store=store) as running:
        first = running.engine.session
        store.fence()
        while running.engine.session == first:
            await asyncio.sleep(0.02)
        await running.emit("Order.insert", new=order(1))
        await running.until_idle(30)
    assert webhook_server.call_count == 1


async def test_the_crash_of_the_other_engine_counts(webhook_server: MockWebhookServer) -> None:
    """It took the store over, and died with work on the wire: that may be what killed it."""
    webhook_server.always(Reply(200, delay=0.5))
    store = MemoryStore()
    async with runtime(webhook_server, store=store) as running:
        store.fence()
        other = await store.acquire("other")
        number = other.session << 32
        armed = run(
            number + 1, number, plan=running.engine.program.short, observer="placed",
            lane="shop", works='[["a",1]]',
        )  # fmt: skip
        row = event(number, payload=json_text({"new": order(1), "old": None}))
        assert await store.commit(other, Mutations(events=[row], runs=[armed])) == "ok"
        await store.close()  # as the end of its process
        with suppress(StoreError):
            await running.emit("Order.insert", new=order(2))
        assert await webhook_server.arrived(1)
        [loaded] = await store.runs(RunFilter(ids=(armed.id,)))
        assert [work.crashes for work in decode_works(loaded.run.works)] == [1]
        await running.until_idle(30)
