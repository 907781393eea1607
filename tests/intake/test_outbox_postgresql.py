"""The PostgreSQL outbox as a source, on a real server with other connections writing."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import psycopg
import pytest
from tests.outbox.plans import plan
from tests.outbox.postgresql.conftest import ORDERS

from fql.engine.process.arrivals.outbox_rows import event_of
from fql.errors import SettingsError, StoreError
from fql.intake.port import Arrival, Consumer
from fql.intake.postgresql.source import OutboxPostgreSQL
from fql.outbox.postgresql.connection import connect
from fql.outbox.postgresql.installing import install, release
from fql.outbox.postgresql.names import Names
from fql.outbox.readers import readers_of
from fql.plan.model import Plan

PLAN = plan("Order.insert", "Order.update", "Order.delete", old=["status"])
STORE = Consumer("s1", "/somewhere/fql.db")


@pytest.fixture
def url(postgresql_url: str) -> str:
    """A database with a captured table."""
    run(postgresql_url, ORDERS)
    with connect(postgresql_url) as connection:
        install(connection, PLAN, Names())
    return postgresql_url


@asynccontextmanager
async def opened(
    url: str, plan: Plan = PLAN, consumer: Consumer = STORE, **options: Any
) -> AsyncIterator[OutboxPostgreSQL]:
    """The source, open."""
    source = OutboxPostgreSQL("shop", url, **options)
    await source.open(plan, consumer)
    try:
        yield source
    finally:
        await source.close()


def run(url: str, *statements: str) -> None:
    """What some client of the database does."""
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement.encode())


def waiting(url: str) -> int:
    """Rows in the outbox."""
    with psycopg.connect(url) as connection:
        row = connection.execute("SELECT count(*) FROM fql_main.outbox").fetchone()
        return 0 if row is None else int(row[0])


def keys(arrivals: list[Arrival]) -> list[int]:
    """The orders that events are about."""
    rows = [one.envelope.get("new") or one.envelope["old"] for one in arrivals]
    return [json.loads(row)["id"] for row in rows]


async def test_captured_row_arrives_as_an_event_with_values_of_the_entity(url: str) -> None:
    async with opened(url) as source:
        run(url, "INSERT INTO orders VALUES (1, 'a@b.c', 'new', 19.99, true, '2026-03-02 14:00Z')")
        (arrival,) = await source.fetch(10)
        assert arrival.problem == ""
        assert arrival.envelope.pop("timestamp").endswith("Z")
        found: Any = event_of(readers_of(PLAN), arrival.envelope)["new"]
        assert {k: str(v) if k == "total" else v for k, v in found.items()} == {
            "id": 1, "email": "a@b.c", "status": "new", "total": "19.99", "paid": True,
            "at": "2026-03-02T14:00:00+00:00",
        }  # fmt: skip
        assert (arrival.envelope["entity"], arrival.envelope["event"]) == ("Order", "insert")
        assert arrival.row is not None
        assert (arrival.position, arrival.row.number) == (arrival.row.id.hex(), 1)


async def test_rows_are_given_until_they_are_done_and_then_deleted(url: str) -> None:
    async with opened(url) as source:
        run(url, "INSERT INTO orders (id, status) VALUES (1, 'new'), (2, 'new')")
        first = await source.fetch(10)
        assert keys(await source.fetch(10)) == keys(first) == [1, 2]
        await source.done(first)
        assert await source.fetch(10) == []
        assert waiting(url) == 0
        assert source.gone() == [one.row.id for one in first if one.row]
        assert source.gone() == []


async def test_another_store_is_refused_until_released(url: str) -> None:
    async with opened(url, consumer=Consumer("s1", "postgresql://one/db")):
        pass
    with pytest.raises(StoreError, match="read by another store"):
        async with opened(url, consumer=Consumer("s2", "postgresql://other/db")):
            pass
    with connect(url) as connection:
        found = release(connection, Names())
    assert found is not None
    assert found.where == "postgresql://one/db"
    async with opened(url, consumer=Consumer("s2", "postgresql://other/db")):
        pass


async def test_missing_triggers_refuse_a_start(url: str) -> None:
    run(url, 'DROP TRIGGER "!fql_main.Order.insert" ON orders')
    with pytest.raises(SettingsError, match="no triggers on"):
        async with opened(url):
            pass
    async with opened(url, install=True) as source:
        run(url, "INSERT INTO orders (id, status) VALUES (1, 'new')")
        assert keys(await source.fetch(10)) == [1]
