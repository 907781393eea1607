"""The runtime as an application uses it: a real receiver, real files."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest

import fql
from fql.app import Runtime
from fql.client import open_client
from fql.errors import (
    EventRefused,
    MissingSecrets,
    SettingsError,
    StoreFull,
    StoreLocked,
    UsageError,
)
from fql.intake.port import Arrival, Consumer, Place, PlainSource
from fql.plan.model import Plan
from fql.store.memory import MemoryStore
from fql.store.port import Lease, Store, Verdict
from fql.store.records import Mutations
from fql.testing import MockWebhookServer, Reply
from tests.app.plans import CHAIN, CHANGED, ONE, order, plan_of, settings_of


def runtime(
    server: MockWebhookServer,
    *,
    plan: Plan | None = None,
    store: str | Store = "memory:",
    **options: object,
) -> Runtime:
    options.setdefault("settings", settings_of())
    return Runtime(
        plan or plan_of(),
        store=store,
        environment={"RECEIVER": server.url},
        **options,  # type: ignore[arg-type]
    )


async def test_an_event_becomes_a_webhook(webhook_server: MockWebhookServer) -> None:
    async with runtime(webhook_server) as running:
        receipt = await running.emit("Order.insert", new=order(1))
        assert not receipt.duplicate
        ended = await running.wait(receipt, 30)
    assert ended.ended
    assert list(ended.states.values()) == ["done"]
    assert webhook_server.last_payload == {"id": "o1", "status": "new", "total": "100.50"}
    assert webhook_server.requests[0].headers["fql-observer"] == "placed"


async def test_an_event_that_no_observer_wants_ends_at_once(
    webhook_server: MockWebhookServer,
) -> None:
    async with runtime(webhook_server) as running:
        receipt = await running.emit("Order.insert", new=order(1, total="5"))
        assert receipt.ended
        await running.until_idle(30)
    assert webhook_server.call_count == 0


async def test_a_repeated_key_is_acknowledged(webhook_server: MockWebhookServer) -> None:
    async with runtime(webhook_server) as running:
        first = await running.emit("Order.insert", new=order(1), key="k")
        again = await running.emit("Order.insert", new=order(1), key="k")
        summary = await running.until_idle(30)
    assert (again.id, again.duplicate) == (first.id, True)
    assert (summary.events, summary.duplicates, summary.runs) == (1, 1, 1)
    assert webhook_server.call_count == 1


async def test_a_misfit_raises_and_remembers_no_key(webhook_server: MockWebhookServer) -> None:
    async with runtime(webhook_server) as running:
        with pytest.raises(EventRefused, match="total"):
            await running.emit("Order.insert", new=order(1, total="many"), key="k")
        assert not (await running.emit("Order.insert", new=order(1), key="k")).duplicate
        with pytest.raises(UsageError, match="'Order' is not an event"):
            await running.emit("Order", new=order(1))
        with pytest.raises(UsageError, match="None is not an event"):
            await running.emit(None, new=order(1))  # type: ignore[arg-type]
        with pytest.raises(EventRefused, match="context"):
            await running.emit("Order.insert", new=order(1), context=5)  # type: ignore[arg-type]


async def test_many_emits_share_commits(webhook_server: MockWebhookServer, tmp_path: Path) -> None:
    """A hundred callers at once take a few commits, not a hundred."""
    commits: list[object] = []

    def listen(event: object) -> None:
        if type(event).__name__ == "CycleCommitted" and event.events:  # type: ignore[attr-defined]
            commits.append(event)

    store = f"sqlite:///{tmp_path}/s.db"
    async with runtime(webhook_server, store=store, listeners=[listen]) as running:
        await asyncio.gather(*(running.emit("Order.insert", new=order(n)) for n in range(100)))
        await running.until_idle(20)
    assert len(commits) <= 10
    assert webhook_server.call_count == 100


async def test_synchronous_dispatch_returns_when_the_runs_have_ended(
    webhook_server: MockWebhookServer,
) -> None:
    settings = settings_of("[webhooks.dispatch]\nasync = false\n")
    async with runtime(webhook_server, settings=settings) as running:
        receipt = await running.emit("Order.insert", new=order(1))
    assert receipt.ended
    assert webhook_server.call_count == 1


async def test_synchronous_dispatch_gives_up_waiting_and_goes_on(
    webhook_server: MockWebhookServer,
) -> None:
    webhook_server.always(Reply(200, delay=0.4))
    settings = settings_of('[webhooks.dispatch]\nasync = false\ntimeout = "50ms"\n')
    async with runtime(webhook_server, settings=settings) as running:
        receipt = await running.emit("Order.insert", new=order(1))
        assert not receipt.ended
        summary = await running.until_idle(30)
    assert summary.done == 1


async def test_a_dead_letter_is_replayed_and_the_chain_goes_on(
    webhook_server: MockWebhookServer,
) -> None:
    webhook_server.reply(503)
    async with runtime(webhook_server, plan=plan_of(CHAIN)) as running:
        await running.emit("Order.insert", new=order(1))
        summary = await running.until_idle(30)
        assert summary.dead == 1
        [letter] = await running.client.dead_letters()
        assert (letter.error_class, letter.attempts[0].status) == ("exhausted", 503)
        assert letter.request is not None
        assert letter.request["body"] == {"id": "o1"}
        assert webhook_server.url not in str(letter.request), "the address is a secret here"
        [replayed] = await running.replay(letter.dlq_id)
        assert not replayed.skipped
        await running.until_idle(30)
        assert await running.client.dead_letters() == []
    paths = [request.path for request in webhook_server.requests]
    assert paths == ["/reserve", "/reserve", "/label"]
    first, second = webhook_server.requests[:2]
    assert (first.key, first.attempt) == (second.key, second.attempt - 1)


async def test_work_is_stored_and_goes_on_in_the_next_process(
    webhook_server: MockWebhookServer, tmp_path: Path
) -> None:
    webhook_server.reply(Reply(503, headers={"Retry-After": "1"}))
    store = f"sqlite:///{tmp_path}/s.db"
    async with runtime(webhook_server, store=store) as running:
        await running.emit("Order.insert", new=order(1))
        assert await webhook_server.arrived(1)
    async with runtime(webhook_server, store=store) as running:
        await running.until_idle(30)
    assert [request.attempt for request in webhook_server.requests] == [1, 2]
    assert len({request.key for request in webhook_server.requests}) == 1


async def test_leaving_lets_what_is_on_the_wire_end(webhook_server: MockWebhookServer) -> None:
    webhook_server.always(Reply(200, delay=0.3))
    store = MemoryStore()
    async with runtime(webhook_server, store=store) as running:
        await running.emit("Order.insert", new=order(1))
        assert await webhook_server.arrived(1)
    assert running.status().done == 1
    async with runtime(webhook_server, store=store) as running:
        await running.until_idle(30)
    assert webhook_server.call_count == 1


async def test_reload_switches_at_a_commit_and_runs_finish_on_their_plan(
    webhook_server: MockWebhookServer,
) -> None:
    webhook_server.reply(503, 503)
    other = ONE.replace('"/orders"', '"/v2"')
    async with runtime(webhook_server) as running:
        await running.emit("Order.insert", new=order(1))
        assert await webhook_server.arrived(1)
        await running.reload(plan_of(other))
        await running.emit("Order.insert", new=order(2))
        await running.until_idle(30)
    by_path = {(request.path, request.payload["id"]) for request in webhook_server.requests}  # type: ignore[index]
    assert by_path == {("/orders", "o1"), ("/v2", "o2")}


async def test_missing_secrets_are_named_before_anything_runs(tmp_path: Path) -> None:
    with pytest.raises(MissingSecrets, match=r"RECEIVER \(used by .*shop"):
        async with Runtime(plan_of(), store=f"sqlite:///{tmp_path}/s.db", environment={}):
            pass
    assert not (tmp_path / "s.db").exists()


async def test_a_second_runtime_hands_its_events_over_and_takes_over(
    webhook_server: MockWebhookServer, tmp_path: Path
) -> None:
    store = f"sqlite:///{tmp_path}/s.db"
    first = runtime(webhook_server, store=store)
    await first.__aenter__()
    with pytest.raises(StoreLocked):
        async with runtime(webhook_server, store=store, takes_over=False):
            pass
    async with runtime(webhook_server, store=store) as second:
        receipt = await second.emit("Order.insert", new=order(1))
        assert receipt.id
        assert await webhook_server.arrived(1)
        await first.__aexit__(None, None, None)
        for _ in range(3000):
            if second._engine is not None:
                break
            await asyncio.sleep(0.01)
        await second.emit("Order.insert", new=order(2))
        await second.until_idle(30)
    assert sorted(request.payload["id"] for request in webhook_server.requests) == ["o1", "o2"]  # type: ignore[index]


async def test_a_client_works_beside_the_engine(
    webhook_server: MockWebhookServer, tmp_path: Path
) -> None:
    store = f"sqlite:///{tmp_path}/s.db"
    async with runtime(webhook_server, store=store) as running, open_client(store) as client:
        envelope = {"entity": "Order", "event": "insert", "new": order(1), "id": "evt-1"}
        await client.emit(envelope)
        await client.emit(envelope)
        with pytest.raises(EventRefused):
            await client.emit({"entity": "Order", "event": "insert", "new": {}})
        assert await webhook_server.arrived(1, 30)
        assert await client.wait_taken()
        await running.until_idle(30)
        [run] = await client.runs()
        assert (run.event_id, run.state) == ("evt-1", "done")
        assert run.nodes == ({"name": "tell", "state": "done", "attempts": 1},)
        story = (await client.trace("evt-1")).as_json()
        assert story["runs"][0]["attempts"][0]["status"] == 200  # type: ignore[index]
        await client.pause("shop")
        assert await client.wait_taken()
        await running.emit("Order.insert", new=order(2))
        await asyncio.sleep(0.1)
        assert webhook_server.call_count == 1
        await client.resume("shop")
        assert await webhook_server.arrived(2, 30)


async def test_a_client_without_an_engine_is_heard_by_the_next(
    webhook_server: MockWebhookServer, tmp_path: Path
) -> None:
    store = f"sqlite:///{tmp_path}/s.db"
    async with open_client(store) as client:
        await client.emit({"entity": "Order", "event": "insert", "new": order(1)})
    async with runtime(webhook_server, store=store) as running:
        await running.until_idle(30)
    assert webhook_server.call_count == 1


class ListSource(PlainSource):
    """Arrivals from a list; what is not done is given again."""

    name = "list"
    ended = False

    def __init__(self, arrivals: Sequence[Arrival], *, old: bool = True) -> None:
        self.incarnation = "list-1"
        self.supplies_old: bool = old
        self.left = list(arrivals)
        self.forgets_done = False

    async def open(self, plan: Plan, consumer: Consumer) -> None:
        self.ended = not self.left

    async def fetch(self, limit: int) -> list[Arrival]:
        return self.left[:limit]

    async def done(self, arrivals: Sequence[Arrival]) -> None:
        self.left = [one for one in self.left if one not in arrivals]
        self.ended = not self.left

    async def wait(self, timeout: float) -> None:
        await asyncio.sleep(0.01)

    async def close(self) -> None:
        pass


def arrivals(*numbers: int, rows: bool = False) -> list[Arrival]:
    return [
        Arrival(
            {"entity": "Order", "event": "insert", "new": order(n)},
            str(n),
            Place(b"id%d" % n, "outbox-1", n) if rows else None,
        )
        for n in numbers
    ]


@pytest.mark.parametrize("rows", [True, False])
async def test_positions_that_come_again_after_a_crash_are_dropped(
    webhook_server: MockWebhookServer, rows: bool
) -> None:
    """The source could not forget them; the store knows them."""
    store = MemoryStore()
    for numbers in ((1, 2), (1, 2, 3)):
        source = ListSource(arrivals(*numbers, rows=rows))
        async with runtime(webhook_server, store=store, sources=[source]) as running:
            await running.until_idle(30)
        assert source.left == []
    sent = [request.payload["id"] for request in webhook_server.requests]  # type: ignore[index]
    assert sorted(sent) == ["o1", "o2", "o3"]


async def test_a_misfit_becomes_a_capture_letter_and_the_source_goes_on(
    webhook_server: MockWebhookServer,
) -> None:
    bad = Arrival({"entity": "Order", "event": "insert", "new": {"id": "x"}}, "1")
    unreadable = Arrival({"line": "{"}, "2", None, "line 2 is not JSON")
    unknown = Arrival({"entity": "Planet", "event": "insert", "new": {}}, "3")
    source = ListSource([bad, unreadable, unknown, *arrivals(4)])
    async with runtime(webhook_server, sources=[source]) as running:
        summary = await running.until_idle(30)
        letters = await running.client.dead_letters(filter={"class": "capture"})
    assert (summary.events, summary.refused, summary.unknown) == (1, 2, 1)
    assert {letter.reason for letter in letters} >= {"line 2 is not JSON"}
    assert any(letter.envelope == bad.envelope for letter in letters)


async def test_a_capture_letter_is_replayed_against_the_active_plan(
    webhook_server: MockWebhookServer,
) -> None:
    """A field that the plan wanted and no longer wants: the replay fits, and is delivered."""
    bad = Arrival({"entity": "Order", "event": "insert", "new": {"id": "x", "total": "50"}}, "1")
    source = ListSource([bad])
    async with runtime(webhook_server, sources=[source]) as running:
        await running.until_idle(30)
        await running.replay(filter={"class": "capture"})
        await running.until_idle(30)
        assert len(await running.client.dead_letters()) == 1, "it still does not fit"
        entity = "entity Order { id: ID @key status: String? total: Decimal }\n"
        entity += 'endpoint shop { url: "${RECEIVER}" }\n'
        await running.reload(plan_of(ONE, entity=entity))
        await running.replay(filter={"class": "capture"})
        await running.until_idle(30)
        assert await running.client.dead_letters() == []
    assert webhook_server.last_payload == {"id": "x", "status": None, "total": "50"}


async def test_a_source_without_the_old_values_needed_is_refused(
    webhook_server: MockWebhookServer,
) -> None:
    source = ListSource([], old=False)
    with pytest.raises(SettingsError, match=r"FQL223.*shipped.*Order.*status"):
        async with runtime(webhook_server, plan=plan_of(CHANGED), sources=[source]):
            pass


class FullStore(MemoryStore):
    """A disk that fills up and is cleared again."""

    full = False

    async def commit(self, lease: Lease, mutations: Mutations) -> Verdict:
        if self.full:
            raise StoreFull("no space is left for the store")
        return await super().commit(lease, mutations)


async def test_a_full_disk_refuses_events_and_work_resumes_by_itself(
    webhook_server: MockWebhookServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fql.engine.loop.session.TROUBLE_PAUSE", 0.02)
    webhook_server.always(Reply(200, delay=0.1))
    store = FullStore()
    async with runtime(webhook_server, store=store) as running:
        first = await running.emit("Order.insert", new=order(1))
        assert await webhook_server.arrived(1)
        store.full = True
        with pytest.raises(StoreFull):
            await running.emit("Order.insert", new=order(2))
        await asyncio.sleep(0.3)
        store.full = False
        await running.emit("Order.insert", new=order(3))
        assert (await running.wait(first, 30)).ended
        summary = await running.until_idle(30)
    assert (summary.events, summary.runs, summary.done) == (2, 2, 2), (
        "what was refused is not in it"
    )
    sent = [request.payload["id"] for request in webhook_server.requests]  # type: ignore[index]
    assert sorted(sent) == ["o1", "o3"], "the outcome of o1 was kept, o2 was never stored"


async def test_an_engine_that_lost_its_lease_starts_anew(
    webhook_server: MockWebhookServer,
) -> None:
    store = MemoryStore()
    async with runtime(webhook_server, store=store) as running:
        await running.emit("Order.insert", new=order(1))
        await running.until_idle(30)
        store.fence()
        with pytest.raises(fql.StoreError, match="fenced"):
            await running.emit("Order.insert", new=order(2))
        await running.emit("Order.insert", new=order(3))
        await running.until_idle(30)
    assert sorted(request.payload["id"] for request in webhook_server.requests) == ["o1", "o3"]  # type: ignore[index]


async def test_emit_waits_while_too_much_is_uncommitted(
    webhook_server: MockWebhookServer,
) -> None:
    settings = settings_of("[webhooks.dispatch]\nmax_queue_size = 5\n")
    async with runtime(webhook_server, settings=settings) as running:
        emits = [asyncio.create_task(running.emit("Order.insert", new=order(n))) for n in range(40)]
        peak = 0
        while not all(emit.done() for emit in emits):
            await asyncio.sleep(0)
            peak = max(peak, running.engine._uncommitted)
        await running.until_idle(30)
    assert 0 < peak <= 5
    assert webhook_server.call_count == 40


def test_importing_fql_is_cheap() -> None:
    """No compiler, no heavy library, until something is used."""
    import subprocess
    import sys

    code = "import fql, sys; print(sorted(m for m in sys.modules if m.split('.')[0] in "
    code += "{'lark','networkx','graphviz','jinja2','pydantic','httpx','fqlc'}))"
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == "[]"
