"""A whole runtime on PostgreSQL: it delivers, stands by, and takes over."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from fql.app import Runtime
from fql.testing import MockWebhookServer
from tests.app.plans import ONE, order, plan_of, settings_of

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
        plan_of(ONE), store=url, settings=settings_of(), environment={"RECEIVER": receiver},
        **options,  # type: ignore[arg-type]
    )  # fmt: skip


@contextmanager
def engine(url: str, receiver: str) -> Iterator[subprocess.Popen[str]]:
    """Another process that is the engine of the store."""
    command = [sys.executable, "-c", ENGINE, url, receiver]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        try:
            yield process
        finally:
            process.kill()


async def test_events_are_delivered(postgresql_url: str, webhook_server: MockWebhookServer) -> None:
    async with runtime_at(postgresql_url, webhook_server.url) as made:
        for number in range(20):
            await made.emit("Order.insert", new=order(number))
        await made.until_idle()
    assert len(webhook_server.requests) == 20


async def test_a_standby_takes_over_when_the_engine_is_killed(
    postgresql_url: str, webhook_server: MockWebhookServer
) -> None:
    """Within 0.2 seconds on a machine at rest; its lease would last for ten."""
    with engine(postgresql_url, webhook_server.url) as first:
        async with runtime_at(postgresql_url, webhook_server.url, takes_over=True) as standby:
            assert standby._engine is None
            first.send_signal(signal.SIGKILL)
            began = time.monotonic()
            while standby._engine is None:
                await asyncio.sleep(0.01)
            assert time.monotonic() - began < 3
            await standby.emit("Order.insert", new=order(1))
            await standby.until_idle()
    assert len(webhook_server.requests) == 1
