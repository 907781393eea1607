"""Every series is scraped from a real port and moves as the receiver's ledger says."""

from __future__ import annotations

import asyncio
import itertools
import random
import threading
from collections import Counter
from pathlib import Path

import pytest
from prometheus_client import generate_latest

from fql.app import Runtime
from fql.engine.loop import session
from fql.errors import EventRefused, StoreError
from fql.intake.json_lines import JsonLines
from fql.observe.events import AttemptEnded, RunFinished
from fql.observe.series.exposition import Exposition
from fql.observe.series.gauges import Gauges
from fql.observe.series.metrics import Metrics
from fql.store.memory import MemoryStore
from fql.store.port import Lease, Verdict
from fql.store.records import Mutations
from fql.testing import MockWebhookServer, Reply
from fql.testing.received import ReceivedRequest
from tests.observe import support
from tests.observe.support import SOURCE, order, parsed, runtime, scrape, sqlite


async def test_attempts_equal_the_ledger(webhook_server: MockWebhookServer) -> None:
    """Total, retries, failures by reason and durations by status: as the receiver counted."""
    webhook_server.reply(503, 200, 404, Reply(fault="garbage"), 500)
    async with runtime(webhook_server) as running:
        before = await scrape(running)
        for number in range(8):
            await running.emit("Order.insert", new=order(number))
        await running.emit("Order.update", old=order(1), new=order(1, status="x"))
        await running.until_idle(30)
        after = await scrape(running)

    ledger = Counter(request.headers["fql-observer"] for request in webhook_server.requests)
    retries = sum(request.attempt > 1 for request in webhook_server.requests)
    assert before.value("fql_webhook_total") == 0
    for observer in ("placed", "changed"):
        assert after.value("fql_webhook_total", observer=observer) == ledger[observer]
        durations = after.value("fql_webhook_duration_seconds_count", observer=observer)
        assert durations == ledger[observer]
    assert after.value("fql_webhook_retries_total") == retries == 3
    for reason in ("503", "404", "500", "protocol"):
        assert after.value("fql_webhook_failures_total", reason=reason) == 1
    assert after.value("fql_webhook_failures_total") == 4
    assert after.value("fql_webhook_duration_seconds_count", status="404") == 1
    assert after.value("fql_webhook_duration_seconds_count", status="error") == 1
    assert after.value("fql_webhook_duration_seconds_sum") > 0
    assert after.value("fql_runs_total", observer="placed", state="done") == 7
    assert after.value("fql_runs_total", observer="placed", state="dead") == 1


async def test_dead_letters_are_counted_and_leave_with_their_replay(
    webhook_server: MockWebhookServer, tmp_path: Path
) -> None:
    """`dlq_size` goes up with a dead letter and down again when its replay succeeds."""
    webhook_server.reply(404, 404)
    async with runtime(webhook_server, store=sqlite(tmp_path)) as running:
        for number in range(3):
            await running.emit("Order.insert", new=order(number))
        await running.until_idle(30)
        full = await scrape(running)
        await running.replay(filter={"observer": "placed"})
        await running.until_idle(30)
        empty = await scrape(running)
    assert full.value("fql_dlq_size", observer="placed") == 2
    assert full.value("fql_dlq_size", observer="changed") == 0
    assert full.value("fql_dead_letters_total", observer="placed", **{"class": "permanent"}) == 2
    assert empty.value("fql_dlq_size", observer="placed") == 0
    assert empty.value("fql_dead_letters_total", observer="placed") == 2


async def test_events_by_source_and_what_became_of_them(
    webhook_server: MockWebhookServer, tmp_path: Path
) -> None:
    lines = tmp_path / "events.jsonl"
    lines.write_text(
        '{"entity": "Order", "event": "insert", "id": "a", "new": {"id": "1", "status": "n",'
        ' "total": "1"}}\n'
        * 2
        + '{"entity": "Order", "event": "insert", "id": "b", "new": {"id": "2"}}\n'
        + '{"entity": "Unknown", "event": "insert", "new": {}}\n'
    )
    source = JsonLines(str(lines))
    async with runtime(webhook_server, sources=[source]) as running:
        await running.until_idle(30)
        await running.emit("Order.insert", new=order(1), key="k")
        await running.emit("Order.insert", new=order(1), key="k")
        with pytest.raises(EventRefused):
            await running.emit("Order.insert", new={"id": "x"})
        await running.client.emit({"entity": "Order", "event": "insert", "new": order(5)})
        await asyncio.sleep(0.2)
        await running.until_idle(30)
        seen = await scrape(running)

    def of(name: str) -> dict[str, float]:
        results = ("accepted", "duplicate", "refused", "unknown")
        return {r: seen.value("fql_events_total", source=name, result=r) for r in results}

    assert of(str(lines)) == {"accepted": 1, "duplicate": 1, "refused": 1, "unknown": 1}
    assert of("emit") == {"accepted": 1, "duplicate": 1, "refused": 1, "unknown": 0}
    assert of("inbox") == {"accepted": 1, "duplicate": 0, "refused": 0, "unknown": 0}
    assert seen.value("fql_dlq_size", observer="(capture)") == 1


LIMITED = SOURCE.replace("circuit: { failures: 1000 }", "concurrency: 1")


async def test_backlog_gauges_go_up_and_down_again(
    webhook_server: MockWebhookServer, tmp_path: Path
) -> None:
    """While the receiver answers nothing: one request in flight, the others wait and grow old."""
    webhook_server.always(Reply(delay=0.5))
    async with runtime(webhook_server, text=LIMITED, store=sqlite(tmp_path)) as running:
        for number in range(3):
            await running.emit("Order.insert", new=order(number))
        await asyncio.sleep(0.3)
        busy = await scrape(running)
        webhook_server.always(200)
        await running.until_idle(30)
        calm = await scrape(running)
    assert busy.value("fql_in_flight", endpoint="shop") == 1
    assert busy.value("fql_endpoint_ready", endpoint="shop") == 2
    assert busy.value("fql_open_work", state="armed") == 1
    assert busy.value("fql_open_work", state="ready") == 2
    assert busy.value("fql_open_runs") == 3
    assert 0.1 < busy.value("fql_oldest_due_age_seconds") < 30
    assert busy.value("fql_limiter_waits_total", endpoint="shop", limit="concurrency") == 1
    for name in ("in_flight", "endpoint_ready", "open_work", "open_runs", "oldest_due_age_seconds"):
        assert calm.value(f"fql_{name}") == 0, name


async def test_scheduled_and_buffered_work_is_told_apart(webhook_server: MockWebhookServer) -> None:
    text = (
        SOURCE.replace("initial_delay: 20ms", "initial_delay: 900ms")
        + """
observer many {
  on: Order.delete
  webhook list {
    endpoint: shop  path: "/many"  batch: { size: 10, timeout: 20s }  body: { all: each { id } }
  }
}
"""
    )
    webhook_server.reply(503)
    async with runtime(webhook_server, text=text) as running:
        await running.emit("Order.insert", new=order(1))
        await running.emit("Order.delete", old=order(2))
        await webhook_server.arrived(1)
        await asyncio.sleep(0.1)
        seen = await scrape(running)
    assert seen.value("fql_open_work", state="scheduled") == 1
    assert seen.value("fql_open_work", state="buffered") == 1
    assert seen.value("fql_oldest_due_age_seconds") == 0  # both wait for a time, not for room


async def test_second_action_waits_behind_the_first(webhook_server: MockWebhookServer) -> None:
    webhook_server.always(Reply(delay=0.3))
    async with runtime(webhook_server) as running:
        await running.emit("Order.update", old=order(1), new=order(1, status="x"))
        await webhook_server.arrived(1)
        seen = await scrape(running)
        await running.until_idle(30)
    assert seen.value("fql_open_work", state="waiting") == 1
    assert seen.value("fql_open_work", state="armed") == 1


async def test_circuit_opens_and_closes(webhook_server: MockWebhookServer) -> None:
    text = SOURCE.replace("failures: 1000", "failures: 2, open_for: 300ms")
    webhook_server.reply(503, 503)
    async with runtime(webhook_server, text=text) as running:
        before = await scrape(running)
        for number in (1, 2):
            await running.emit("Order.insert", new=order(number))
        await webhook_server.arrived(2)
        await asyncio.sleep(0.1)
        during = await scrape(running)
        await running.until_idle(30)
        after = await scrape(running)
    states = [
        {s: seen.value("fql_circuit_state", endpoint="shop", state=s) for s in ("closed", "open")}
        for seen in (before, during, after)
    ]
    closed, opened = {"closed": 1, "open": 0}, {"closed": 0, "open": 1}
    assert states == [closed, opened, closed]
    assert after.value("fql_limiter_waits_total", limit="circuit") == 2, (
        "until it may, and for a probe"
    )


async def test_rate_limit_and_retry_after_are_counted_as_waits(
    webhook_server: MockWebhookServer,
) -> None:
    text = SOURCE.replace(
        "circuit: { failures: 1000 }", "rate_limit: { max_per_second: 10, burst: 1 }"
    )
    webhook_server.reply(Reply(status=429, headers={"Retry-After": "1"}))
    async with runtime(webhook_server, text=text) as running:
        for number in range(3):
            await running.emit("Order.insert", new=order(number))
        await running.until_idle(30)
        seen = await scrape(running)
    assert seen.value("fql_limiter_waits_total", limit="rate") >= 1
    assert seen.value("fql_limiter_waits_total", limit="retry_after") >= 1


async def test_paused_names_are_shown_while_they_are_paused(
    webhook_server: MockWebhookServer,
) -> None:
    async with runtime(webhook_server) as running:
        await running.client.pause("shop")
        await running.client.pause("changed")
        await asyncio.sleep(0.2)
        await running.emit("Order.insert", new=order(1))
        await asyncio.sleep(0.1)
        paused = await scrape(running)
        await running.client.resume("shop")
        await running.client.resume("changed")
        await asyncio.sleep(0.2)
        await running.until_idle(30)
        resumed = await scrape(running)
    assert paused.value("fql_paused", name="shop") == 1
    assert paused.value("fql_paused", name="changed") == 1
    assert paused.value("fql_endpoint_ready", endpoint="shop") == 1
    assert "fql_paused" not in resumed.names()


async def test_commits_and_store(webhook_server: MockWebhookServer, tmp_path: Path) -> None:
    """Many emits at once share a commit, and the file grows."""
    async with runtime(webhook_server, store=sqlite(tmp_path)) as running:
        before = await scrape(running)
        await asyncio.gather(*(running.emit("Order.insert", new=order(n)) for n in range(200)))
        await running.until_idle(30)
        after = await scrape(running)
    commits = after.value("fql_commit_seconds_count")
    assert commits > before.value("fql_commit_seconds_count")
    assert after.value("fql_commit_seconds_sum") > 0
    assert after.value("fql_commit_group_size_sum") == 400  # an event and an attempt each
    assert after.value("fql_commit_group_size_count") == commits < 300
    assert after.value("fql_store_bytes") > before.value("fql_store_bytes") > 0
    assert after.value("fql_store_max_bytes") == 10_000_000_000
    assert after.value("fql_store_errors_total") == 0
    assert after.value("fql_engine") == 1


class Slow(MemoryStore):
    """A store whose commits wait while it is shut."""

    def __init__(self) -> None:
        super().__init__()
        self.way = asyncio.Event()
        self.way.set()

    async def commit(self, lease: Lease, mutations: Mutations) -> Verdict:
        await self.way.wait()
        return await super().commit(lease, mutations)


async def test_what_waits_for_a_commit(webhook_server: MockWebhookServer) -> None:
    """Emits and entries of other processes are seen while they wait, and gone afterwards."""
    store = Slow()
    async with runtime(webhook_server, store=store) as running:
        store.way.clear()
        emits = [asyncio.create_task(running.emit("Order.insert", new=order(n))) for n in range(50)]
        await running.client.emit({"entity": "Order", "event": "insert", "new": order(60)})
        await asyncio.sleep(0.2)
        waiting = await scrape(running)
        store.way.set()
        await asyncio.gather(*emits)
        await running.until_idle(30)
        after = await scrape(running)
    assert waiting.value("fql_emit_queue") == 51
    assert waiting.value("fql_inbox") == 1
    assert after.value("fql_emit_queue") == after.value("fql_inbox") == 0
    assert webhook_server.call_count == 51


async def test_client_of_a_store_shows_what_the_store_holds(
    webhook_server: MockWebhookServer, tmp_path: Path
) -> None:
    """A process that is not the engine says so, and still shows dead letters."""
    webhook_server.reply(404)
    url = sqlite(tmp_path)
    async with runtime(webhook_server, store=url) as engine:
        await engine.emit("Order.insert", new=order(1))
        await engine.until_idle(30)
        async with runtime(webhook_server, store=url) as client:
            seen = await scrape(client)
            assert await support.page(client, "/ready") == (200, {"ready": True})
    assert seen.value("fql_engine") == 0
    assert seen.value("fql_dlq_size", observer="placed") == 1


def test_scrapes_while_series_appear() -> None:
    """A scrape is written on a thread while the engine counts; neither disturbs the other."""
    metrics = Metrics()
    stop = threading.Event()

    def count() -> None:
        for number in itertools.count():
            if stop.wait(0.0001):
                return
            metrics(RunFinished(f"o{number}", "run_1", "done"))

    counting = threading.Thread(target=count)
    counting.start()
    try:
        while len(metrics.observers) < 200:
            page = generate_latest(Exposition(metrics, Gauges(), "fql")).decode()
    finally:
        stop.set()
        counting.join()
    assert parsed(page).value("fql_runs_total") > 10


def test_invented_statuses_share_one_series() -> None:
    """A receiver cannot make series at will."""
    metrics = Metrics()
    for status in range(100, 600):
        metrics(AttemptEnded("o", "a", "e", "r", 1, status, None, 1, "done"))
    seen = parsed(generate_latest(Exposition(metrics, Gauges(), "fql")).decode())
    statuses = {s.labels["status"] for s in seen.samples if "status" in s.labels}
    assert {"200", "404", "4xx", "5xx"} <= statuses
    assert len(statuses) < 70
    assert seen.value("fql_webhook_duration_seconds_count", status="4xx") > 50


class Moody:
    """A receiver that fails at times, and keeps what it answered to each attempt."""

    def __init__(self) -> None:
        self.chance = random.Random(7)
        self.answers: dict[tuple[str, int], int] = {}
        self.observers: dict[tuple[str, int], str] = {}

    def __call__(self, request: ReceivedRequest) -> int:
        status = self.chance.choices([200, 500, 503, 429, 404], [80, 6, 6, 4, 4])[0]
        attempt = (request.key, request.attempt)
        self.answers[attempt] = status
        self.observers[attempt] = request.headers["fql-observer"]
        return status


async def test_metrics_equal_the_ledger_under_load(
    webhook_server: MockWebhookServer, tmp_path: Path
) -> None:
    """Hundreds of events of three observers, one with batches: every sum is the receiver's."""
    text = (
        SOURCE
        + """
observer many {
  on: Order.insert
  retry: quick
  webhook list {
    endpoint: shop  path: "/many"  batch: { size: 7, timeout: 100ms }  body: { all: each { id } }
  }
}
"""
    )
    moody = Moody()
    webhook_server.always(moody)
    async with runtime(webhook_server, text=text, store=sqlite(tmp_path)) as running:
        for number in range(300):
            await running.emit("Order.insert", new=order(number))
            if number % 3 == 0:
                await running.emit("Order.update", old=order(number), new=order(number))
        summary = await running.until_idle(30)
        letters = Counter(letter.observer for letter in await running.client.dead_letters())
        seen = await scrape(running)

    by_observer = Counter(moody.observers.values())
    assert len(by_observer) == 3
    for observer, count in by_observer.items():
        assert seen.value("fql_webhook_total", observer=observer) == count
        assert seen.value("fql_webhook_duration_seconds_count", observer=observer) == count
        assert seen.value("fql_dlq_size", observer=observer) == letters[observer]
    retried = sum(attempt > 1 for _, attempt in moody.answers)
    assert seen.value("fql_webhook_retries_total") == retried > 0
    answers = Counter(moody.answers.values())
    for status in (500, 503, 429, 404):
        assert seen.value("fql_webhook_failures_total", reason=str(status)) == answers[status] > 0
    assert seen.value("fql_runs_total", state="done") == summary.done
    assert seen.value("fql_runs_total", state="dead") == summary.dead > 0
    assert seen.value("fql_events_total", source="emit", result="accepted") == 400
    assert seen.value("fql_open_runs") == seen.value("fql_open_work") == 0


class Failing(MemoryStore):
    """A store that refuses some commits."""

    commits = 0

    async def commit(self, lease: Lease, mutations: Mutations) -> Verdict:
        self.commits += 1
        if self.commits in (30, 31, 80):
            raise StoreError("the disk went away")
        return await super().commit(lease, mutations)


async def test_attempts_are_counted_once_over_failed_commits(
    webhook_server: MockWebhookServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An outcome that is kept over failed commits is told when it is stored, and only then."""
    monkeypatch.setattr(session, "TROUBLE_PAUSE", 0.02)
    moody = Moody()
    webhook_server.always(moody)

    async def emit_until_taken(running: Runtime, number: int) -> None:
        while True:
            try:
                await running.emit("Order.insert", new=order(number), key=str(number))
                return
            except StoreError:
                await asyncio.sleep(0.02)

    async with runtime(webhook_server, store=Failing()) as running:
        for number in range(150):
            await emit_until_taken(running, number)
        await running.until_idle(20)
        seen = await scrape(running)
    assert seen.value("fql_store_errors_total") == 3
    assert seen.value("fql_webhook_total") == len(moody.answers) > 150
    assert seen.value("fql_events_total", result="accepted") == 150
