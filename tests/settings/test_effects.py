"""Run-time settings: each changes what a user would notice."""

from __future__ import annotations

import asyncio
import itertools
import json
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.cli_runtime.shop import SETTINGS, SOURCE, lines, paid

from fql.app import Runtime
from fql.cli.running import logs
from fql.engine.loop.clock import SystemClock
from fql.engine.process.housekeeping import Housekeeper, retention_of
from fql.intake.json_lines import JsonLines
from fql.plan.model import Plan
from fql.plan.stored.codec import read_plan
from fql.plan.web.addresses import EgressSettings
from fql.settings.reading import Settings, read_settings
from fql.store.sqlite.store import SqliteStore
from fql.testing.replies import Reply
from fql.testing.server import MockWebhookServer
from fqlc.checks.model import Surroundings
from fqlc.pipeline import check_project, plan_of


@pytest.fixture
def server() -> Iterator[MockWebhookServer]:
    """A receiver."""
    with MockWebhookServer() as receiver:
        yield receiver


def compiled(url: str, source: str = SOURCE) -> Plan:
    """The plan of the shop."""
    text = (source % url).encode()
    loopback = Surroundings(egress=EgressSettings(("127.0.0.1/32",)))
    checked = check_project(("shop.fql",), lambda _path: text, loopback)
    data = plan_of(checked)
    assert data is not None, checked.diagnostics
    return read_plan(data)


def settings(text: str = "") -> Settings:
    """Settings that allow loopback, and more."""
    return read_settings(SETTINGS + text)


def runtime(
    folder: Path, url: str, found: Settings, *events: object, source: str = SOURCE
) -> Runtime:
    """A runtime on a store in the folder, fed with these events."""
    file = folder / "events.jsonl"
    file.write_text(lines(*events))
    return Runtime(
        compiled(url, source),
        store=f"sqlite:///{folder / 'fql.db'}",
        settings=found,
        sources=[JsonLines(str(file))] if events else [],
    )


async def test_without_background_retry_the_first_failure_is_dead(
    tmp_path: Path, server: MockWebhookServer
) -> None:
    server.always(503)
    for number, text in enumerate(("", "[webhooks.dispatch]\nbackground_retry = false\n")):
        server.clear()
        async with runtime(tmp_path, server.url, settings(text), paid(number)) as running:
            summary = await running.until_idle(10)
        assert (summary.dead, server.call_count) == (1, 1 if text else 2)


async def test_emit_waits_for_its_runs_where_dispatch_is_not_async(
    tmp_path: Path, server: MockWebhookServer
) -> None:
    found = settings("[webhooks.dispatch]\nasync = false\n")
    async with runtime(tmp_path, server.url, found) as running:
        new = {"id": 1, "status": "paid"}
        receipt = await running.emit("Order.update", new=new, old={"status": "new"})
    assert receipt.ended
    assert server.call_count == 2


async def test_emit_waits_no_longer_than_the_timeout_of_dispatch(
    tmp_path: Path, server: MockWebhookServer
) -> None:
    server.always(503)
    found = settings('[webhooks.dispatch]\nasync = false\ntimeout = "1ms"\n')
    async with runtime(tmp_path, server.url, found) as running:
        new = {"id": 1, "status": "paid"}
        receipt = await running.emit("Order.update", new=new, old={"status": "new"})
        assert not receipt.ended


async def test_requests_go_to_the_test_url(tmp_path: Path, server: MockWebhookServer) -> None:
    found = settings(f'[webhooks]\ntest_url = "{server.url}/here"\n')
    async with runtime(tmp_path, "http://127.0.0.1:9080", found, paid(1)) as running:
        await running.until_idle(10)
    assert {request.path for request in server.requests} == {"/here"}
    assert "9080/stock/1" in server.requests[0].headers["fql-test-target"]


async def test_receiver_that_is_not_allowed_gets_nothing(
    tmp_path: Path, server: MockWebhookServer
) -> None:
    async with runtime(tmp_path, server.url, read_settings(""), paid(1)) as running:
        summary = await running.until_idle(10)
    assert (summary.dead, server.call_count) == (1, 0)


async def test_finished_runs_are_not_kept_with_keep_runs_of_zero(
    tmp_path: Path, server: MockWebhookServer
) -> None:
    found = settings('[store]\nkeep_runs = "0s"\n')
    async with runtime(tmp_path, server.url, found, paid(1)) as running:
        summary = await running.until_idle(10)
        assert summary.done == 1
        assert await running.client.runs() == []


async def test_table_of_dead_letters_has_the_name_of_the_settings(
    tmp_path: Path, server: MockWebhookServer
) -> None:
    import sqlite3

    server.always(404)
    found = settings('[webhooks.dlq]\ntable = "given_up"\n')
    async with runtime(tmp_path, server.url, found, paid(1)) as running:
        await running.until_idle(10)
    connection = sqlite3.connect(tmp_path / "fql.db")
    rows = connection.execute("SELECT observer, action FROM given_up").fetchall()
    connection.close()
    assert rows == [("paid", "stock")]


@pytest.fixture
def quiet_logger() -> Iterator[logging.Logger]:
    """The runtime's logger, put back afterwards."""
    logger = logging.getLogger("fql")
    before = logger.handlers[:], logger.propagate, logger.level
    yield logger
    logger.handlers[:], logger.propagate = before[0], before[1]
    logger.setLevel(before[2])


@pytest.mark.parametrize(("level", "count"), [("info", 1), ("warning", 0)])
def test_level_of_the_logs(
    level: str, count: int, quiet_logger: logging.Logger, capsys: pytest.CaptureFixture[str]
) -> None:
    logs.set_up(read_settings(f'[observability.logging]\nlevel = "{level}"').observability.logging)
    quiet_logger.info("hello")
    assert len(capsys.readouterr().err.splitlines()) == count


def test_format_of_the_logs(
    quiet_logger: logging.Logger, capsys: pytest.CaptureFixture[str]
) -> None:
    for form in ("auto", "json", "text"):
        text = f'[observability.logging]\nformat = "{form}"'
        logs.set_up(read_settings(text).observability.logging)
        quiet_logger.info("hello", extra={"fql": {"run": "run_1"}})
    auto, as_json, as_text = capsys.readouterr().err.splitlines()
    for line in (auto, as_json):
        assert json.loads(line)["run"] == "run_1"
        assert json.loads(line)["message"] == "hello"
    assert as_text.endswith("INFO    hello")


async def pruned(folder: Path, found: Settings) -> None:
    """What the housekeeping of a runtime does now and then."""
    store = SqliteStore(folder / "fql.db")
    await store.open()
    keeper = Housekeeper(store, retention_of(found), SystemClock())
    while await keeper.prune():
        pass
    await store.close()


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("", 1),
        ('[webhooks.dlq]\nretention = "1ms"\n', 0),
        ('[webhooks.dlq]\nmax_size = "1B"\n', 0),
    ],
)
async def test_dead_letters_go_past_retention_and_size(
    tmp_path: Path, server: MockWebhookServer, text: str, left: int
) -> None:
    server.always(404)
    async with runtime(tmp_path, server.url, settings(text), paid(1)) as running:
        await running.until_idle(10)
    await asyncio.sleep(0.01)
    await pruned(tmp_path, settings(text))
    async with runtime(tmp_path, server.url, settings(text)) as running:
        assert len(await running.client.dead_letters()) == left


@pytest.mark.parametrize(
    ("text", "duplicates"),
    [("", 2), ('[store]\nremember = "1ms"\n', 0), ("[store]\nremember_max = 1\n", 1)],
)
async def test_keys_are_remembered_as_long_and_as_many_as_the_settings_say(
    tmp_path: Path, server: MockWebhookServer, text: str, duplicates: int
) -> None:
    events = (paid(1, id="a"), paid(2, id="b"))
    async with runtime(tmp_path, server.url, settings(text), *events) as running:
        await running.until_idle(10)
    await asyncio.sleep(0.01)
    await pruned(tmp_path, settings(text))
    async with runtime(tmp_path, server.url, settings(text), *events) as running:
        assert (await running.until_idle(10)).duplicates == duplicates


@pytest.mark.parametrize(("text", "left"), [("", 1), ('[store]\nmax_size = "1B"\n', 0)])
async def test_finished_runs_go_past_the_size_of_the_store(
    tmp_path: Path, server: MockWebhookServer, text: str, left: int
) -> None:
    async with runtime(tmp_path, server.url, settings(text), paid(1)) as running:
        await running.until_idle(10)
    await pruned(tmp_path, settings(text))
    async with runtime(tmp_path, server.url, settings(text)) as running:
        assert len(await running.client.runs()) == left


async def test_no_more_requests_at_once_than_max_in_flight(
    tmp_path: Path, server: MockWebhookServer
) -> None:
    server.always(Reply(delay=0.05))
    found = settings("[webhooks.dispatch]\nmax_in_flight = 1\n")
    async with runtime(tmp_path, server.url, found, paid(1), paid(2)) as running:
        await running.until_idle(10)
    times = [request.at for request in server.requests]
    gaps = [later - earlier for earlier, later in itertools.pairwise(times)]
    assert len(times) == 4
    assert min(gaps) >= 0.045


HELD = """
entity Order { id: Int @key  status: String  total: Decimal? }
observer paid { on: Order.update webhook stock { url: "%s/stock" timeout: 20s body: { id } } }
"""


@pytest.mark.parametrize(("text", "poison"), [("crash_budget = 2\n", True), ("", False)])
async def test_crashes_in_a_row_past_the_budget_make_an_action_dead(
    tmp_path: Path, server: MockWebhookServer, text: str, poison: bool
) -> None:
    """Killed twice while on the wire: given up with a budget of two, sent a third time without."""
    server.always(Reply(fault="hang"))
    found = settings(f"[webhooks.dispatch]\n{text}")
    for crash in range(2):
        events = (paid(1),) if crash == 0 else ()
        async with runtime(tmp_path, server.url, found, *events, source=HELD) as running:
            assert await server.arrived(crash + 1)
            await running.engine.kill()
    server.always(200)
    async with runtime(tmp_path, server.url, found, source=HELD) as running:
        await running.until_idle(10)
        letters = await running.client.dead_letters()
    assert [letter.error_class for letter in letters] == (["poison"] if poison else [])
    assert server.call_count == (2 if poison else 3)


SHARED = """
entity Order { id: Int @key  status: String  total: Decimal? }
endpoint shop { url: "%%s" timeout: %s }
observer paid { on: Order.update
  webhook stock { endpoint: shop path: "/stock/{{ id }}" body: { id } } }
"""


async def test_what_hung_in_crashes_holds_others_up_no_longer_than_its_timeout(
    tmp_path: Path, server: MockWebhookServer
) -> None:
    """Eight deliveries hung in three crashes, so each is sent alone: what comes to the same
    receiver waits for one of them to time out, not for all."""
    server.always(lambda seen: Reply(fault="hang") if int(seen.path[7:]) < 9 else 200)
    long, short = SHARED % "20s", SHARED % "500ms"
    for crash in range(3):
        events = () if crash else [paid(number) for number in range(1, 9)]
        async with runtime(tmp_path, server.url, settings(), *events, source=long) as running:
            assert await server.arrived(8 * (crash + 1))
            await running.engine.kill()
    server.clear()
    async with runtime(tmp_path, server.url, settings(), source=short) as running:
        new = {"id": 9, "status": "paid"}
        receipt = await running.emit("Order.update", new=new, old={"status": "new"})
        assert (await running.wait(receipt, 10)).ended
        hung = {seen.path for seen in server.requests} - {"/stock/9"}
        await running.engine.kill()
    assert len(hung) < 8


async def test_work_beyond_max_queue_size_waits_in_the_store(
    tmp_path: Path, server: MockWebhookServer
) -> None:
    """Memory holds so many runs at most, and still all of them are sent."""
    server.always(Reply(delay=0.02))
    found = settings("[webhooks.dispatch]\nmax_queue_size = 40\n")
    held: list[int] = []
    async with runtime(tmp_path, server.url, found, *map(paid, range(100))) as running:
        while server.call_count < 150:
            held.append(len(running.engine.state.runs))
            await asyncio.sleep(0.005)
        await running.until_idle(20)
    assert max(held) <= 40
    assert len({request.path for request in server.requests}) == 200
