"""Capture in a real SQLite database: what it holds, what should be there, install and uninstall."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from fql.errors import StoreError, UsageError
from fql.outbox.capture import Capture, TableFacts, Trigger, capture_sql, quoted, table_name
from fql.outbox.tables import PREFIX
from fql.plan.model import Plan

BUSY_SECONDS = 10.0
"""How long a statement of ours waits for a writer of the application."""

State = Literal["installed", "missing", "differs", "obsolete"]


@dataclass(frozen=True, slots=True)
class TriggerState:
    """How one trigger in the database compares with what the plan wants."""

    name: str
    table: str
    state: State


@dataclass(frozen=True, slots=True)
class Status:
    """What `fqlc capture status` tells. `waiting` is the number of events in the outbox."""

    triggers: tuple[TriggerState, ...]
    problems: tuple[str, ...]
    outbox: bool
    waiting: int

    @property
    def in_step(self) -> bool:
        """True when nothing has to be installed and nothing stands in the way."""
        return (
            self.outbox
            and not self.problems
            and all(trigger.state == "installed" for trigger in self.triggers)
        )


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


def wanted_capture(connection: sqlite3.Connection, plan: Plan) -> Capture:
    """The statements that this plan needs in this database."""
    names = {table_name(entity) for entity in plan.entities if entity.table}
    facts = {name: table_facts(connection, name) for name in names}
    return capture_sql(plan, {name: fact for name, fact in facts.items() if fact is not None})


def status(connection: sqlite3.Connection, plan: Plan) -> Status:
    """How the database compares with the plan; changes nothing."""
    wanted = wanted_capture(connection, plan)
    present = _installed(connection)
    states = [_state(trigger, present) for trigger in wanted.triggers]
    names = {trigger.name for trigger in wanted.triggers}
    states += [
        TriggerState(name, table, "obsolete")
        for name, (table, _) in present.items()
        if name not in names
    ]
    outbox = _has_outbox(connection)
    waiting = connection.execute("SELECT count(*) FROM fql_outbox").fetchone()[0] if outbox else 0
    return Status(tuple(states), wanted.problems, outbox, waiting)


def _state(trigger: Trigger, present: Mapping[str, tuple[str, str]]) -> TriggerState:
    found = present.get(trigger.name)
    state: State = "missing" if found is None else "differs"
    if found is not None and found[1] == trigger.sql:
        state = "installed"
    return TriggerState(trigger.name, trigger.table, state)


def _installed(connection: sqlite3.Connection) -> dict[str, tuple[str, str]]:
    """Our triggers in the database: name to table and text, as SQLite keeps it."""
    rows = connection.execute(
        "SELECT name, tbl_name, sql FROM sqlite_master"
        " WHERE type = 'trigger' AND substr(name, 1, ?) = ?", (len(PREFIX), PREFIX)
    ).fetchall()  # fmt: skip
    return {name: (table, sql) for name, table, sql in rows}


def _has_outbox(connection: sqlite3.Connection) -> bool:
    found = connection.execute(
        "SELECT count(*) FROM sqlite_master"
        " WHERE name IN ('fql_outbox', 'fql_outbox_source')"
    ).fetchone()  # fmt: skip
    return bool(found[0] == 2)


def install(connection: sqlite3.Connection, plan: Plan) -> Status:
    """Create or renew tables and triggers in one transaction; events that wait are kept.

    Raises StoreError, with all problems, when a table or column is missing.
    """
    connection.execute("BEGIN IMMEDIATE")
    try:
        _install(connection, plan)
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")
    return status(connection, plan)


def _install(connection: sqlite3.Connection, plan: Plan) -> None:
    wanted = wanted_capture(connection, plan)
    if wanted.problems:
        raise StoreError(
            "capture cannot be installed: " + "; ".join(wanted.problems),
            hint="make the entities of the plan and the tables of the database agree",
        )
    for statement in wanted.statements:
        connection.execute(statement)
    present = _installed(connection)
    keep = {t.name for t in wanted.triggers if present.get(t.name, ("", ""))[1] == t.sql}
    for name in present.keys() - keep:
        connection.execute(f"DROP TRIGGER {quoted(name)}")
    for trigger in wanted.triggers:
        if trigger.name not in keep:
            connection.execute(trigger.sql)


def uninstall(connection: sqlite3.Connection, *, force: bool = False) -> int:
    """Remove all triggers and tables of ours; the number of triggers removed.

    Raises StoreError when events still wait, unless `force` gives them up.
    """
    connection.execute("BEGIN IMMEDIATE")
    try:
        removed = _uninstall(connection, force)
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")
    return removed


def _uninstall(connection: sqlite3.Connection, force: bool) -> int:
    waiting = 0
    if _has_outbox(connection):
        waiting = connection.execute("SELECT count(*) FROM fql_outbox").fetchone()[0]
    if waiting and not force:
        raise StoreError(
            f"{waiting} events wait in the outbox and would be lost",
            hint="let `fqlc run` consume them first, or give them up with --force",
        )
    present = _installed(connection)
    for name in present:
        connection.execute(f"DROP TRIGGER {quoted(name)}")
    for table in ("fql_outbox", "fql_outbox_source", "fql_replaced"):
        connection.execute(f"DROP TABLE IF EXISTS {table}")
    return len(present)
