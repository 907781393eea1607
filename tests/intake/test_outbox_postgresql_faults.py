"""What happens to a PostgreSQL server below a source: nothing is stranded, nothing is lost."""

from __future__ import annotations

import asyncio
import logging
import random
import threading
import time
from itertools import pairwise

import psycopg
import pytest
from tests.intake.test_outbox_postgresql import keys, opened, run, url, waiting

from fql.intake.port import Arrival
from fql.intake.postgresql.reader import PostgreSQLReader

__all__ = ["url"]


def write(url: str, first: int, count: int) -> None:
    """Transactions of several rows that stay open for a while; a third is rolled back."""
    chance = random.Random(first)
    with psycopg.connect(url) as connection:
        for number in range(first, first + count):
            connection.execute("INSERT INTO orders (id, status) VALUES (%s, 'x')", (number,))
            if number % 3 == 2:
                threading.Event().wait(chance.random() / 100)
                connection.rollback()
            elif number % 3 == 1:
                connection.commit()
        connection.commit()


async def test_late_commits_and_gaps_strand_nothing(url: str) -> None:
    """Four writers commit out of the order in which they drew their numbers."""
    writers = [threading.Thread(target=write, args=(url, 1000 * n, 120)) for n in range(1, 5)]
    taken: list[Arrival] = []
    async with opened(url) as source:
        for writer in writers:
            writer.start()
        quiet = 0
        while quiet < 3:
            found = await source.fetch(50)
            taken += found
            await source.done(found)
            if not found:
                await source.wait(0.3)
                quiet += not any(writer.is_alive() for writer in writers)
    with psycopg.connect(url) as connection:
        rows = connection.execute("SELECT id FROM orders ORDER BY id").fetchall()
    assert sorted(keys(taken)) == [number for (number,) in rows]
    assert waiting(url) == 0


async def test_a_row_that_commits_after_higher_numbers_were_read_is_read(url: str) -> None:
    async with opened(url) as source:
        with psycopg.connect(url) as late:
            late.execute("INSERT INTO orders (id, status) VALUES (1, 'late')")
            run(url, "INSERT INTO orders (id, status) VALUES (2, 'early')")
            found = await source.fetch(10)
            assert keys(found) == [2]
            await source.done(found)
            for _ in range(3):
                assert await source.fetch(10) == []
                await source.wait(0.6)
        assert keys(await source.fetch(10)) == [1]


async def test_a_sequence_that_was_set_back_is_reported_and_strands_nothing(
    url: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fql.intake.postgresql.reader.LOOK_SECONDS", 0.0)
    monkeypatch.setattr("fql.intake.postgresql.reader.MARK_SECONDS", 0.0)
    async with opened(url) as source:
        run(url, "INSERT INTO orders (id, status) SELECT n, 'x' FROM generate_series(1, 9) AS n")
        await source.done(await source.fetch(10))
        for _ in range(4):
            assert await source.fetch(10) == []
        run(url, "SELECT setval('fql_main.outbox_seq_seq', 1, false)")
        run(url, "INSERT INTO orders (id, status) VALUES (10, 'x')")
        with caplog.at_level(logging.WARNING):
            found = await source.fetch(10) or await source.fetch(10)
        assert keys(found) == [10]
        assert "went back from 9 to 1" in caplog.text
        assert source.health().restored == 1


async def test_a_connection_that_was_ended_is_made_again_quietly(url: str) -> None:
    async with opened(url) as source:
        end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE"
        run(url, f"{end} 'fqlc source%'", "INSERT INTO orders (id, status) VALUES (1, 'x')")
        assert keys(await source.fetch(10)) == [1]
        assert source.health().trouble == ""


async def test_triggers_that_go_are_trouble_until_they_are_back(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fql.intake.postgresql.reader.LOOK_SECONDS", 0.0)
    async with opened(url) as source:
        run(url, "ALTER TABLE orders DISABLE TRIGGER ALL")
        await source.fetch(10)
        assert "are disabled; changes since" in source.health().trouble
        assert source.health().captured == {"public.orders": False}
        run(url, "ALTER TABLE orders ENABLE TRIGGER ALL")
        await source.fetch(10)
        assert source.health().trouble == ""
    async with opened(url, install=True) as source:
        run(url, 'DROP TRIGGER "!fql_main.Order.insert" ON orders')
        await source.fetch(10)
        run(url, "INSERT INTO orders (id, status) VALUES (1, 'x')")
        assert keys(await source.fetch(10)) == [1]


async def test_waiting_ends_when_a_row_is_committed(url: str) -> None:
    async with opened(url) as source:
        waiter = asyncio.create_task(source.wait(20))
        await asyncio.sleep(0.05)
        run(url, "INSERT INTO orders (id, status) VALUES (1, 'x')")
        await asyncio.wait_for(waiter, 5)
        assert keys(await source.fetch(10)) == [1]


async def test_a_transaction_that_stays_open_is_named_until_it_ends(
    url: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("fql.intake.postgresql.reader.LOOK_SECONDS", 0.0)
    monkeypatch.setattr("fql.intake.postgresql.reader.MARK_SECONDS", 0.0)
    monkeypatch.setattr("fql.intake.postgresql.reader.LONG_SECONDS", 0.0)
    async with opened(url) as source:
        with psycopg.connect(url, application_name="a report") as late:
            late.execute("INSERT INTO orders (id, status) VALUES (1, 'late')")
            run(url, "INSERT INTO orders (id, status) VALUES (2, 'early')")
            await source.done(await source.fetch(10))
            for _ in range(3):
                assert await source.fetch(10) == []
            assert "(application 'a report'), open since 20" in source.health().notice
            assert f"pid {late.info.backend_pid} of" in caplog.text
            late.commit()
        assert keys(await source.fetch(10)) == [1]
        await source.done(await source.fetch(10))
        for _ in range(3):
            await source.fetch(10)
        assert source.health().notice == ""


async def test_an_outbox_without_news_is_looked_at_ever_less_often(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From each 5 ms to each 250 ms, and often again after a row."""
    async with opened(url) as source:
        assert await source.fetch(10) == []
        looks: list[float] = []
        has_news = PostgreSQLReader.has_news

        def counted(reader: PostgreSQLReader) -> bool:
            looks.append(time.monotonic())
            return has_news(reader)

        monkeypatch.setattr(PostgreSQLReader, "has_news", counted)
        await source.wait(2.5)
        assert 4 <= len(looks) <= 30, "300 looks would be one each 8 ms"
        assert max(later - one for one, later in pairwise(looks)) > 0.15
        run(url, "INSERT INTO orders (id, status) VALUES (1, 'x')")
        await source.wait(5)
        await source.done(await source.fetch(10))
        looks.clear()
        await source.wait(0.3)
        assert len(looks) >= 3
