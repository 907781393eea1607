"""The SQLite outbox as a source, on real files with other processes writing."""

from __future__ import annotations

import asyncio
import multiprocessing
import sqlite3
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.outbox.conftest import ORDERS
from tests.outbox.plans import plan

import fql.outbox
from fql.engine.process.arrivals.outbox_rows import event_of
from fql.errors import SettingsError, StoreError
from fql.exact.kinds import as_object
from fql.intake.port import Arrival, Consumer
from fql.intake.sqlite.source import OutboxSqlite
from fql.outbox.readers import readers_of
from fql.outbox.sqlite.installing import install
from fql.outbox.sqlite.tables import Names
from fql.plan.model import Plan

PLAN = plan("Order.insert", "Order.update", old=["status"])
READERS = readers_of(PLAN)


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


STORE = Consumer("s1", "/somewhere/fql.db")


@asynccontextmanager
async def opened(
    path: Path, plan: Plan = PLAN, consumer: Consumer = STORE, **options: Any
) -> AsyncIterator[OutboxSqlite]:
    """The source, open."""
    source = OutboxSqlite("shop", path, **options)
    await source.open(plan, consumer)
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


def numbers(arrivals: list[Arrival]) -> list[int]:
    """The places of rows in the outbox."""
    return [arrival.row.number for arrival in arrivals if arrival.row is not None]


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
    assert event_of(READERS, arrival.envelope) == {
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
    assert arrival.row is not None
    assert (arrival.position, arrival.row.number) == (arrival.row.id.hex(), 1)


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
    assert event_of(READERS, arrival.envelope) == {
        "entity": "Order", "event": "update", "new": {"id": 1, "paid": True},
        "old": {"status": "x"}, "id": "evt", "key": "k", "context": {"traceparent": "t"},
    }  # fmt: skip


async def test_rows_stay_until_they_are_done_and_are_then_gone(path: Path) -> None:
    run(path, "INSERT INTO orders (id) VALUES (1), (2), (3)")
    async with opened(path) as source:
        first = await source.fetch(2)
        assert await source.fetch(2) == first
        await source.done(first)
        assert numbers(await source.fetch(2)) == [3]
    async with opened(path) as source:
        assert numbers(await source.fetch(9)) == [3]


async def test_positions_never_repeat_after_everything_was_consumed(path: Path) -> None:
    async with opened(path) as source:
        for n in (1, 2, 3):
            run(path, f"INSERT INTO orders (id) VALUES ({n})")
            found = await source.fetch(9)
            assert numbers(found) == [n]
            await source.done(found)


async def test_outbox_made_anew_is_another_one_and_its_rows_come(path: Path) -> None:
    async with opened(path) as source:
        before = source.outbox
    async with opened(path, install=True) as source:
        assert source.outbox == before
        run(path, "INSERT INTO orders (id) VALUES (1), (2)")
        await source.done(await source.fetch(9))
        run(path, "DROP TABLE fql_main_outbox", "DROP TABLE fql_main_source")
        await source.fetch(9)
        assert source.health().trouble == ""
        run(path, "INSERT INTO orders (id) VALUES (3)")
        assert numbers(await source.fetch(9)) == [1]
        assert source.outbox not in {"", before}
        assert source.health().restored == 1


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
    await source.open(PLAN, STORE)
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
    assert numbers(taken) == sorted(set(numbers(taken)))
    seen: dict[object, list[object]] = {}
    for arrival in taken:
        id_ = as_object(event_of(READERS, arrival.envelope)["new"])["id"]
        seen.setdefault(id_, []).append(arrival.envelope["event"])
    assert len(seen) == 300
    assert all(events == ["insert", "update"] for events in seen.values())


async def test_writer_that_holds_the_database_delays_only_the_deletion(path: Path) -> None:
    run(path, "INSERT INTO orders (id) VALUES (1)")
    async with opened(path) as source:
        holder = sqlite3.connect(path, isolation_level=None)
        holder.execute("BEGIN IMMEDIATE")
        found = await source.fetch(9)
        await source.done(found)
        assert await source.fetch(9) == []
        await run_on(source, source._reader.tidy)
        assert waiting(path) == 1
        holder.execute("ROLLBACK")
        holder.close()
        await run_on(source, source._reader.tidy)
        assert waiting(path) == 0


async def run_on(source: OutboxSqlite, work: Callable[[], None]) -> None:
    """On the thread of the source."""
    await source._run(work)


def waiting(path: Path) -> int:
    """Rows in the outbox."""
    with sqlite3.connect(path) as other:
        (count,) = other.execute("SELECT count(*) FROM fql_main_outbox").fetchone()
    other.close()
    return int(count)


async def test_text_that_is_no_utf8_is_a_problem_of_one_event(path: Path) -> None:
    run(
        path,
        "INSERT INTO orders (id, status) VALUES (1, CAST(x'ff41' AS TEXT))",
        "INSERT INTO orders (id, status) VALUES (2, 'fine')",
    )
    async with opened(path) as source:
        broken, fine = await source.fetch(9)
    assert "`new.status` is not UTF-8" in broken.problem
    assert "\\xffA" in broken.envelope["new"], "what came is kept"
    assert fine.problem == ""
    assert as_object(event_of(READERS, fine.envelope)["new"])["status"] == "fine"


async def test_triggers_of_another_plan_are_refused_at_start(path: Path) -> None:
    later = plan("Order.update", old=["status", "total"])
    with pytest.raises(SettingsError, match=r"FQL223.*fql_main_Order_update"):
        async with opened(path, later):
            pass


async def test_missing_database_is_said(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="there is no database"):
        async with opened(tmp_path / "none.db"):
            pass


async def test_missing_triggers_are_refused_unless_they_are_optional(path: Path) -> None:
    run(path, "DROP TRIGGER fql_main_Order_update")
    with pytest.raises(SettingsError, match="no triggers on orders"):
        async with opened(path):
            pass
    async with opened(path, triggers="optional") as source:
        assert source.health().trouble == ""


async def test_missing_triggers_are_made_where_the_settings_say_so(path: Path) -> None:
    run(path, "DROP TRIGGER fql_main_Order_update")
    async with opened(path, install=True) as source:
        run(path, "INSERT INTO orders (id) VALUES (1)", "UPDATE orders SET status = 'x'")
        assert len(await source.fetch(9)) == 2


@pytest.mark.parametrize("noticed", [True, False])
async def test_rows_of_a_replaced_file_are_not_lost_when_the_source_is_closed(
    tmp_path: Path, noticed: bool
) -> None:
    """They go into the outbox of the file that took its place, under their ids."""
    path = tmp_path / "shop.db"
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute(ORDERS)
    install(connection, PLAN, Names())
    backup = tmp_path / "backup.db"
    backup.write_bytes(path.read_bytes())
    async with opened(path) as source:
        connection.execute("INSERT INTO orders (id, status) VALUES (1, 'new')")
        (before,) = await source.fetch(1)
        connection.execute("INSERT INTO orders (id, status) VALUES (2, 'new')")
        backup.replace(path)
        if noticed:
            assert len(await source.fetch(9)) == 2
    connection.close()
    async with opened(path) as source:
        first, second = await source.fetch(9)
    assert first.position == before.position
    assert event_of(READERS, first.envelope) == event_of(READERS, before.envelope)
    assert as_object(event_of(READERS, second.envelope)["new"])["id"] == 2


async def test_a_replaced_file_is_read_without_touching_the_journal_of_the_other(
    tmp_path: Path,
) -> None:
    """With a rollback journal SQLite would take the journal beside the name for the old file's."""
    path = tmp_path / "shop.db"
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute(ORDERS)
    install(connection, PLAN, Names())
    connection.execute("INSERT INTO orders (id, status) VALUES (1, 'new')")
    backup = tmp_path / "backup.db"
    backup.write_bytes(path.read_bytes())
    async with opened(path) as source:
        connection.execute("INSERT INTO orders (id, status) VALUES (2, 'new')")
        connection.close()
        backup.replace(path)
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        other.execute("INSERT INTO orders (id, status) VALUES (3, 'new')")
        assert path.with_name("shop.db-journal").exists()
        assert len(await source.fetch(9)) == 2, "those of the old file"
        assert path.with_name("shop.db-journal").exists()
        other.execute("COMMIT")
        other.close()
