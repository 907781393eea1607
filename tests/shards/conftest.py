"""Stores that several engines share, on one database."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

import psycopg
import pytest

from fql.store.postgresql.shared import SharedPostgresStore

Open = Callable[[], Awaitable[SharedPostgresStore]]
Admin = psycopg.Connection[tuple[object, ...]]


@pytest.fixture
async def opened(postgresql_url: str) -> AsyncIterator[Open]:
    """Opens the test's store for one more engine."""
    made: list[SharedPostgresStore] = []

    async def opening() -> SharedPostgresStore:
        store = SharedPostgresStore(postgresql_url)
        await store.open()
        made.append(store)
        return store

    yield opening
    for store in made:
        await store.close()


@pytest.fixture
def admin(postgresql_url: str) -> Iterator[Admin]:
    """A connection of somebody who may do everything."""
    with psycopg.connect(postgresql_url, autocommit=True) as connection:
        yield connection
