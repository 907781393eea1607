"""`fql.outbox.emit` in transactions of PostgreSQL, for the libraries that applications use."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from typing import Any

import psycopg
import pytest
import sqlalchemy
from psycopg.rows import dict_row
from sqlalchemy.orm import Session

import fql.outbox
from fql.errors import UsageError
from fql.outbox import emit, emit_async
from fql.outbox.postgresql.connection import connect
from fql.outbox.postgresql.installing import create_tables
from fql.outbox.postgresql.names import Names

GIVEN: dict[str, Any] = {
    "new": {"id": 1, "total": 0.1, "note": "5 % of ? :x"},
    "key": "k",
    "context": {"by": "me"},
}


@pytest.fixture
def database(postgresql_url: str) -> Iterator[str]:
    """A database with an outbox of the project `main`."""
    with connect(postgresql_url) as connection:
        create_tables(connection, Names())
    yield postgresql_url


def told(url: str) -> list[tuple[Any, ...]]:
    """What another connection sees, and that it can be read; it is taken away."""
    with psycopg.connect(url, autocommit=True) as connection:
        return connection.execute(
            "DELETE FROM fql_main.outbox RETURNING entity, event, (new->>'id')::int, key, context"
        ).fetchall()


ONE = [("Order", "insert", 1, "k", {"by": "me"})]


def test_psycopg(database: str) -> None:
    with psycopg.connect(database, row_factory=dict_row) as connection:
        emit(connection, "Order.insert", **GIVEN)
        connection.rollback()
        assert told(database) == []
        emit(connection, "Order.insert", **GIVEN)
    assert told(database) == ONE
    with psycopg.connect(database, autocommit=True) as connection:
        with pytest.raises(UsageError, match="in no transaction"):
            emit(connection, "Order.insert", new={"id": 1})
        with connection.transaction():
            emit(connection, "Order.insert", **GIVEN)
        emit(connection, "Order.insert", **GIVEN, autocommit=True)
        with pytest.raises(UsageError) as refused:
            emit(connection.cursor(), "Order.insert", new={"id": 1})
        assert "cursor.connection" in refused.value.hint
    assert told(database) == ONE * 2


async def test_psycopg_async(database: str) -> None:
    async with await psycopg.AsyncConnection.connect(database) as connection:
        with pytest.raises(UsageError) as refused:
            emit(connection, "Order.insert", new={"id": 1})
        assert "emit_async" in refused.value.hint
        await emit_async(connection, "Order.insert", **GIVEN)
    assert told(database) == ONE
    with psycopg.connect(database) as blocking, pytest.raises(UsageError) as refused:
        await emit_async(blocking, "Order.insert", new={"id": 1})
    assert "`fql.outbox.emit(...)`" in refused.value.hint


async def test_asyncpg(database: str) -> None:
    asyncpg = import_module("asyncpg")
    connection = await asyncpg.connect(database)
    with pytest.raises(UsageError) as refused:
        emit(connection, "Order.insert", new={"id": 1})
    assert "emit_async" in refused.value.hint
    with pytest.raises(UsageError, match="in no transaction"):
        await emit_async(connection, "Order.insert", new={"id": 1})
    with pytest.raises(ZeroDivisionError):
        async with connection.transaction():
            await emit_async(connection, "Order.insert", **GIVEN)
            raise ZeroDivisionError
    await connection.close()
    async with asyncpg.create_pool(database, min_size=1) as pool:
        with pytest.raises(UsageError) as refused:
            await emit_async(pool, "Order.insert", new={"id": 1})
        assert "pool.acquire()" in refused.value.hint
        async with pool.acquire() as taken, taken.transaction():
            await emit_async(taken, "Order.insert", **GIVEN)
    assert told(database) == ONE


def test_sqlalchemy(database: str) -> None:
    url = database.replace("postgresql://", "postgresql+psycopg://")
    engine = sqlalchemy.create_engine(url)
    with engine.begin() as connection:
        emit(connection, "Order.insert", **GIVEN)
    with Session(engine) as session:
        emit(session, "Order.insert", **GIVEN)
        session.rollback()
        emit(session, "Order.insert", **GIVEN)
        session.commit()
    bare = engine.execution_options(isolation_level="AUTOCOMMIT")
    with bare.connect() as connection, pytest.raises(UsageError, match="in no transaction"):
        emit(connection, "Order.insert", new={"id": 1})
    engine.dispose()
    assert told(database) == ONE * 2


@pytest.mark.parametrize("driver", ["psycopg", "asyncpg"])
async def test_sqlalchemy_async(database: str, driver: str) -> None:
    from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine

    url = database.replace("postgresql://", f"postgresql+{driver}://")
    engine = create_async_engine(url)
    async with engine.begin() as connection:
        await emit_async(connection, "Order.insert", **GIVEN)
    async with AsyncSession(engine) as session:
        await emit_async(session, "Order.insert", **GIVEN)
        await session.rollback()
    bare = engine.execution_options(isolation_level="AUTOCOMMIT")
    async with bare.connect() as connection:
        with pytest.raises(UsageError, match="in no transaction"):
            await emit_async(connection, "Order.insert", new={"id": 1})
    await engine.dispose()
    assert told(database) == ONE


def test_django(database: str) -> None:
    django = import_module("django")
    from django.conf import settings
    from django.db.utils import ConnectionHandler

    if not settings.configured:
        settings.configure()
        django.setup()
    parts = psycopg.conninfo.conninfo_to_dict(database)
    handler = ConnectionHandler({"default": {
        "ENGINE": "django.db.backends.postgresql", "NAME": parts["dbname"], "USER": parts["user"],
        "HOST": parts["host"], "PORT": parts["port"],
    }})  # fmt: skip
    connection = handler["default"]
    with pytest.raises(UsageError, match="in no transaction"):
        emit(connection, "Order.insert", new={"id": 1})
    connection.set_autocommit(False)
    emit(connection, "Order.insert", **GIVEN)
    connection.commit()
    connection.close()
    assert told(database) == ONE


def test_the_project_is_the_only_one_or_named(database: str) -> None:
    with connect(database) as connection:
        create_tables(connection, Names("shop"))
    with psycopg.connect(database) as connection:
        with pytest.raises(UsageError, match="several projects: main, shop"):
            emit(connection, "Order.insert", new={"id": 1})
        with pytest.raises(UsageError, match="project other has no outbox") as refused:
            emit(connection, "Order.insert", new={"id": 1}, project="other")
        assert "fqlc capture install" in refused.value.hint
        fql.outbox.emit(connection, "Order.insert", project="main", **GIVEN)
    assert told(database) == ONE


def test_what_cannot_carry_an_event_is_refused_and_nothing_is_written(database: str) -> None:
    """A connection that is closed, failed or may only read says so itself; no wrapper hides it."""
    url = database.replace("postgresql://", "postgresql+psycopg://")
    engine = sqlalchemy.create_engine(url)
    closed, failed, reading = (psycopg.connect(database) for _ in range(3))
    closed.close()
    with pytest.raises(psycopg.errors.DivisionByZero):
        failed.execute("SELECT 1 / 0")
    reading.read_only = True
    with engine.connect() as returned:
        pass
    session = Session(engine)
    with pytest.raises(sqlalchemy.exc.DataError):
        session.execute(sqlalchemy.text("SELECT 1 / 0"))
    given: list[tuple[Any, type[Exception]]] = [
        (closed, psycopg.OperationalError), (failed, psycopg.errors.InFailedSqlTransaction),
        (reading, psycopg.errors.ReadOnlySqlTransaction),
        (returned, sqlalchemy.exc.ResourceClosedError), (session, sqlalchemy.exc.InternalError),
        (engine, UsageError), (database, UsageError), (None, UsageError),
    ]  # fmt: skip
    for connection, expected in given:
        with pytest.raises(expected):
            emit(connection, "Order.insert", new={"id": 1})
    for one in (failed, reading, session):
        one.rollback()
        one.close()
    engine.dispose()
    assert told(database) == []


async def test_what_cannot_carry_an_event_is_refused_by_emit_async_too(database: str) -> None:
    asyncpg = import_module("asyncpg")
    from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine

    engine = create_async_engine(database.replace("postgresql://", "postgresql+asyncpg://"))
    closed = await psycopg.AsyncConnection.connect(database)
    await closed.close()
    ended, failed = [await asyncpg.connect(database) for _ in range(2)]
    await ended.close()
    transaction = failed.transaction()
    await transaction.start()
    with pytest.raises(asyncpg.DivisionByZeroError):
        await failed.execute("SELECT 1 / 0")
    session = AsyncSession(engine)
    with pytest.raises(sqlalchemy.exc.DBAPIError):
        await session.execute(sqlalchemy.text("SELECT 1 / 0"))
    given: list[tuple[Any, type[Exception]]] = [
        (closed, psycopg.OperationalError), (failed, asyncpg.InFailedSQLTransactionError),
        (ended, UsageError), (session, sqlalchemy.exc.DBAPIError), (engine, UsageError),
        (async_sessionmaker(engine), UsageError), (database, UsageError), (None, UsageError),
    ]  # fmt: skip
    for connection, expected in given:
        with pytest.raises(expected):
            await emit_async(connection, "Order.insert", new={"id": 1})
    await transaction.rollback()
    await failed.close()
    await session.close()
    await engine.dispose()
    assert told(database) == []


def test_django_in_an_atomic_block_is_taken_wrapped_and_unwrapped(database: str) -> None:
    django = import_module("django")
    from django.conf import settings
    from django.db import connections
    from django.db.transaction import atomic

    if not settings.configured:
        settings.configure()
        django.setup()
    parts = psycopg.conninfo.conninfo_to_dict(database)
    connections.settings["tried"] = connections.configure_settings({"default": {
        "ENGINE": "django.db.backends.postgresql", "NAME": parts["dbname"], "USER": parts["user"],
        "HOST": parts["host"], "PORT": parts["port"],
    }})["default"]  # fmt: skip
    connection: Any = connections["tried"]
    with atomic("tried"):
        emit(connection, "Order.insert", **GIVEN)
        emit(connection.connection, "Order.insert", **GIVEN)
        with pytest.raises(UsageError, match="CursorWrapper"):
            emit(connection.cursor(), "Order.insert", new={"id": 1})
    with pytest.raises(UsageError, match="in no transaction"):
        emit(connection.connection, "Order.insert", new={"id": 1})
    with pytest.raises(ZeroDivisionError), atomic("tried"):
        emit(connection, "Order.insert", **GIVEN)
        raise ZeroDivisionError
    connection.close()
    del connections.settings["tried"]
    assert told(database) == ONE * 2
