"""`fql.outbox.emit` in the transactions of the libraries that applications use."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy
from sqlalchemy.orm import Session, scoped_session, sessionmaker

import fql.outbox
from fql.errors import UsageError


def told(path: Path) -> list[str]:
    """What another connection sees."""
    connection = sqlite3.connect(path)
    try:
        found = connection.execute("SELECT new FROM fql_main_outbox ORDER BY seq").fetchall()
    finally:
        connection.close()
    return [text for (text,) in found]


def test_apsw(tmp_path: Path) -> None:
    apsw = import_module("apsw")
    connection = apsw.Connection(str(tmp_path / "app.db"))
    with connection:
        fql.outbox.emit(connection, "Order.insert", new={"id": 1})
    with pytest.raises(ZeroDivisionError), connection:
        fql.outbox.emit(connection, "Order.insert", new={"id": 2})
        raise ZeroDivisionError
    connection.close()
    assert told(tmp_path / "app.db") == ['{"id":1}']


def test_peewee(tmp_path: Path) -> None:
    peewee = import_module("peewee")
    database = peewee.SqliteDatabase(str(tmp_path / "app.db"))
    proxy = peewee.DatabaseProxy()
    proxy.initialize(database)
    with database.atomic():
        fql.outbox.emit(database, "Order.insert", new={"id": 1})
    with database.atomic() as transaction:
        fql.outbox.emit(proxy, "Order.insert", new={"id": 2})
        transaction.rollback()
    database.close()
    assert told(tmp_path / "app.db") == ['{"id":1}']


def test_django(tmp_path: Path) -> None:
    django = import_module("django")
    from django.conf import settings
    from django.db.backends.sqlite3.base import DatabaseWrapper
    from django.db.utils import ConnectionHandler

    if not settings.configured:
        settings.configure()
        django.setup()
    handler = ConnectionHandler(
        {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": tmp_path / "app.db"}}
    )
    connection = handler["default"]
    assert isinstance(connection, DatabaseWrapper)
    connection.set_autocommit(False)
    fql.outbox.emit(connection, "Order.insert", new={"id": 1, "rate": "5 % of ?"})
    connection.commit()
    fql.outbox.emit(connection, "Order.insert", new={"id": 2})
    connection.rollback()
    connection.close()
    assert told(tmp_path / "app.db") == ['{"id":1,"rate":"5 % of ?"}']
    with pytest.raises(UsageError) as refused:
        fql.outbox.emit(handler, "Order.insert", new={"id": 1})
    assert "django.db.connection" in str(refused.value.hint)


async def test_aiosqlite(tmp_path: Path) -> None:
    aiosqlite = import_module("aiosqlite")
    async with aiosqlite.connect(tmp_path / "app.db") as connection:
        with pytest.raises(UsageError) as refused:
            fql.outbox.emit(connection, "Order.insert", new={"id": 1})
        assert "emit_async" in str(refused.value.hint)
        await fql.outbox.emit_async(connection, "Order.insert", new={"id": 1})
        await connection.commit()
        await fql.outbox.emit_async(connection, "Order.insert", new={"id": 2})
        await connection.rollback()
    assert told(tmp_path / "app.db") == ['{"id":1}']


async def test_asynchronous_connections_and_sessions_of_sqlalchemy(tmp_path: Path) -> None:
    from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine

    engine = create_async_engine(f"sqlite+aiosqlite:///{tmp_path / 'app.db'}")
    async with engine.begin() as connection:
        with pytest.raises(UsageError) as refused:
            fql.outbox.emit(connection, "Order.insert", new={"id": 1})
        assert "emit_async" in str(refused.value.hint)
        await fql.outbox.emit_async(connection, "Order.insert", new={"id": 1})
    async with AsyncSession(engine) as session:
        with pytest.raises(UsageError):
            fql.outbox.emit(session, "Order.insert", new={"id": 1})
        await fql.outbox.emit_async(session, "Order.insert", new={"id": 2})
        await session.rollback()
        await fql.outbox.emit_async(session, "Order.insert", new={"id": 3})
        await session.commit()
    await engine.dispose()
    assert told(tmp_path / "app.db") == ['{"id":1}', '{"id":3}']


def test_scoped_sessions_and_raw_connections_of_sqlalchemy(tmp_path: Path) -> None:
    engine = sqlalchemy.create_engine(f"sqlite:///{tmp_path / 'app.db'}")
    session: Any = scoped_session(sessionmaker(engine))
    fql.outbox.emit(session, "Order.insert", new={"id": 1})
    session.commit()
    session.remove()
    raw = engine.raw_connection()
    fql.outbox.emit(raw, "Order.insert", new={"id": 2})
    raw.commit()
    raw.close()
    engine.dispose()
    assert told(tmp_path / "app.db") == ['{"id":1}', '{"id":2}']


@pytest.mark.parametrize(
    ("made", "hint"),
    [
        (lambda: sqlite3.connect(":memory:").cursor(), "cursor.connection"),
        (lambda: "shop.db", "not a name"),
        (lambda: Path("shop.db"), "not a name"),
        (lambda: None, "a connection of sqlite3"),
        (lambda: sqlalchemy.create_engine("sqlite://"), "with engine.begin() as connection"),
        (sessionmaker, "a SQLAlchemy connection or session"),
    ],
)
def test_what_is_no_connection_is_refused_with_the_words_that_help(
    made: Callable[[], object], hint: str
) -> None:
    with pytest.raises(UsageError) as refused:
        fql.outbox.emit(made(), "Order.insert", new={"id": 1})
    assert hint in str(refused.value.hint)


async def test_emit_async_takes_no_synchronous_connection() -> None:
    engine = sqlalchemy.create_engine("sqlite://")
    with Session(engine) as session, pytest.raises(UsageError, match="emit_async cannot use"):
        await fql.outbox.emit_async(session, "Order.insert", new={"id": 1})
    engine.dispose()


def test_a_connection_in_no_transaction_is_refused_unless_that_is_meant(tmp_path: Path) -> None:
    """What it commits by itself would outlive a rollback of the rows."""
    connection = sqlite3.connect(tmp_path / "app.db", isolation_level=None)
    with pytest.raises(UsageError, match="in no transaction") as refused:
        fql.outbox.emit(connection, "Order.insert", new={"id": 1})
    assert "autocommit=True" in str(refused.value.hint)
    connection.execute("BEGIN")
    fql.outbox.emit(connection, "Order.insert", new={"id": 2})
    connection.execute("COMMIT")
    fql.outbox.emit(connection, "Order.insert", new={"id": 3}, autocommit=True)
    connection.close()
    assert told(tmp_path / "app.db") == ['{"id":2}', '{"id":3}']
