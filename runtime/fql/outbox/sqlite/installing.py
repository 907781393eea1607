"""Putting capture into a SQLite database, and taking it out again; each in one transaction."""

# ruff: noqa: S608  (names of tables come from `Names`, which allows no other characters)
from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from fql.errors import StoreError
from fql.outbox.consumer import Reader, read_reader
from fql.outbox.sqlite.capture.sql import Capture
from fql.outbox.sqlite.database import wanted_capture
from fql.outbox.sqlite.order import overtaking
from fql.outbox.sqlite.status import Present, columns, first_format, status, tables_of, triggers_of
from fql.outbox.sqlite.tables import Names, outbox_statements
from fql.outbox.state import Changed, Status, Tables
from fql.plan.model import Plan
from fql.sql.text import quoted_name

MOVED = "entity, event, new, old, event_id, key, context, raw, at"
FIRST = "entity, event, new, old, id, key, context, raw, julianday(at)"


def install(connection: sqlite3.Connection, plan: Plan, names: Names) -> tuple[Status, Changed]:
    """Create or renew tables and triggers; events that wait are kept.

    Raises StoreError, with all problems, when a table or column is missing, or when tables with
    our names are not ours.
    """
    with _transaction(connection):
        changed = _install(connection, plan, names)
    return status(connection, plan, names), changed


def _install(connection: sqlite3.Connection, plan: Plan, names: Names) -> Changed:
    wanted = wanted_capture(connection, plan, names)
    problems = [*wanted.problems, *_unusable(tables_of(connection, names), names)]
    if problems:
        raise StoreError(
            "capture cannot be installed: " + "; ".join(problems),
            hint="make the entities of the plan and the tables of the database agree",
        )
    for statement in wanted.statements:
        connection.execute(statement)
    present = triggers_of(connection, names)
    keep = _kept(connection, wanted, present, names)
    dropped = present.keys() - keep
    for name in dropped:
        connection.execute(f"DROP TRIGGER {quoted_name(name)}")
    moved = _move_first_format(connection, names)
    made = [trigger for trigger in wanted.triggers if trigger.name not in keep]
    for trigger in made:
        connection.execute(trigger.sql)
    names_made = tuple(sorted(trigger.name for trigger in made))
    return Changed(names_made, tuple(sorted(dropped - set(names_made))), (), moved)


def _kept(
    connection: sqlite3.Connection, wanted: Capture, present: Mapping[str, Present], names: Names
) -> set[str]:
    """Triggers that stay. Those of a table are made together, in their order, and are the youngest
    when they are made: of one event SQLite fires the youngest first."""
    same = {t.name for t in wanted.triggers if t.name in present and present[t.name].sql == t.sql}
    renewed = {t.table for t in wanted.triggers if t.name not in same}
    renewed |= overtaking(connection, names, {t.table for t in wanted.triggers}).keys()
    return {t.name for t in wanted.triggers if t.name in same and t.table not in renewed}


def _unusable(tables: Tables, names: Names) -> list[str]:
    if tables == "newer":
        return [f"`{names.source}` was made by a newer fqlc than this one"]
    if tables == "foreign":
        return [f"`{names.outbox}` or a table beside it does not have the shape that fqlc gives it"]
    return []


def create_tables(connection: sqlite3.Connection, names: Names) -> None:
    """The tables that events need, without any trigger: for `fql.outbox.emit` alone. Rows of an
    older outbox that no trigger writes any more are taken over. Raises StoreError."""
    with _transaction(connection):
        found = _unusable(tables_of(connection, names), names)
        if found:
            raise StoreError(found[0], hint="use another [project] name, or rename that table")
        for statement in outbox_statements(names):
            connection.execute(statement)
        if not triggers_of(connection, names):
            _move_first_format(connection, names)


def _move_first_format(connection: sqlite3.Connection, names: Names) -> int:
    """Take over what waits in the outbox of the first format, and drop its tables. Its rows had no
    identity, so each gets one now: a row that was sent and not deleted is sent once more."""
    if not first_format(connection):
        return 0
    moved = connection.execute(
        f"INSERT INTO {names.outbox} ({MOVED}) SELECT {FIRST} FROM fql_outbox ORDER BY seq"
    ).rowcount
    for table in ("fql_outbox", "fql_outbox_source", "fql_replaced"):
        connection.execute(f"DROP TABLE IF EXISTS {table}")
    return moved


def release(connection: sqlite3.Connection, names: Names) -> Reader | None:
    """Forget which store reads the outbox; gives the one that did. Raises StoreError."""
    with _transaction(connection):
        if tables_of(connection, names) != "current":
            raise StoreError("there is no outbox of this project", hint="`fqlc capture status`")
        found = connection.execute(f"SELECT consumer FROM {names.source}").fetchone()
        connection.execute(f"UPDATE {names.source} SET consumer = NULL")
    return read_reader(found[0])


def uninstall(connection: sqlite3.Connection, names: Names, *, force: bool = False) -> Changed:
    """Remove the triggers and tables of this project, and those of the first format.

    Raises StoreError when events still wait, unless `force` gives them up.
    """
    with _transaction(connection):
        return _uninstall(connection, names, force)


def _uninstall(connection: sqlite3.Connection, names: Names, force: bool) -> Changed:
    if _unusable(tables_of(connection, names), names):
        raise StoreError(f"`{names.outbox}` or a table beside it is not of this version of fqlc")
    tables = [table for table in names.tables if columns(connection, table)]
    if first_format(connection):
        tables += ["fql_outbox", "fql_outbox_source", "fql_replaced"]
    waiting = sum(
        int(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])
        for table in tables
        if table in (names.outbox, "fql_outbox")
    )
    if waiting and not force:
        raise StoreError(
            f"{waiting} events wait in the outbox and would be lost",
            hint="let `fqlc run` consume them first, or give them up with --force",
        )
    present = triggers_of(connection, names)
    for name in present:
        connection.execute(f"DROP TRIGGER {quoted_name(name)}")
    for table in tables:
        connection.execute(f"DROP TABLE IF EXISTS {table}")
    return Changed(removed=tuple(sorted(present)), tables=tuple(tables))


@contextmanager
def _transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """Ours, or the one that is open: whoever began that ends it."""
    if connection.in_transaction:
        yield
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")
