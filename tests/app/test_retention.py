"""Retention of a whole runtime on a file: what is over leaves every table, and the log tells what
is removed because the store is full."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from pathlib import Path

import pytest

from fql.app import Runtime
from fql.testing import MockWebhookServer
from tests.app.plans import order, plan_of, settings_of

BATCHES = """
observer both {
  on: Order.insert
  webhook one { endpoint: shop path: "/one" body: { id } retry: { max_attempts: 1 } }
  webhook many {
    endpoint: shop path: "/many" batch: { size: 2, timeout: 1s } body: { all: each { id } }
  }
}
"""
KEPT = {"fql_meta", "fql_session", "fql_plan", "fql_minute", "sqlite_sequence"}
"""Tables with rows that last: names and numbers of the store, its sessions, its active plan, and
what was counted in the last 25 hours."""


def runtime(folder: Path, server: MockWebhookServer, settings: str) -> Runtime:
    return Runtime(
        plan_of(BATCHES), store=f"sqlite:///{folder}/s.db", environment={"RECEIVER": server.url},
        settings=settings_of(settings), listeners=(),
    )  # fmt: skip


def rows(folder: Path) -> dict[str, int]:
    """How many rows each table has."""
    with sqlite3.connect(folder / "s.db") as connection:
        names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        found = {
            name: connection.execute(f"SELECT count(*) FROM {name}").fetchone()[0]
            for (name,) in names.fetchall()
        }
    connection.close()
    return found


async def test_when_all_is_over_and_old_every_table_is_empty(
    tmp_path: Path, webhook_server: MockWebhookServer
) -> None:
    """Batches, dead letters, events that nobody wants, remembered keys."""
    webhook_server.reply(404, 404)
    short = '[store]\nkeep_runs = "1ms"\nremember = "1ms"\n[webhooks.dlq]\nretention = "1ms"\n'
    async with runtime(tmp_path, webhook_server, short) as running:
        for number in range(10):
            await running.emit("Order.insert", new=order(number), key=str(number))
        await running.emit("Order.delete", old=order(99), key="nobody's")
        await running.until_idle(30)
        await asyncio.sleep(0.01)
        before = rows(tmp_path)
        while await running.prune():
            pass
        after = rows(tmp_path)
    assert min(before[name] for name in ("fql_event", "fql_run", "fql_batch", "fql_attempt")) > 0
    assert {name: count for name, count in after.items() if count and name not in KEPT} == {}


async def test_what_goes_for_want_of_space_is_told(
    tmp_path: Path, webhook_server: MockWebhookServer, caplog: pytest.LogCaptureFixture
) -> None:
    async with runtime(tmp_path, webhook_server, '[store]\nmax_size = "50KB"\n') as running:
        for number in range(40):
            await running.emit("Order.insert", new=order(number, status="x" * 2000))
        await running.until_idle(30)
        with caplog.at_level(logging.WARNING, "fql"):
            await running.prune()
    assert "max_size = 50KB: 40 finished runs were removed before keep_runs" in caplog.text
    assert "the store takes" in caplog.text
