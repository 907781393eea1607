"""A real SQLite database: opening it, and the facts of its tables that capture needs."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from fql.errors import StoreError
from fql.outbox.fitting import Misfit, misfits, unreadable
from fql.outbox.sampling import Sample
from fql.outbox.sqlite.capture.facts import Column, Part, TableFacts, table_name
from fql.outbox.sqlite.capture.fits import fit_table
from fql.outbox.sqlite.capture.sql import Capture, capture_sql
from fql.outbox.sqlite.sampling import sample
from fql.outbox.sqlite.tables import OUTBOX_COLUMNS, REPLACED_COLUMNS, Names
from fql.outbox.wanted import wanted_of
from fql.plan.model import Plan

BUSY_SECONDS = 10.0
"""How long a statement of ours waits for a writer of the application."""

_GENERATED: Mapping[int, Literal["virtual", "stored"]] = {2: "virtual", 3: "stored"}
"""What SQLite calls `hidden`."""

_TEXT = re.compile(r"'((?:[^']|'')*)'")
_TEXTS = re.compile(rf"\s*{_TEXT.pattern}(?:\s*,\s*{_TEXT.pattern})*\s*")


@contextmanager
def opened(path: str | Path, *, writable: bool) -> Iterator[sqlite3.Connection]:
    """The application's database, which must exist. Raises StoreError, in words, for a file that
    is missing, locked, read-only or no database; also when that shows later."""
    if not Path(path).is_file():
        raise StoreError(f"there is no database file {path}")
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


_LISTED = """SELECT l.name, l.type, l.wr, l.strict, coalesce(m.sql, '') FROM pragma_table_list AS l
JOIN sqlite_master AS m ON m.name = l.name AND m.type IN ('table', 'view')
WHERE l.schema = 'main'"""


def table_facts(connection: sqlite3.Connection, name: str) -> TableFacts | None:
    """What the database says about a table or view; None when there is none of that name."""
    found = connection.execute(f"{_LISTED} AND l.name = ? COLLATE NOCASE", (name,)).fetchone()
    return None if found is None else _facts(connection, found)


def all_table_facts(connection: sqlite3.Connection) -> list[TableFacts]:
    """What the database says about each of the application's tables and views, by name."""
    listed = connection.execute(f"{_LISTED} ORDER BY l.name").fetchall()
    own = (row for row in listed if not row[0].lower().startswith(("fql_", "sqlite_")))
    return [_facts(connection, row) for row in own if row[1] in ("table", "view")]


def _facts(connection: sqlite3.Connection, listed: tuple[str, str, int, int, str]) -> TableFacts:
    name, kind, without_rowid, strict, sql = listed
    columns, key = _columns(connection, name, sql if kind == "table" else "")
    indexes = connection.execute(
        'SELECT name, origin FROM pragma_index_list(?) WHERE "unique"', (name,)
    ).fetchall()
    has_key_index = any(origin == "pk" for _, origin in indexes)
    return TableFacts(
        name=name,
        columns=columns,
        primary_key=key,
        unique=_unique_parts(connection, [name for name, origin in indexes if origin != "pk"]),
        rowid="" if without_rowid else _rowid_name({name.lower() for name in columns}),
        key_is_rowid=bool(key) and not without_rowid and not has_key_index,
        kind=kind,
        strict=bool(strict),
    )


def _columns(
    connection: sqlite3.Connection, table: str, sql: str
) -> tuple[dict[str, Column], tuple[str, ...]]:
    """The columns of a table by name, and those of its primary key in order. `sql` made it."""
    rows = connection.execute(
        'SELECT name, type, "notnull", hidden, pk FROM pragma_table_xinfo(?)', (table,)
    ).fetchall()
    found = {
        name: Column(declared, bool(not_null), _GENERATED.get(hidden, ""), checked(sql, name))
        for name, declared, not_null, hidden, _ in rows
    }
    key = sorted((place, name) for name, _, _, _, place in rows if place)
    return found, tuple(name for _, name in key)


def checked(sql: str, column: str) -> tuple[str, ...]:
    """The texts that `CHECK (column IN ('a', 'b'))` of a table allows; none where there is no such
    check."""
    name = rf"""["'`\[]?{re.escape(column)}["'`\]]?"""
    found = re.search(rf"CHECK\s*\(\s*{name}\s+IN\s*\(([^()]*)\)\s*\)", sql, re.IGNORECASE)
    if found is None or not _TEXTS.fullmatch(found[1]):
        return ()
    return tuple(text.replace("''", "'") for text in _TEXT.findall(found[1]))


def _unique_parts(
    connection: sqlite3.Connection, indexes: list[str]
) -> tuple[tuple[Part, ...], ...]:
    """The columns of unique indexes. An index on an expression has nameless parts and is left
    out: a row replaced through it alone is not seen as deleted."""
    found = []
    for index in indexes:
        rows = connection.execute(
            "SELECT name, coll FROM pragma_index_xinfo(?) WHERE key", (index,)
        ).fetchall()
        if all(name for name, _ in rows):
            found.append(tuple(Part(name, collation) for name, collation in rows))
    return tuple(sorted(found, key=lambda parts: [(p.column, p.collation) for p in parts]))


def _rowid_name(columns: set[str]) -> str:
    return next((name for name in ("rowid", "_rowid_", "oid") if name not in columns), "")


def wanted_capture(connection: sqlite3.Connection, plan: Plan, names: Names) -> Capture:
    """The statements that this plan needs in this database, under the names of its project."""
    tables = {table_name(entity) for entity in plan.entities if entity.table}
    facts = {table: table_facts(connection, table) for table in tables}
    present = {table: found for table, found in facts.items() if found is not None}
    return capture_sql(plan, present, names, widths(connection, names))


def examined(connection: sqlite3.Connection, plan: Plan) -> tuple[list[Misfit], list[Sample]]:
    """How the tables of watched entities fit, and their first rows. Changes nothing."""
    entities = [wanted.entity for wanted in wanted_of(plan)]
    found = {e.table: table_facts(connection, table_name(e)) for e in entities}
    tables = {name: facts for name, facts in found.items() if facts is not None}
    rows = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
    known = [name for (name,) in rows if not name.startswith(("fql_", "sqlite_"))]
    fits = {name: fit_table(facts) for name, facts in tables.items()}
    unfit = misfits(plan, entities, fits, known)
    absent = unreadable(unfit)
    sampled = [
        sample(connection, plan, entity, tables[entity.table])
        for entity in entities
        if entity.name not in absent
    ]
    return unfit, sampled


def widths(connection: sqlite3.Connection, names: Names) -> dict[str, int]:
    """How many columns for values those of our tables have that exist and keep any."""
    shapes = {names.outbox: OUTBOX_COLUMNS, names.replaced: REPLACED_COLUMNS}
    count = "SELECT count(*) FROM pragma_table_info(?)"
    found = {table: connection.execute(count, (table,)).fetchone()[0] for table in shapes}
    return {table: found[table] - len(shapes[table]) for table in shapes if found[table]}
