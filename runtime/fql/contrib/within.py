"""Capture installed on the application's own connection, within the transaction of a migration.

A second connection would wait for the locks of that transaction, and it for the second one.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, cast

from fql.errors import StoreError, UsageError
from fql.outbox.driver import require_driver
from fql.outbox.sqlite import installing as sqlite_installing
from fql.outbox.sqlite.tables import Names as SqliteNames
from fql.plan.model import Plan

if TYPE_CHECKING:
    from fql.outbox.postgresql.connection import Connection


def install_within(connection: object, plan: Plan, project: str) -> list[str]:
    """Create or renew what the plan needs, and give the names of new triggers. `connection` is one
    of sqlite3, psycopg, SQLAlchemy or Django; where no transaction is open on it, this is one.
    Raises StoreError where tables and plan disagree, UsageError for another connection."""
    raw = driver_connection(connection)
    if isinstance(raw, sqlite3.Connection):
        return _in_sqlite(raw, plan, project)
    if type(raw).__module__.partition(".")[0] != "psycopg":
        raise UsageError(
            f"capture cannot be installed on a connection of {type(raw).__module__}",
            hint="use the driver psycopg (postgresql+psycopg://), or `fqlc capture install`",
        )
    return _on_server(raw, plan, project)


def driver_connection(connection: Any) -> object:
    """What a library of connections has inside: SQLAlchemy's and Django's, the rest is as it is."""
    if hasattr(connection, "ensure_connection"):  # Django
        connection.ensure_connection()
        return connection.connection
    if hasattr(connection, "exec_driver_sql"):  # SQLAlchemy
        return connection.connection.driver_connection
    return connection


def _in_sqlite(connection: sqlite3.Connection, plan: Plan, project: str) -> list[str]:
    shape, connection.row_factory = connection.row_factory, None
    try:
        _, changed = sqlite_installing.install(connection, plan, SqliteNames(project))
    except sqlite3.DatabaseError as error:
        raise StoreError(f"capture cannot be installed: {error}") from error
    finally:
        connection.row_factory = shape
    return list(changed.made)


def _on_server(connection: Any, plan: Plan, project: str) -> list[str]:
    require_driver()
    from fql.outbox.postgresql import installing
    from fql.outbox.postgresql.names import Names

    with _plain(connection) as plain:
        _, changed = installing.install(plain, plan, Names(project))
    return list(changed.made)


@contextmanager
def _plain(connection: Any) -> Iterator[Connection]:
    """The connection with cursors and rows as psycopg has them by default."""
    from psycopg import Cursor
    from psycopg.rows import tuple_row

    before = connection.cursor_factory, connection.row_factory
    connection.cursor_factory, connection.row_factory = Cursor, tuple_row
    try:
        yield cast("Connection", connection)
    finally:
        connection.cursor_factory, connection.row_factory = before
