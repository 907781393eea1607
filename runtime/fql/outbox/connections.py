"""The application's own connections, of whatever library: how each runs a statement.

Libraries are recognised by the names of their classes, so that none of them must be imported or
installed. A connection that cannot be used is refused with what to do instead. Statements have `?`
for their values; each library gets them in its own style.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from fql.errors import UsageError

Values = Sequence[object]
Rows = Sequence[Sequence[Any]]
Execute = Callable[[str, Values], Rows]
Dialect = Literal["sqlite", "postgresql"]

KNOWN = (
    "a connection of sqlite3, apsw, peewee or psycopg, a SQLAlchemy connection or session, or"
    " Django's `connection`"
)
KNOWN_ASYNC = "those of psycopg's AsyncConnection, asyncpg, aiosqlite and SQLAlchemy's asyncio"
_LIKE_SQLITE3 = frozenset({"apsw", "pysqlite3", "sqlcipher3", "pysqlcipher3", "sqlean"})
_ASYNC = "it is asynchronous: use `await fql.outbox.emit_async(...)` with the same arguments"


@dataclass(frozen=True, slots=True)
class Given:
    """A connection as it was given. `open` says whether what it runs now is part of a transaction,
    begun or about to begin, rather than committed by itself."""

    dialect: Dialect
    execute: Execute
    open: bool


@dataclass(frozen=True, slots=True)
class GivenAsync:
    """The same for an asynchronous connection."""

    dialect: Dialect
    execute: Callable[[str, Values], Awaitable[Rows]]
    open: bool


def given(connection: object) -> Given:
    """How this connection runs a statement and gives its rows. Raises UsageError."""
    if isinstance(connection, sqlite3.Connection):
        return _sqlite(connection)
    if is_asynchronous(connection):
        raise _refused(connection, _ASYNC)
    libraries = _libraries(connection)
    if libraries & _LIKE_SQLITE3 and hasattr(connection, "execute"):
        return _sqlite(connection)
    for library, made in _MADE:
        if library in libraries:
            return made(connection)
    raise _refused(connection, _advice(connection))


def is_asynchronous(connection: object) -> bool:
    """Whether it belongs to SQLAlchemy's asyncio, aiosqlite, asyncpg, or psycopg's asyncio."""
    modules = _modules(connection)
    libraries = _libraries(connection)
    return (
        any(m.startswith("sqlalchemy.ext.asyncio") for m in modules)
        or "asyncpg" in libraries
        or ("aiosqlite" in libraries and hasattr(connection, "execute"))
        or ("psycopg" in libraries and "AsyncConnection" in _classes(connection))
    )


def given_async(connection: Any) -> GivenAsync | None:
    """How an asynchronous connection runs a statement; None for one of SQLAlchemy, which runs what
    is synchronous. Raises UsageError for any other."""
    if not is_asynchronous(connection):
        raise _refused(connection, _advice_async(connection), "emit_async")
    libraries = _libraries(connection)
    if "aiosqlite" in libraries:
        return GivenAsync("sqlite", _Aiosqlite(connection).execute, _is_open(connection))
    if "asyncpg" in libraries:
        if not hasattr(connection, "is_in_transaction"):
            hint = "take one of its connections: `async with pool.acquire() as connection`"
            raise _refused(connection, hint, "emit_async")
        is_open = connection.is_in_transaction()
        return GivenAsync("postgresql", _Asyncpg(connection).execute, is_open)
    if "psycopg" in libraries:
        return GivenAsync("postgresql", _PsycopgAsync(connection).execute, _begins(connection))
    if not hasattr(connection, "run_sync"):
        raise _refused(connection, f"it takes {KNOWN_ASYNC}", "emit_async")
    return None


# Asynchronous libraries -------------------------------------------------------


class _Aiosqlite:
    def __init__(self, connection: Any) -> None:
        self._connection = connection

    async def execute(self, sql: str, values: Values) -> Rows:
        async with self._connection.execute(sql, tuple(values)) as cursor:
            return list(await cursor.fetchall())


class _Asyncpg:
    def __init__(self, connection: Any) -> None:
        self._connection = connection

    async def execute(self, sql: str, values: Values) -> Rows:
        pieces = sql.split("?")
        numbered = "".join(f"{piece}${n}" for n, piece in enumerate(pieces[:-1], 1)) + pieces[-1]
        return [tuple(row) for row in await self._connection.fetch(numbered, *values)]


class _PsycopgAsync:
    def __init__(self, connection: Any) -> None:
        self._connection = connection

    async def execute(self, sql: str, values: Values) -> Rows:
        from psycopg import AsyncCursor
        from psycopg.rows import tuple_row

        async with AsyncCursor(self._connection, row_factory=tuple_row) as cursor:
            await cursor.execute(sql.replace("?", "%s").encode(), tuple(values))
            return list(await cursor.fetchall())


# Synchronous libraries --------------------------------------------------------


def _sqlite(connection: Any) -> Given:
    def execute(sql: str, values: Values) -> Rows:
        return list(connection.execute(sql, tuple(values)).fetchall())

    return Given("sqlite", execute, _is_open(connection))


def _is_open(connection: Any) -> bool:
    """Of SQLite: a transaction is open, or the next statement opens one."""
    if connection.in_transaction:
        return True
    autocommit = getattr(connection, "autocommit", None)  # from Python 3.12 on
    if isinstance(autocommit, bool):
        return not autocommit
    return getattr(connection, "isolation_level", None) is not None


def _psycopg(connection: Any) -> Given:
    from psycopg import Cursor
    from psycopg.rows import tuple_row

    if not hasattr(connection, "pgconn"):
        raise _refused(connection, "give it the connection: `cursor.connection`")

    def execute(sql: str, values: Values) -> Rows:
        with Cursor(connection, row_factory=tuple_row) as cursor:
            cursor.execute(sql.replace("?", "%s").encode(), tuple(values))
            return list(cursor.fetchall())

    return Given("postgresql", execute, _begins(connection))


def _begins(connection: Any) -> bool:
    """Of psycopg: a transaction is open, or the next statement opens one."""
    return not connection.autocommit or bool(connection.info.transaction_status)


def _peewee(connection: Any) -> Given:
    database = getattr(connection, "obj", None) or connection  # a DatabaseProxy has one inside
    if "SqliteDatabase" not in _classes(database):
        raise _refused(connection, "give it the SqliteDatabase; it works on SQLite only")

    def execute(sql: str, values: Values) -> Rows:
        return list(database.execute_sql(sql, tuple(values)).fetchall())

    return Given("sqlite", execute, _is_open(database.connection()))


def _django(connection: Any) -> Given:
    vendor = getattr(connection, "vendor", None)
    if vendor is None:
        raise _refused(connection, "give it django.db.connection, or connections['alias']")

    def execute(sql: str, values: Values) -> Rows:
        with connection.cursor() as cursor:
            if values:
                cursor.execute(sql.replace("%", "%%").replace("?", "%s"), tuple(values))
            else:
                cursor.execute(sql)
            return list(cursor.fetchall())

    is_open = bool(connection.in_atomic_block or not connection.get_autocommit())
    return Given(_dialect(connection, vendor), execute, is_open)


def _sqlalchemy(connection: Any) -> Given:
    if hasattr(connection, "driver_connection"):  # engine.raw_connection()
        return given(connection.driver_connection)
    if hasattr(connection, "connect") and not hasattr(connection, "connection"):
        raise _refused(connection, "open one: `with engine.begin() as connection`")
    bound = connection.connection() if hasattr(connection, "get_bind") else connection
    if getattr(bound, "exec_driver_sql", None) is None:
        raise _refused(connection, f"give it {KNOWN}")
    if _dialect(connection, bound.dialect.name) == "postgresql":
        is_open = bound.connection.dbapi_connection.autocommit is not True
        return Given("postgresql", _Sqlalchemy(bound).execute, is_open)

    def execute(sql: str, values: Values) -> Rows:
        found = bound.exec_driver_sql(sql, tuple(values))
        return list(found.fetchall()) if found.returns_rows else []

    return Given("sqlite", execute, _is_open(bound.connection.driver_connection))


class _Sqlalchemy:
    """Its drivers have placeholders of different styles, so SQLAlchemy is asked to write them."""

    def __init__(self, bound: Any) -> None:
        self._bound = bound

    def execute(self, sql: str, values: Values) -> Rows:
        from sqlalchemy import text

        pieces = sql.split("?")
        named = "".join(f"{piece}:v{n}" for n, piece in enumerate(pieces[:-1])) + pieces[-1]
        bound = {f"v{n}": value for n, value in enumerate(values)}
        return [tuple(row) for row in self._bound.execute(text(named), bound).fetchall()]


_MADE: tuple[tuple[str, Callable[[Any], Given]], ...] = (
    ("peewee", _peewee),
    ("django", _django),
    ("sqlalchemy", _sqlalchemy),
    ("psycopg", _psycopg),
)


# What cannot be used ----------------------------------------------------------


def _dialect(connection: object, name: str) -> Dialect:
    if name == "sqlite":
        return "sqlite"
    if name == "postgresql":
        return "postgresql"
    raise _refused(connection, f"it works on SQLite and PostgreSQL, not on {name}")


def _classes(connection: object) -> set[str]:
    return {cls.__name__ for cls in type(connection).__mro__}


def _modules(connection: object) -> list[str]:
    return [str(cls.__module__) for cls in type(connection).__mro__]


def _libraries(connection: object) -> set[str]:
    return {module.partition(".")[0] for module in _modules(connection)}


def _advice(connection: object) -> str:
    if isinstance(connection, sqlite3.Cursor):
        return "give it the connection: `cursor.connection`"
    if isinstance(connection, str) or hasattr(connection, "__fspath__"):
        return "give it the connection whose transaction the event belongs to, not a name"
    return f"give it {KNOWN}"


def _advice_async(connection: object) -> str:
    try:
        given(connection)
    except UsageError:
        return f"it takes {KNOWN_ASYNC}"
    return "it is synchronous: call `fql.outbox.emit(...)` with the same arguments"


def _refused(connection: object, hint: str, function: str = "emit") -> UsageError:
    name = f"{type(connection).__module__}.{type(connection).__qualname__}"
    return UsageError(f"fql.outbox.{function} cannot use a connection of type {name}", hint=hint)
