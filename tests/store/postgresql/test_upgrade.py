"""A store of an older format is brought up to date when it is opened."""

from __future__ import annotations

import asyncio
from pathlib import Path

import psycopg
import pytest

from fql.errors import StoreError
from fql.store.choosing import RunFilter
from fql.store.postgresql.store import PostgresStore, exists
from fql.store.postgresql.tables import schema
from tests.store.postgresql.conftest import Open

Admin = psycopg.Connection[tuple[object, ...]]
FORMAT_2 = (Path(__file__).parent / "format_2.sql").read_text("utf-8")
COLUMNS = """SELECT c.relname, a.attname, format_type(a.atttypid, -1), a.attnotnull
  FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
  WHERE c.relnamespace = $1::regnamespace AND c.relkind = 'r' AND a.attnum > 0
  AND NOT a.attisdropped ORDER BY 1, 2"""
INDEXES = "SELECT indexname FROM pg_indexes WHERE schemaname = $1 ORDER BY 1"


def shape(admin: Admin, name: str) -> list[list[tuple[object, ...]]]:
    cursor = psycopg.RawCursor(admin)
    return [cursor.execute(query.encode(), (name,)).fetchall() for query in (COLUMNS, INDEXES)]


async def test_a_store_of_format_2_is_upgraded_by_the_first_of_many(
    opened: Open, postgresql_url: str, admin: Admin
) -> None:
    admin.execute(FORMAT_2.encode())
    assert exists(postgresql_url, "fql_main")
    stores = await asyncio.gather(*(opened() for _ in range(4)))
    await opened(schema="fql_new")
    assert shape(admin, "fql_main") == shape(admin, "fql_new")
    plans, active = await stores[0].plans()
    assert ([plan.short for plan in plans], active) == (["p1", "p2"], "p1")
    lease = await stores[0].acquire("new")
    snapshot = await stores[0].load(lease)
    assert (snapshot.clean, snapshot.open_runs, lease.session > 7) == (True, 1, True)
    (loaded,) = await stores[1].runs(RunFilter())
    assert (loaded.run.id, loaded.run.shard, loaded.run.number) == (11, 5, 1)


async def test_an_engine_of_format_2_that_still_works_is_named(
    postgresql_url: str, admin: Admin
) -> None:
    admin.execute(FORMAT_2.encode())
    admin.execute("UPDATE fql_main.fql_session SET state = 'live', expires = now() + '1 minute'")
    with pytest.raises(StoreError, match="in use: its engine is process old") as caught:
        await PostgresStore(postgresql_url).open()
    assert "then the store is upgraded" in caught.value.hint
    admin.execute("UPDATE fql_main.fql_session SET expires = now() - interval '1 second'")
    store = PostgresStore(postgresql_url)
    await store.open()
    await store.close()
    found = admin.execute("SELECT value FROM fql_main.fql_meta WHERE name = 'version'").fetchone()
    assert found == (str(schema.FORMAT),)
