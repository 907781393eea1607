"""DDL of SQLite, run by SQLite itself, in memory, under an authorizer that allows tables alone."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace

from fql.outbox.sqlite.database import all_table_facts
from fqlc.importing.ddl import Statement, statements
from fqlc.importing.model import Catalog
from fqlc.importing.sqlite.tables import catalog_of

_ALLOWED = frozenset({
    sqlite3.SQLITE_CREATE_TABLE, sqlite3.SQLITE_CREATE_INDEX, sqlite3.SQLITE_CREATE_VIEW,
    sqlite3.SQLITE_ALTER_TABLE, sqlite3.SQLITE_DROP_TABLE, sqlite3.SQLITE_DROP_INDEX,
    sqlite3.SQLITE_READ, sqlite3.SQLITE_SELECT, sqlite3.SQLITE_FUNCTION, sqlite3.SQLITE_REINDEX,
    sqlite3.SQLITE_DELETE, sqlite3.SQLITE_TRANSACTION,
})  # fmt: skip
_OF_SCHEMA = frozenset({"sqlite_master", "sqlite_sequence", "sqlite_temp_master"})
_MOST_STEPS = 5_000_000
"""Instructions of SQLite's machine that one statement may take."""


def read_statements(text: str, source: str, *, views: bool) -> Catalog:
    """What the tables are that the statements make."""
    problems, remarks = [], []
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        connection.set_authorizer(_authorized)
        connection.set_progress_handler(lambda: 1, _MOST_STEPS)
        for statement in _whole(text):
            reason = _ran(connection, statement)
            if reason and statement.makes_table:
                problems.append(statement.unread(source, reason))
            elif reason and "not authorized" not in reason:
                remarks.append(statement.unread(source, reason))
        connection.set_authorizer(None)
        catalog = catalog_of(all_table_facts(connection), views=views)
    found = (*catalog.problems, *problems)
    return replace(catalog, problems=found, remarks=tuple(remarks))


def _whole(text: str) -> Iterator[Statement]:
    """Statements; the body of a trigger, which has semicolons, is part of its own."""
    waiting: Statement | None = None
    for one in statements(text):
        joined = one if waiting is None else Statement(f"{waiting.text}\n{one.text}", waiting.line)
        if sqlite3.complete_statement(joined.text):
            yield joined
            waiting = None
        else:
            waiting = joined
    if waiting is not None:
        yield waiting


def _ran(connection: sqlite3.Connection, statement: Statement) -> str:
    """Why it could not be run, or nothing."""
    try:
        connection.execute(statement.text)
    except (sqlite3.Error, sqlite3.Warning) as error:
        return str(error)
    return ""


def _authorized(
    action: int, first: str | None, second: str | None, place: str | None, inner: str | None
) -> int:
    del second, place, inner
    own = first in _OF_SCHEMA and action in (sqlite3.SQLITE_INSERT, sqlite3.SQLITE_UPDATE)
    return sqlite3.SQLITE_OK if own or action in _ALLOWED else sqlite3.SQLITE_DENY
