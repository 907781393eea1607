"""Each alert is evaluated over samples that were scraped from a real runtime: it fires when it
should, and not otherwise. So are the queries of the dashboard."""

from __future__ import annotations

import asyncio
import importlib
import itertools
import json
import math
import re
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from fql.app import Runtime
from fql.engine.loop.clock import SystemClock
from fql.engine.process import housekeeping
from fql.errors import StoreError
from fql.observe.alerts import ALERTS, rules
from fql.observe.dashboard import PANELS, dashboard
from fql.outbox.sqlite.installing import install
from fql.outbox.sqlite.tables import Names
from fql.store.memory import MemoryStore
from fql.store.port import Lease, StoreSize, Verdict
from fql.store.records import Mutations
from fql.testing import MockWebhookServer
from fqlc.cli.main import run
from tests.http_intake import support as intake
from tests.http_intake.test_engine import Moody
from tests.observe.promql import Recorder, Vector, evaluate
from tests.observe.support import METRICS, SOURCE, order, page, plan_of, runtime, scrape, sqlite

STEP = 15.0
DURATION = {"s": 1, "m": 60, "h": 3600}


def read_rules(namespace: str = "fql") -> dict[str, dict[str, Any]]:
    """The rules by name, read from the file as Prometheus reads it."""
    yaml = importlib.import_module("yaml")
    (group,) = yaml.safe_load(rules(namespace))["groups"]
    return {rule["alert"]: rule for rule in group["rules"]}


def firing(recorder: Recorder, at: float) -> dict[str, Vector]:
    """The alerts that fire at a time: their expression held for as long as `for` says."""
    found: dict[str, Vector] = {}
    for name, rule in read_rules().items():
        text = str(rule["for"])
        lasting = int(text[:-1]) * DURATION[text[-1]]
        times = [at - step * STEP for step in range(int(lasting / STEP) + 1)]
        values = [evaluate(rule["expr"], recorder, time) for time in times]
        if all(values):
            assert isinstance(values[0], dict)
            found[name] = values[0]
    return found


async def emit(running: Runtime, numbers: range) -> None:
    await asyncio.gather(*(running.emit("Order.insert", new=order(n)) for n in numbers))
    await running.until_idle(20)


async def recorded(running: Runtime, *until: float) -> Recorder:
    """The state of now, as if it had been scraped since ever until these times."""
    recorder = Recorder()
    seen = await scrape(running)
    for at in until:
        recorder.add(at, seen)
    return recorder


async def test_nothing_fires_while_all_is_well(
    webhook_server: MockWebhookServer, tmp_path: Path
) -> None:
    recorder = Recorder()
    async with runtime(webhook_server, store=sqlite(tmp_path)) as running:
        recorder.add(0, await scrape(running))
        for step in range(1, 21):
            await emit(running, range(step * 5, step * 5 + 5))
            recorder.add(step * STEP, await scrape(running))
    assert webhook_server.call_count == 100
    assert firing(recorder, 20 * STEP) == {}


@pytest.mark.parametrize(("every", "fires"), [(10, True), (40, False)])
async def test_failure_rate(webhook_server: MockWebhookServer, every: int, fires: bool) -> None:
    """Above one attempt in twenty it fires, for the observer that fails and no other."""
    numbers = itertools.count(1)
    webhook_server.always(
        lambda request: 404 if request.path == "/orders" and next(numbers) % every == 0 else 200
    )
    recorder = Recorder()
    async with runtime(webhook_server) as running:
        recorder.add(0, await scrape(running))
        for step in range(1, 5):
            await emit(running, range(step * 20, step * 20 + 20))
            await running.emit("Order.update", old=order(1), new=order(1))
            await running.until_idle(30)
            recorder.add(step * STEP, await scrape(running))
    found = firing(recorder, 4 * STEP)
    assert set(found) == ({"FqlWebhookFailureRate"} if fires else set())
    if fires:
        ((labels, value),) = found["FqlWebhookFailureRate"].items()
        assert dict(labels) == {"observer": "placed"}
        assert math.isclose(value, 0.1, rel_tol=0.05)


async def test_failure_rate_stops_firing_when_the_failures_stop(
    webhook_server: MockWebhookServer,
) -> None:
    webhook_server.reply(404, 404)
    recorder = Recorder()
    async with runtime(webhook_server) as running:
        recorder.add(0, await scrape(running))
        await emit(running, range(4))
        recorder.add(STEP, await scrape(running))
        for step in range(2, 30):
            await emit(running, range(step * 4, step * 4 + 4))
            recorder.add(step * STEP, await scrape(running))
    assert "FqlWebhookFailureRate" in firing(recorder, STEP)
    assert "FqlWebhookFailureRate" not in firing(recorder, 29 * STEP)


async def test_more_than_a_thousand_dead_letters(webhook_server: MockWebhookServer) -> None:
    webhook_server.always(404)
    async with runtime(webhook_server) as running:
        await emit(running, range(1000))
        thousand = await recorded(running, STEP)
        await emit(running, range(1000, 1001))
        more = await recorded(running, STEP)
    assert firing(thousand, STEP) == {}
    assert firing(more, STEP) == {"FqlDeadLetters": {frozenset(): 1001.0}}


async def test_dead_letters_of_a_shared_store_are_counted_once(
    webhook_server: MockWebhookServer, tmp_path: Path
) -> None:
    """Two processes on one store report the same dead letters."""
    webhook_server.always(404)
    async with runtime(webhook_server, store=sqlite(tmp_path)) as engine:
        await emit(engine, range(600))
        async with runtime(webhook_server, store=sqlite(tmp_path)) as client:
            seen = await scrape(engine), await scrape(client)
    both = Recorder()
    for number, one in enumerate(seen):
        instances = [type(s)(s.name, {**s.labels, "instance": str(number)}, s.value)
                     for s in one.samples]  # fmt: skip
        both.add(STEP, type(one)(instances))
    assert both.scrapes[1][1].value("fql_dlq_size") == 600
    assert firing(both, STEP) == {}


async def test_evicted_dead_letters(
    webhook_server: MockWebhookServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(housekeeping, "EVERY", 0.1)
    webhook_server.always(404)
    settings = METRICS + '[webhooks.dlq]\nretention = "200ms"\n'
    recorder = Recorder()
    async with runtime(webhook_server, settings=settings, store=sqlite(tmp_path)) as running:
        recorder.add(0, await scrape(running))
        await emit(running, range(3))
        await asyncio.sleep(0.6)
        recorder.add(STEP, await scrape(running))
    assert recorder.scrapes[1][1].value("fql_dlq_size") == 0
    assert "FqlDeadLettersEvicted" in firing(recorder, STEP)


class Later(SystemClock):
    """A clock that can be put forward."""

    ahead = 0

    def now(self) -> int:
        return super().now() + self.ahead


async def test_oldest_due_work(webhook_server: MockWebhookServer) -> None:
    """Work of a paused endpoint grows old; when it may go, the alert ends."""
    clock = Later()
    async with runtime(webhook_server, clock=clock) as running:
        await running.client.pause("shop")
        await asyncio.sleep(0.2)
        await running.emit("Order.insert", new=order(1))
        clock.ahead = 299_000
        young = await recorded(running, STEP)
        clock.ahead = 301_000
        old = await recorded(running, STEP)
        await running.client.resume("shop")
        await asyncio.sleep(0.2)
        await running.until_idle(30)
        gone = await recorded(running, STEP)
    assert firing(young, STEP) == {}
    assert set(firing(old, STEP)) == {"FqlOldestDue"}
    assert firing(gone, STEP) == {}


async def test_lag_of_a_source(webhook_server: MockWebhookServer) -> None:
    """A store that takes nothing lets events of a caller grow old."""
    clock, store = Later(), Moody()
    settings = intake.SETTINGS + METRICS
    async with intake.running(webhook_server, store=store, settings=settings, clock=clock) as web:
        store.free.clear()
        sending = asyncio.ensure_future(web.post(intake.order(1)))
        while not web.runtime._watched.arrivals[0].lag():
            await asyncio.sleep(0.01)
        clock.ahead = 301_000
        old = await recorded(web.runtime, STEP)
        store.free.set()
        assert (await sending).status == 202
        gone = await recorded(web.runtime, STEP)
    assert set(firing(old, STEP)) == {"FqlSourceLag"}
    assert firing(gone, STEP) == {}


async def test_open_circuit(webhook_server: MockWebhookServer) -> None:
    """Open for two minutes it fires; a short while is no alarm."""
    text = SOURCE.replace("failures: 1000", "failures: 2")
    webhook_server.always(503)
    async with runtime(webhook_server, text=text) as running:
        closed = await scrape(running)
        for number in (1, 2):
            await running.emit("Order.insert", new=order(number))
        await webhook_server.arrived(2)
        await asyncio.sleep(0.1)
        opened = await scrape(running)
    recorder = Recorder()
    for step in range(20):
        recorder.add(step * STEP, closed if step < 10 else opened)
    assert "FqlCircuitOpen" not in firing(recorder, 12 * STEP)
    assert firing(recorder, 19 * STEP)["FqlCircuitOpen"] == {frozenset({("endpoint", "shop")}): 1.0}


async def test_store_near_full(webhook_server: MockWebhookServer, tmp_path: Path) -> None:
    times = [step * STEP for step in range(21)]
    for size, fires in (('"80KB"', True), ('"10MB"', False)):
        settings = METRICS + f"[store]\nmax_size = {size}\n"
        url = sqlite(tmp_path)
        async with runtime(webhook_server, settings=settings, store=url) as running:
            recorder = await recorded(running, *times)
        assert ("FqlStoreNearFull" in firing(recorder, times[-1])) is fires


class Refusing(MemoryStore):
    """A store that takes no commits for a while."""

    refusals = 0

    async def size(self) -> StoreSize:
        if self.refusals:
            raise StoreError("the disk went away")
        return await super().size()

    async def commit(self, lease: Lease, mutations: Mutations) -> Verdict:
        if self.refusals:
            self.refusals -= 1
            raise StoreError("the disk went away")
        return await super().commit(lease, mutations)


async def test_store_errors_and_readiness(webhook_server: MockWebhookServer) -> None:
    """A refused commit is counted; meanwhile the runtime is healthy, and not ready."""
    store = Refusing()
    recorder = Recorder()
    async with runtime(webhook_server, store=store) as running:
        recorder.add(0, await scrape(running))
        assert await page(running, "/ready") == (200, {"ready": True})
        store.refusals = 2
        with pytest.raises(StoreError):
            await running.emit("Order.insert", new=order(1))
        assert (await scrape(running)).value("fql_store_errors_total") == 1
        store.refusals = 0
        not_ready = await page(running, "/ready")
        assert await page(running, "/health") == (200, {"healthy": True})
        await asyncio.sleep(1.2)
        await running.emit("Order.insert", new=order(1))
        await running.until_idle(30)
        assert await page(running, "/ready") == (200, {"ready": True})
        recorder.add(STEP, await scrape(running))
        recorder.add(30 * STEP, await scrape(running))
    assert not_ready == (503, {"ready": False, "reason": "the store takes no commits"})
    assert set(firing(recorder, STEP)) == {"FqlStoreErrors"}
    assert firing(recorder, 30 * STEP) == {}


async def test_capture_that_is_broken_and_a_database_that_was_replaced(
    webhook_server: MockWebhookServer, tmp_path: Path
) -> None:
    """A trigger that vanishes is noticed, `/ready` says so, and all is well when it is back; so is
    a file that another one was moved over."""
    text = SOURCE.replace("entity Order {", 'entity Order from "orders" {')
    shop, copy = tmp_path / "shop.db", tmp_path / "copy.db"
    with sqlite3.connect(shop, isolation_level=None) as database:
        database.execute("CREATE TABLE orders(id TEXT PRIMARY KEY, status TEXT, total TEXT)")
        install(database, plan_of(text), Names())
    settings = f'{METRICS}[sources.shop]\nkind = "sqlite"\ndatabase = "{shop}"\n'
    recorder = Recorder()
    async with runtime(webhook_server, text=text, settings=settings) as running:
        recorder.add(0, await scrape(running))
        assert await page(running, "/ready") == (200, {"ready": True})
        database.execute("DROP TRIGGER fql_main_Order_insert")
        await ready(running, 503)
        for step in range(1, 6):
            recorder.add(step * STEP, await scrape(running))
        install(database, plan_of(text), Names())
        database.close()
        await ready(running, 200)
        copy.write_bytes(shop.read_bytes())
        copy.replace(shop)
        await asyncio.sleep(1)
        recorder.add(6 * STEP, await scrape(running))
    table = frozenset({("source", "shop"), ("table", "orders")})
    assert set(firing(recorder, STEP)) == {"FqlCaptureBroken"}
    assert firing(recorder, STEP)["FqlCaptureBroken"] == {table: 0.0}
    assert set(firing(recorder, 5 * STEP)) == {"FqlCaptureBroken", "FqlSourceTrouble"}
    assert set(firing(recorder, 6 * STEP)) == {"FqlSourceRestored"}


async def ready(running: Runtime, status: int) -> None:
    """Until `/ready` answers with this status, at most two seconds."""
    async with asyncio.timeout(2):
        while (await page(running, "/ready"))[0] != status:
            await asyncio.sleep(0.05)


def test_every_alert_is_shown_to_fire() -> None:
    """The tests above, and those of operation, name each alert of the file."""
    others = Path(__file__).with_name("test_alerts_of_operation.py")
    text = Path(__file__).read_text("utf-8") + others.read_text("utf-8")
    assert all(f'"{alert.name}"' in text for alert in ALERTS)


# The dashboard.


def queries(panel: dict[str, Any]) -> list[str]:
    """What Grafana would ask for."""
    return [
        target["expr"].replace("$__rate_interval", "5m").replace("$observer", ".*")
        for target in panel["targets"]
    ]


async def test_every_query_of_the_dashboard_has_data(webhook_server: MockWebhookServer) -> None:
    """After a mixed minute each panel shows something, and success and failures are right."""
    text = SOURCE.replace("failures: 1000", "failures: 2, open_for: 500ms")
    recorder = Recorder()
    async with runtime(webhook_server, text=text) as running:
        recorder.add(0, await scrape(running))
        await emit(running, range(14))
        webhook_server.reply(404, 503, 503)
        for number in range(20, 24):
            await running.emit("Order.insert", new=order(number))
        await asyncio.sleep(0.2)
        await running.client.pause("changed")
        await asyncio.sleep(0.2)
        recorder.add(STEP, await scrape(running))
    assert webhook_server.call_count >= 17
    answers: dict[str, list[Any]] = {}
    for panel in dashboard("fql")["panels"]:  # type: ignore[attr-defined]
        found = [evaluate(query, recorder, STEP) for query in queries(panel)]
        assert all(found), panel["title"]
        answers[panel["title"]] = found
    placed = frozenset({("observer", "placed")})
    tried = recorder.scrapes[1][1].value("fql_webhook_total", observer="placed")
    failed = recorder.scrapes[1][1].value("fql_webhook_failures_total", observer="placed")
    assert failed == 3
    assert math.isclose(answers["Success rate by observer"][0][placed], 1 - failed / tried)
    assert 0 < answers["Latency of attempts"][2][frozenset()] < 5


async def test_success_rate_without_any_failure(webhook_server: MockWebhookServer) -> None:
    recorder = Recorder()
    async with runtime(webhook_server) as running:
        recorder.add(0, await scrape(running))
        await emit(running, range(3))
        recorder.add(STEP, await scrape(running))
    (query,) = queries(dashboard("fql")["panels"][0])  # type: ignore[index]
    placed = frozenset({("observer", "placed")})
    assert evaluate(query, recorder, STEP)[placed] == 1  # type: ignore[index]


def test_dashboard_names_only_series_that_exist() -> None:
    """Each series of the dashboard and the alerts is one that the port serves."""
    series = (Path(__file__).parents[2] / "runtime/fql/observe/series/exposition.py").read_text(
        "utf-8"
    )
    asked = [query for panel in PANELS for query, _ in panel.queries]
    for name in re.findall(r"NS_(\w+)", " ".join([*asked, *(a.expression for a in ALERTS)])):
        bare = re.sub(r"_(total|bucket|sum|count)$", "", name)
        assert f'"{bare}"' in series or f"_{bare}" in series, name


# The commands.


def test_commands_write_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """The namespace is that of the settings; `--namespace` overrules it."""
    monkeypatch.chdir(tmp_path)
    Path("fql.toml").write_text('[observability.prometheus]\nnamespace = "fraiseql"\n')
    assert run(["observability", "alerts", "-o", "rules.yml"]) == 0
    assert Path("rules.yml").read_text() == rules("fraiseql")
    assert "fraiseql_webhook_total" in read_rules("fraiseql")["FqlWebhookFailureRate"]["expr"]
    capfd.readouterr()
    assert run(["observability", "dashboard", "--namespace", "shop"]) == 0
    assert json.loads(capfd.readouterr().out) == dashboard("shop")
    assert run(["observability", "alerts", "-o", "none/rules.yml"]) == 3
    assert capfd.readouterr().err.startswith("error: none/rules.yml cannot be written")
    assert run(["observability", "alerts", "--namespace", "9 x"]) == 2
