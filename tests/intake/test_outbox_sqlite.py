"""The SQLite outbox as a source, on real files with other processes writing."""

from __future__ import annotations

import asyncio
import multiprocessing
import sqlite3
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.outbox.conftest import ORDERS
from tests.outbox.plans import plan

import fql.outbox
from fql.errors import SettingsError, StoreError
from fql.intake.outbox_sqlite import OutboxSqlite
from fql.intake.port import Arrival
from fql.outbox.installing import install
from fql.outbox.tables import Names
from fql.plan.model import Plan

PLAN = plan("Order.insert", "Order.update", old=["status"])


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A database with a captured table."""
    file = tmp_path / "shop.db"
    connection = sqlite3.connect(file, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute(ORDERS)
    install(connection, PLAN, Names())
    connection.close()
    return file


@asynccontextmanager
async def opened(path: Path, plan: Plan = PLAN) -> AsyncIterator[OutboxSqlite]:
    """The source, open."""
    source = OutboxSqlite("shop", path)
    await source.open(plan)
    try:
        yield source
    finally:
        await source.close()


def run(path: Path, *statements: str) -> None:
    """What some client of the database does."""
    with sqlite3.connect(path, isolation_level=None) as connection:
        for statement in statements:
            connection.execute(statement)
    connection.close()


async def drained(source: OutboxSqlite, until: Callable[[list[Arrival]], bool]) -> list[Arrival]:
    """Fetch, finish and wait, as the engine does, until enough has come."""
    taken: list[Arrival] = []
    while not until(taken):
        found = await source.fetch(64)
        taken += found
        await source.done(found)
        if not found:
            await source.wait(1.0)
    return taken


async def test_captured_row_arrives_as_an_event_with_typed_json_values(path: Path) -> None:
    async with opened(path) as source:
        run(path, "INSERT INTO orders VALUES (1, 'a@b.c', 'new', 19.99, 1, '2026-03-02 14:00:00')")
        (arrival,) = await source.fetch(10)
    at = datetime.fromisoformat(str(arrival.envelope.pop("timestamp")))
    assert abs(datetime.now(tz=UTC) - at) < timedelta(minutes=1)
    assert at.microsecond % 1000 == 0
    assert arrival.envelope == {
        "entity": "Order",
        "event": "insert",
        "new": {
            "id": 1,
            "email": "a@b.c",
            "status": "new",
            "total": "19.99",
            "paid": True,
            "at": "2026-03-02T14:00:00Z",
        },
    }
    assert (len(arrival.position), arrival.order) == (32, 1)


async def test_emitted_event_arrives_as_it_was_given(path: Path) -> None:
    connection = sqlite3.connect(path)
    fql.outbox.emit(
        connection, "Order.update", new={"id": 1, "paid": True}, old={"status": "x"}, key="k",
        id="evt", context={"traceparent": "t"},
    )  # fmt: skip
    connection.commit()
    connection.close()
    async with opened(path) as source:
        (arrival,) = await source.fetch(10)
    del arrival.envelope["timestamp"]
    assert arrival.envelope == {
        "entity": "Order", "event": "update", "new": {"id": 1, "paid": True},
        "old": {"status": "x"}, "id": "evt", "key": "k", "context": {"traceparent": "t"},
    }  # fmt: skip


async def test_rows_stay_until_they_are_done_and_are_then_gone(path: Path) -> None:
    run(path, "INSERT INTO orders (id) VALUES (1), (2), (3)")
    async with opened(path) as source:
        first = await source.fetch(2)
        assert await source.fetch(2) == first
        await source.done(first)
        assert [a.order for a in await source.fetch(2)] == [3]
    async with opened(path) as source:
        assert [a.order for a in await source.fetch(9)] == [3]


async def test_positions_never_repeat_after_everything_was_consumed(path: Path) -> None:
    async with opened(path) as source:
        for n in (1, 2, 3):
            run(path, f"INSERT INTO orders (id) VALUES ({n})")
            found = await source.fetch(9)
            assert [a.order for a in found] == [n]
            await source.done(found)


async def test_rebuilt_outbox_is_another_incarnation(path: Path) -> None:
    async with opened(path) as source:
        before = source.incarnation
    async with opened(path) as source:
        assert source.incarnation == before
    run(path, "DROP TABLE fql_main_outbox", "DROP TABLE fql_main_source")
    async with opened(path) as source:
        assert source.incarnation not in {"", before}


async def test_wait_ends_soon_after_another_connection_has_committed(path: Path) -> None:
    async with opened(path) as source:
        await source.wait(0)
        started = time.monotonic()
        writing = asyncio.get_running_loop().run_in_executor(
            None, run, path, "INSERT INTO orders (id) VALUES (1)"
        )
        await source.wait(5)
        assert time.monotonic() - started < 1
        await writing
        assert len(await source.fetch(9)) == 1


async def test_wait_without_news_takes_its_time(path: Path) -> None:
    async with opened(path) as source:
        await source.wait(0)
        started = time.monotonic()
        await source.wait(0.1)
        assert 0.09 < time.monotonic() - started < 1


async def test_poll_is_the_shortest_time_between_two_looks(path: Path) -> None:
    source = OutboxSqlite("shop", path, poll_ms=200)
    await source.open(PLAN)
    await source.wait(0)
    run(path, "INSERT INTO orders (id) VALUES (1)")
    await source.wait(0)
    started = time.monotonic()
    asyncio.get_running_loop().call_later(0.02, run, path, "INSERT INTO orders (id) VALUES (2)")
    await source.wait(5)
    assert 0.15 < time.monotonic() - started < 2
    await source.close()


def write_many(path: str, first: int, count: int) -> None:
    """One client process: each change its own transaction."""
    with sqlite3.connect(path, timeout=30, isolation_level=None) as connection:
        for n in range(first, first + count):
            connection.execute("INSERT INTO orders (id, status) VALUES (?, 'new')", (n,))
            connection.execute("UPDATE orders SET status = 'paid' WHERE id = ?", (n,))


async def test_changes_of_several_processes_come_all_once_and_in_order(path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    writers = [
        context.Process(target=write_many, args=(str(path), first, 100))
        for first in (1_000, 2_000, 3_000)
    ]
    for writer in writers:
        writer.start()
    async with opened(path) as source:
        taken = await drained(source, lambda taken: len(taken) >= 600)
        assert await source.fetch(9) == []
    for writer in writers:
        writer.join()
    orders = [a.order for a in taken]
    assert orders == sorted(set(orders), key=int)  # type: ignore[arg-type]
    seen: dict[object, list[object]] = {}
    for arrival in taken:
        seen.setdefault(arrival.envelope["new"]["id"], []).append(arrival.envelope["event"])
    assert len(seen) == 300
    assert all(events == ["insert", "update"] for events in seen.values())


async def test_writer_that_holds_the_database_delays_only_the_deletion(path: Path) -> None:
    run(path, "INSERT INTO orders (id) VALUES (1)")
    async with opened(path) as source:
        await impatient(source)
        holder = sqlite3.connect(path, isolation_level=None)
        holder.execute("BEGIN IMMEDIATE")
        found = await source.fetch(9)
        await source.done(found)
        assert await source.fetch(9) == []
        holder.execute("ROLLBACK")
        holder.close()
        await source.fetch(9)
    with sqlite3.connect(path) as other:
        assert other.execute("SELECT count(*) FROM fql_main_outbox").fetchone() == (0,)


async def impatient(source: OutboxSqlite) -> None:
    """Let its statements wait 10 ms for a busy database instead of seconds."""
    run: Callable[[Callable[[], object]], Awaitable[object]] = source._run
    await run(lambda: source._connected_again().execute("PRAGMA busy_timeout = 10"))


async def test_text_that_is_no_utf8_is_a_problem_of_one_event(path: Path) -> None:
    run(
        path,
        "INSERT INTO orders (id, status) VALUES (1, CAST(x'ff41' AS TEXT))",
        "INSERT INTO orders (id, status) VALUES (2, 'fine')",
    )
    async with opened(path) as source:
        broken, fine = await source.fetch(9)
    assert "outbox row 1 cannot be read" in broken.problem
    assert fine.problem == ""
    assert fine.envelope["new"]["status"] == "fine"


async def test_triggers_of_another_plan_are_refused_at_start(path: Path) -> None:
    later = plan("Order.update", old=["status", "total"])
    with pytest.raises(SettingsError, match=r"FQL223.*fql_main_Order_update"):
        async with opened(path, later):
            pass


async def test_missing_database_is_said(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="there is no database"):
        async with opened(tmp_path / "none.db"):
            pass


async def test_missing_triggers_are_logged(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    run(path, "DROP TRIGGER fql_main_Order_update")
    async with opened(path):
        pass
    assert "no triggers on orders" in caplog.text
