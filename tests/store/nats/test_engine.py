"""A whole runtime on NATS: it delivers, stands by, takes over, and outlives what befalls it."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from pathlib import Path

import pytest

from fql.app import Runtime
from fql.client import open_client
from fql.errors import StoreError
from fql.store.nats.store import NatsStore
from fql.testing import MockWebhookServer, Reply
from fqlc.cli.main import run
from tests.app.plans import ENTITY, ONE, order, plan_of, settings_of
from tests.servers.nats import running
from tests.store.nats.conftest import Open
from tests.store.nats.relay import Kind, Relay
from tests.store.rows import event, one_run
from tests.store.rows import run as run_row

LEASE = 1.5
ENGINE = """
import asyncio, sys
from tests.store.nats.test_engine import order, runtime_at
async def main():
    url, project, receiver, first, last = sys.argv[1:]
    async with runtime_at(url, project, receiver) as runtime:
        print("ready", flush=True)
        for number in range(int(first), int(last)):
            await runtime.emit("Order.insert", new=order(number), key=str(number))
        print("taken", flush=True)
        await asyncio.sleep(600)
asyncio.run(main())
"""


def runtime_at(url: str, project: str, receiver: str, **options: object) -> Runtime:
    store = NatsStore([url], project=project, lease_seconds=LEASE)
    return Runtime(
        plan_of(ONE), store=store, settings=settings_of(), environment={"RECEIVER": receiver},
        **options,  # type: ignore[arg-type]
    )  # fmt: skip


@contextmanager
def engine(
    url: str, project: str, receiver: str, numbers: range
) -> Iterator[subprocess.Popen[str]]:
    """Another process that is the engine, and has taken these orders."""
    command = [
        sys.executable, "-c", ENGINE, url, project, receiver, str(numbers.start),
        str(numbers.stop),
    ]  # fmt: skip
    with ExitStack() as stack:
        started = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        process = stack.enter_context(started)
        stack.callback(process.kill)
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        assert process.stdout.readline() == "taken\n"
        yield process


def told(server: MockWebhookServer) -> set[str]:
    keys = {(one.payload["id"], one.headers["webhook-id"]) for one in server.requests}  # type: ignore[index]
    names = {str(name) for name, _ in keys}
    assert len(keys) == len(names), "each under one key"
    return names


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fql.engine.loop.session.TROUBLE_PAUSE", 0.05)
    monkeypatch.setattr("fql.engine.process.leading.TAKE_OVER_EVERY", 0.1)


async def test_events_are_delivered_and_seen_from_outside(
    nats_url: str, project: str, webhook_server: MockWebhookServer
) -> None:
    async with runtime_at(nats_url, project, webhook_server.url) as made:
        for number in range(20):
            await made.emit("Order.insert", new=order(number))
        async with open_client(nats_url, schema=f"fql_{project}") as client:
            await client.emit({"entity": "Order", "event": "insert", "new": order(20)})
            assert await client.wait_taken(10)
            await made.until_idle()
            assert len(await client.runs(limit=100)) == 21
    assert told(webhook_server) == {f"o{number}" for number in range(21)}


async def test_another_engine_takes_over_from_one_that_is_killed_with_work_armed(
    nats_url: str, project: str, webhook_server: MockWebhookServer, hasty: None
) -> None:
    webhook_server.always(Reply(200, delay=0.4))
    url = webhook_server.url
    with engine(nats_url, project, url, range(30)) as first:
        async with runtime_at(nats_url, project, url, takes_over=True) as standby:
            assert not standby.leads
            assert await webhook_server.arrived(1)
            first.send_signal(signal.SIGKILL)
            async with asyncio.timeout(20):
                while not standby.leads:
                    await asyncio.sleep(0.02)
            await standby.emit("Order.insert", new=order(30))
            assert (await standby.until_idle(30)).left == 0
    assert told(webhook_server) == {f"o{number}" for number in range(31)}


async def test_an_engine_that_was_stopped_and_goes_on_is_fenced(
    nats_url: str, project: str, webhook_server: MockWebhookServer, hasty: None
) -> None:
    url = webhook_server.url
    with engine(nats_url, project, url, range(5)) as first:
        first.send_signal(signal.SIGSTOP)
        async with runtime_at(nats_url, project, url, takes_over=True) as second:
            async with asyncio.timeout(20):
                while not second.leads:
                    await asyncio.sleep(0.02)
            first.send_signal(signal.SIGCONT)
            for number in range(5, 25):
                await second.emit("Order.insert", new=order(number))
                await asyncio.sleep(0.05)
            assert (await second.until_idle(30)).left == 0
            assert second.leads
    assert told(webhook_server) == {f"o{number}" for number in range(25)}


async def test_a_broker_that_is_killed_and_comes_back(
    project: str, webhook_server: MockWebhookServer, hasty: None
) -> None:
    with running("jetstream { sync_interval: always }") as server:
        async with runtime_at(server.url, project, webhook_server.url) as made:
            for number in range(30):
                if number in (10, 20):
                    await asyncio.to_thread(server.kill)
                    await asyncio.sleep(0.1)
                    await asyncio.to_thread(server.start)
                await accepted(made, number)
            assert (await made.until_idle(30)).left == 0
    assert told(webhook_server) == {f"o{number}" for number in range(30)}


async def accepted(made: Runtime, number: int) -> None:
    async with asyncio.timeout(30):
        while True:
            try:
                await made.emit("Order.insert", new=order(number), key=str(number))
            except StoreError:
                await asyncio.sleep(0.05)
            else:
                return


# A commit whose end is not known ---------------------------------------------------------------


@asynccontextmanager
async def doubtful(
    opened: Open, nats_url: str, kind: Kind
) -> AsyncIterator[tuple[NatsStore, Relay]]:
    async with Relay(int(nats_url.rpartition(":")[2])) as relay:
        yield await opened(relay.url), relay


@pytest.mark.parametrize(("kind", "counted"), [("answer", True), ("request", False)])
async def test_a_lost_commit_is_settled(
    opened: Open, nats_url: str, kind: Kind, counted: bool
) -> None:
    async with doubtful(opened, nats_url, kind) as (store, relay):
        lease = await store.acquire("test")
        assert await store.commit(lease, one_run()) == "ok"
        relay.lose(kind)
        more = one_run()
        more.events, more.runs = [event(20)], [run_row(21, 20)]
        assert await store.commit(lease, more) == "ambiguous"
        assert await store.settle(lease, 1) is counted
        assert await store.settle(lease, 1) is counted, "and when it is asked again"
        assert (await store.load(lease)).open_runs == 1 + counted
        again = one_run()
        again.events, again.runs = [event(30)], [run_row(31, 30)]
        assert await store.commit(lease, again) == "ok"
        assert (await (await opened()).counts()).runs == {"open": 2 + counted}


async def test_a_commit_that_arrives_after_its_settlement_never_counts(
    opened: Open, nats_url: str
) -> None:
    async with doubtful(opened, nats_url, "late") as (store, relay):
        lease = await store.acquire("test")
        relay.lose("late")
        assert await store.commit(lease, one_run()) == "ambiguous"
        assert await store.settle(lease, 0) is False
        await relay.release()
        assert (await (await opened()).counts()).runs == {}
        assert await store.commit(lease, one_run()) == "ok"


async def test_a_late_renewal_fences_nobody(opened: Open, nats_url: str) -> None:
    """It counts between two commits, and moves the lease on."""
    async with doubtful(opened, nats_url, "late") as (store, relay):
        lease = await store.acquire("test")
        relay.lose("late")
        with pytest.raises(StoreError):
            await store.renew(lease)
        await relay.release()
        assert await store.commit(lease, one_run()) == "ok"
        assert await store.settle(lease, 1) is False


@pytest.mark.parametrize("kind", ["answer", "request"])
async def test_what_is_appended_is_appended_once(opened: Open, nats_url: str, kind: Kind) -> None:
    async with doubtful(opened, nats_url, kind) as (store, relay):
        relay.lose(kind)
        ids = await store.append([("pause", b"1"), ("pause", b"2")], now=1)
        assert [one.id for one in await store.fetch(10, frozenset())] == ids
        assert [one.body for one in await (await opened()).fetch(10, frozenset())] == [b"1", b"2"]


def test_commands_work_on_a_store_in_nats(
    nats_url: str, project: str, tmp_path: Path, capsys: pytest.CaptureFixture[str],
    webhook_server: MockWebhookServer, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """`fqlc run`, `runs`, `emit` and `doctor`, by the URL in fql.toml."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RECEIVER", webhook_server.url)
    (tmp_path / "fql.toml").write_text(
        f'[project]\nname = "{project}"\n[store]\nurl = "{nats_url}"\n'
        '[egress]\nallow = ["127.0.0.1/32"]\n'
    )
    (tmp_path / "o.fql").write_text(ENTITY + ONE)
    assert run(["runs"]) == 3
    assert "there is no store" in capsys.readouterr().err
    (tmp_path / "e.ndjson").write_text(
        '{"entity": "Order", "event": "insert", "id": "e1", "new": {"id": "o1",'
        ' "status": "new", "total": 20}}\n'
    )
    assert run(["run", "o.fql", "--events", "e.ndjson", "--until-idle"]) == 0
    assert run(["runs", "list", "--format", "json"]) == 0
    assert '"e1"' in capsys.readouterr().out
    assert told(webhook_server) == {"o1"}
