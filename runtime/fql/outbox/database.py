"""A real SQLite database: opening it, and the facts of its tables that capture needs."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fql.errors import StoreError, UsageError
from fql.outbox.capture import Capture, TableFacts, capture_sql, table_name
from fql.outbox.tables import Names
from fql.plan.model import Plan

BUSY_SECONDS = 10.0
"""How long a statement of ours waits for a writer of the application."""


@contextmanager
def opened(path: str | Path, *, writable: bool) -> Iterator[sqlite3.Connection]:
    """The application's database, which must exist. Raises StoreError, in words, for a file that
    is missing, locked, read-only or no database; also when that shows later."""
    if not Path(path).is_file():
        raise UsageError(f"there is no database file {path}")
    mode = "rw" if writable else "ro"
    uri = f"{Path(path).resolve().as_uri()}?mode={mode}"
    try:
        connection = sqlite3.connect(uri, uri=True, timeout=BUSY_SECONDS, isolation_level=None)
        try:
            yield connection
        finally:
            connection.close()
    except sqlite3.DatabaseError as error:
        raise StoreError(f"the database {path} cannot be used: {error}") from error


def table_facts(connection: sqlite3.Connection, name: str) -> TableFacts | None:
    """What the database says about a table or view; None when there is none of that name."""
    found = connection.execute(
        "SELECT name, type, wr FROM pragma_table_list"
        " WHERE schema = 'main' AND name = ? COLLATE NOCASE", (name,)
    ).fetchone()  # fmt: skip
    if found is None:
        return None
    real_name, kind, without_rowid = found
    columns = connection.execute(
        "SELECT name, type, pk FROM pragma_table_xinfo(?)", (real_name,)
    ).fetchall()
    key = tuple(c[0] for c in sorted(columns, key=lambda c: c[2]) if c[2])
    indexes = connection.execute(
        'SELECT name, origin FROM pragma_index_list(?) WHERE "unique"', (real_name,)
    ).fetchall()
    has_key_index = any(origin == "pk" for _, origin in indexes)
    return TableFacts(
        name=real_name,
        columns={name: declared for name, declared, _ in columns},
        primary_key=key,
        unique=_unique_columns(connection, [name for name, origin in indexes if origin != "pk"]),
        rowid="" if without_rowid else _rowid_name({c[0].lower() for c in columns}),
        key_is_rowid=bool(key) and not without_rowid and not has_key_index,
        kind=kind,
    )


def _unique_columns(
    connection: sqlite3.Connection, indexes: list[str]
) -> tuple[tuple[str, ...], ...]:
    """The columns of unique indexes. An index on an expression has nameless parts and is left
    out: a row replaced through it alone is not seen as deleted."""
    found = []
    for index in indexes:
        names = [
            row[0] for row in connection.execute("SELECT name FROM pragma_index_info(?)", (index,))
        ]
        if all(names):
            found.append(tuple(names))
    return tuple(sorted(found))


def _rowid_name(columns: set[str]) -> str:
    return next((name for name in ("rowid", "_rowid_", "oid") if name not in columns), "")


def wanted_capture(connection: sqlite3.Connection, plan: Plan, names: Names) -> Capture:
    """The statements that this plan needs in this database, under the names of its project."""
    tables = {table_name(entity) for entity in plan.entities if entity.table}
    facts = {table: table_facts(connection, table) for table in tables}
    present = {table: found for table, found in facts.items() if found is not None}
    return capture_sql(plan, present, names)
