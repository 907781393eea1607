"""The application's own connections, of whatever library: how each runs a statement.

Libraries are recognised by the names of their classes, so that none of them must be imported or
installed. What cannot be used is refused with the words that help.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from fql.errors import UsageError

Values = Sequence[object]
Rows = Sequence[Sequence[Any]]
Execute = Callable[[str, Values], Rows]

KNOWN = (
    "a connection of sqlite3, apsw or peewee, a SQLAlchemy connection or session, or Django's"
    " `connection`"
)
_LIKE_SQLITE3 = frozenset({"apsw", "pysqlite3", "sqlcipher3", "pysqlcipher3", "sqlean"})
_ASYNC = "it is asynchronous: `await fql.outbox.emit_async(...)` with the same arguments"


def executor(connection: object) -> Execute:
    """How this connection runs a statement and gives its rows. Raises UsageError."""
    if isinstance(connection, sqlite3.Connection):
        return _by_execute(connection)
    if is_asynchronous(connection):
        raise _refused(connection, _ASYNC)
    libraries = _libraries(connection)
    if libraries & _LIKE_SQLITE3 and hasattr(connection, "execute"):
        return _by_execute(connection)
    for library, made in (("peewee", _peewee), ("django", _django), ("sqlalchemy", _sqlalchemy)):
        if library in libraries:
            return made(connection)
    raise _refused(connection, _advice(connection))


def is_asynchronous(connection: object) -> bool:
    """Whether it belongs to SQLAlchemy's asyncio or to aiosqlite."""
    modules = _modules(connection)
    return any(m.startswith("sqlalchemy.ext.asyncio") for m in modules) or _is_aiosqlite(connection)


def async_executor(connection: object) -> Callable[[str, Values], Awaitable[Rows]] | None:
    """How an aiosqlite connection runs a statement; None for any other."""
    return _Aiosqlite(connection).execute if _is_aiosqlite(connection) else None


class _Aiosqlite:
    def __init__(self, connection: Any) -> None:
        self._connection = connection

    async def execute(self, sql: str, values: Values) -> Rows:
        async with self._connection.execute(sql, tuple(values)) as cursor:
            return list(await cursor.fetchall())


def _is_aiosqlite(connection: object) -> bool:
    return "aiosqlite" in _libraries(connection) and hasattr(connection, "execute")


def _modules(connection: object) -> list[str]:
    return [str(cls.__module__) for cls in type(connection).__mro__]


def _libraries(connection: object) -> set[str]:
    return {module.partition(".")[0] for module in _modules(connection)}


def _by_execute(connection: Any) -> Execute:
    return lambda sql, values: list(connection.execute(sql, tuple(values)).fetchall())


def _peewee(connection: Any) -> Execute:
    database = getattr(connection, "obj", None) or connection  # a DatabaseProxy has one inside
    if "SqliteDatabase" not in {cls.__name__ for cls in type(database).__mro__}:
        raise _refused(connection, "give it the SqliteDatabase; it works on SQLite only")
    return lambda sql, values: list(database.execute_sql(sql, tuple(values)).fetchall())


def _django(connection: Any) -> Execute:
    vendor = getattr(connection, "vendor", None)
    if vendor is None:
        raise _refused(connection, "give it django.db.connection, or connections['alias']")
    if vendor != "sqlite":
        raise _refused(connection, f"it works on SQLite, not on {vendor}")

    def execute(sql: str, values: Values) -> Rows:
        with connection.cursor() as cursor:
            if values:
                cursor.execute(sql.replace("%", "%%").replace("?", "%s"), tuple(values))
            else:
                cursor.execute(sql)
            return list(cursor.fetchall())

    return execute


def _sqlalchemy(connection: Any) -> Execute:
    if hasattr(connection, "driver_connection"):  # engine.raw_connection()
        return executor(connection.driver_connection)
    if hasattr(connection, "connect") and not hasattr(connection, "connection"):
        raise _refused(connection, "open one: `with engine.begin() as connection`")
    bound = connection.connection() if hasattr(connection, "get_bind") else connection
    driver = getattr(bound, "exec_driver_sql", None)
    if driver is None:
        raise _refused(connection, f"give it {KNOWN}")
    dialect = bound.dialect.name
    if dialect != "sqlite":
        raise _refused(connection, f"it works on SQLite, not on {dialect}")

    def execute(sql: str, values: Values) -> Rows:
        found = driver(sql, tuple(values))
        return list(found.fetchall()) if found.returns_rows else []

    return execute


def _advice(connection: object) -> str:
    if isinstance(connection, sqlite3.Cursor):
        return "give it the connection: `cursor.connection`"
    if isinstance(connection, str) or hasattr(connection, "__fspath__"):
        return "give it the connection whose transaction the event belongs to, not a name"
    return f"give it {KNOWN}"


def _refused(connection: object, hint: str) -> UsageError:
    name = f"{type(connection).__module__}.{type(connection).__qualname__}"
    return UsageError(f"fql.outbox.emit cannot use a connection of type {name}", hint=hint)
