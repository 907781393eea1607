"""A whole runtime on PostgreSQL: it delivers, stands by, and takes over."""

from __future__ import annotations

import asyncio
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from urllib.parse import urlsplit

import psycopg
import pytest

from fql.app import Runtime
from fql.testing import MockWebhookServer
from tests.app.plans import ONE, order, plan_of, settings_of
from tests.servers.databases import Databases
from tests.servers.postgresql import Server
from tests.servers.proxy import StatementProxy

Admin = psycopg.Connection[tuple[object, ...]]

ENGINE = """
import asyncio, sys
from tests.store.postgresql.test_engine import runtime_at
async def main():
    async with runtime_at(sys.argv[1], sys.argv[2]):
        print("ready", flush=True)
        await asyncio.sleep(600)
asyncio.run(main())
"""


def runtime_at(url: str, receiver: str, **options: object) -> Runtime:
    return Runtime(
        plan_of(ONE), store=url, settings=settings_of('[store]\nengines = "single"\n'),
        environment={"RECEIVER": receiver}, **options,  # type: ignore[arg-type]
    )  # fmt: skip


@contextmanager
def engines(url: str, receiver: str, count: int) -> Iterator[list[subprocess.Popen[str]]]:
    """Other processes, of which one is the engine of the store."""
    command = [sys.executable, "-c", ENGINE, url, receiver]
    with ExitStack() as stack:
        processes = []
        for _ in range(count):
            started = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
            processes.append(stack.enter_context(started))
            stack.callback(started.kill)
        for process in processes:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
        yield processes


async def test_events_are_delivered(postgresql_url: str, webhook_server: MockWebhookServer) -> None:
    async with runtime_at(postgresql_url, webhook_server.url) as made:
        for number in range(20):
            await made.emit("Order.insert", new=order(number))
        await made.until_idle()
    assert len(webhook_server.requests) == 20


async def test_a_standby_takes_over_when_the_engine_is_killed(
    postgresql_url: str, webhook_server: MockWebhookServer
) -> None:
    """Its lease would last for ten seconds."""
    with engines(postgresql_url, webhook_server.url, 1) as [first]:
        async with runtime_at(postgresql_url, webhook_server.url, takes_over=True) as standby:
            assert standby._engine is None
            first.send_signal(signal.SIGKILL)
            while standby._engine is None:
                await asyncio.sleep(0.01)
            await standby.emit("Order.insert", new=order(1))
            await standby.until_idle()
    assert len(webhook_server.requests) == 1


def test_take_over_is_quick(
    postgresql_url: str, webhook_server: MockWebhookServer, admin: Admin
) -> None:
    """0.2 seconds from the kill to the session of the next engine on a machine at rest."""
    with engines(postgresql_url, webhook_server.url, 4) as processes:
        took = []
        for _ in processes[1:]:
            holder = live_holder(admin)
            killed = next(one for one in processes if holder.startswith(f"{one.pid} on "))
            began = time.monotonic()
            killed.send_signal(signal.SIGKILL)
            while live_holder(admin) in ("", holder):
                time.sleep(0.005)
            took.append(time.monotonic() - began)
    print(f"took over after {statistics.median(took):.2f} s")
    assert statistics.median(took) < 0.5, took


def live_holder(admin: Admin) -> str:
    query = "SELECT holder FROM fql_main.fql_session WHERE state = 'live'"
    row = admin.execute(query).fetchone()
    return "" if row is None else str(row[0])


async def test_a_standby_says_that_the_server_is_away_and_when_it_answers_again(
    postgresql_server: Databases, webhook_server: MockWebhookServer,
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """It knows nothing of the engine meanwhile."""
    if not isinstance(postgresql_server, Server):
        pytest.skip("a server of your own may not listen here")
    monkeypatch.setattr("fql.engine.process.leading.TAKE_OVER_EVERY", 0.05)
    with (
        postgresql_server.database() as url,
        StatementProxy(postgresql_server.port) as proxy,
    ):
        away = proxy.address(postgresql_server.url(urlsplit(url).path[1:], tcp=True))
        async with (
            runtime_at(url, webhook_server.url) as first,
            runtime_at(away, webhook_server.url) as standby,
        ):
            proxy.lead_to(1)  # nobody listens there
            await until(lambda: "goes on trying: the server of" in caplog.text)
            proxy.lead_to(postgresql_server.port)
            await until(lambda: "the store answers again" in caplog.text)
            assert first.leads
            assert not standby.leads
    assert "is free" not in caplog.text


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not true():
            await asyncio.sleep(0.01)
