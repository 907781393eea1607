"""Stores on PostgreSQL for tests: as many processes' views of one as a test wants."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

import psycopg
import pytest

from fql.store.postgresql.store import PostgresStore

Open = Callable[..., Awaitable[PostgresStore]]


@pytest.fixture
async def opened(postgresql_url: str) -> AsyncIterator[Open]:
    """Opens a store of its own on the test's database, or on the url that it is given."""
    made: list[PostgresStore] = []

    async def opening(url: str = "", schema: str = "fql_main") -> PostgresStore:
        store = PostgresStore(url or postgresql_url, schema=schema)
        await store.open()
        made.append(store)
        return store

    yield opening
    for store in made:
        await store.close()


@pytest.fixture
def admin(postgresql_url: str) -> Iterator[psycopg.Connection[tuple[object, ...]]]:
    """A connection of somebody who may do everything."""
    with psycopg.connect(postgresql_url, autocommit=True) as connection:
        yield connection
