"""What a SQLite database holds of capture, compared with what a plan wants. Changes nothing."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Container, Mapping
from dataclasses import replace
from typing import NamedTuple

from fql.outbox.marks import Mark, read_mark
from fql.outbox.sqlite.capture.facts import table_name
from fql.outbox.sqlite.capture.sql import Trigger
from fql.outbox.sqlite.database import wanted_capture, widths
from fql.outbox.sqlite.order import overtaking
from fql.outbox.sqlite.tables import (
    FORMAT,
    OUTBOX_COLUMNS,
    REPLACED_COLUMNS,
    SOURCE_COLUMNS,
    Names,
    has_shape,
    project_of,
)
from fql.outbox.state import State, Status, Tables, TriggerState
from fql.outbox.wanted import wanted_of
from fql.plan.model import Plan

_FIRST_FORMAT = {
    "fql_outbox": ("seq", "entity", "event", "new", "old", "id", "key", "context", "raw", "at"),
    "fql_outbox_source": ("only_row", "incarnation"),
    "fql_replaced": ("entity", "same", "place", "old", "emitted"),
}
"""The tables of the first format, which named no project."""
_FIRST_TRIGGER = re.compile(
    r'CREATE TRIGGER "?fql_\w+"? .*\bfql_(outbox|replaced)\b', re.DOTALL | re.IGNORECASE
)


class Present(NamedTuple):
    """A trigger of ours in the database. `mark` is None for one of the first format."""

    table: str
    sql: str
    mark: Mark | None


def status(connection: sqlite3.Connection, plan: Plan, names: Names) -> Status:
    """How the database compares with the plan, with the rows that wait counted."""
    found = compared(connection, plan, names)
    waiting = _rows(connection, names.outbox) if found.tables in ("current", "incomplete") else 0
    return replace(found, waiting=waiting, others=_others(connection, names))


def compared(connection: sqlite3.Connection, plan: Plan, names: Names) -> Status:
    """The same without counting rows."""
    wanted = wanted_capture(connection, plan, names)
    present = triggers_of(connection, names)
    younger = overtaking(connection, names, {trigger.table for trigger in wanted.triggers})
    states = [_state(trigger, present, younger) for trigger in wanted.triggers]
    expected = {trigger.name for trigger in wanted.triggers}
    states += [
        TriggerState(name, found.table, "obsolete")
        for name, found in present.items()
        if name not in expected
    ]
    tables = tables_of(connection, names, triggers=bool(wanted.triggers))
    if tables == "older" and all(found.mark is not None for found in present.values()):
        tables = "none"  # nobody writes it but `emit`: `create_tables` takes it over
    if tables == "current" and min(widths(connection, names).values(), default=0) < wanted.width:
        tables = "incomplete"
    problems = (*wanted.problems, *_about_tables(tables, names))
    entities = {trigger.entity for trigger in wanted.triggers}
    uncaptured = tuple(
        table_name(one.entity) for one in wanted_of(plan) if one.entity.name not in entities
    )
    overtakers = tuple(sorted({name for found in younger.values() for name in found}))
    return Status(tuple(states), problems, tables, uncaptured, overtakers)


def _state(
    trigger: Trigger, present: Mapping[str, Present], younger: Container[str]
) -> TriggerState:
    found = present.get(trigger.name)
    state: State = "differs"
    if found is None:
        state = "missing" if _belongs(trigger, present) else "behind"
    elif found.sql == trigger.sql:
        state = "behind" if trigger.table in younger else "installed"
    elif found.mark is not None and found.mark.supplies(trigger.mark):
        state = "behind"
    return TriggerState(trigger.name, trigger.table, state)


def _belongs(trigger: Trigger, present: Mapping[str, Present]) -> bool:
    """Whether a trigger that is not there was made with its siblings, or has none. One that was
    not is wanted only since the table has another unique index."""
    found = [one.mark for one in present.values() if one.mark is not None]
    marks = [mark for mark in found if mark.supplies(trigger.mark)]
    return not marks or any(trigger.suffix in mark.suffixes for mark in marks)


def triggers_of(connection: sqlite3.Connection, names: Names) -> dict[str, Present]:
    """The triggers of this project by name, and those of the first format, which had none."""
    rows = connection.execute(
        "SELECT name, tbl_name, sql FROM sqlite_master WHERE type = 'trigger' AND name GLOB 'fql_*'"
    ).fetchall()
    found = {name: Present(table, sql, read_mark(sql)) for name, table, sql in rows}
    return {
        name: one
        for name, one in found.items()
        if (one.mark is not None and one.mark.project == names.project)
        or (one.mark is None and _FIRST_TRIGGER.match(one.sql))
    }


def tables_of(connection: sqlite3.Connection, names: Names, *, triggers: bool = False) -> Tables:
    """Whether the tables of this project are there, and can be used. With `triggers` all three
    are needed; `fql.outbox.emit` makes do with two."""
    outbox, source = columns(connection, names.outbox), columns(connection, names.source)
    if not outbox and not source:
        return "older" if first_format(connection) else "none"
    replaced = columns(connection, names.replaced)
    shapes = ((outbox, OUTBOX_COLUMNS), (source, SOURCE_COLUMNS), (replaced, REPLACED_COLUMNS))
    if any(found and not has_shape(found, wanted) for found, wanted in shapes):
        return "newer" if _format(connection, names, source) > FORMAT else "foreign"
    if not outbox or not source or (triggers and not replaced):
        return "incomplete"
    number = _format(connection, names, source)
    if not number:
        return "incomplete"
    return "newer" if number > FORMAT else "current"


def first_format(connection: sqlite3.Connection) -> bool:
    """Whether the outbox of the first format is there: exactly its columns."""
    return columns(connection, "fql_outbox") == _FIRST_FORMAT["fql_outbox"]


def columns(connection: sqlite3.Connection, table: str) -> tuple[str, ...]:
    """The columns of a table; none where there is no such table."""
    rows = connection.execute("SELECT name FROM pragma_table_info(?)", (table,))
    return tuple(row[0] for row in rows)


def _format(connection: sqlite3.Connection, names: Names, source: tuple[str, ...]) -> int:
    if "format" not in source:
        return 0
    row = connection.execute(f"SELECT max(format) FROM {names.source}").fetchone()  # noqa: S608
    return row[0] if isinstance(row[0], int) else 0


def _about_tables(tables: Tables, names: Names) -> tuple[str, ...]:
    if tables == "newer":
        return (f"`{names.source}` was made by a newer fqlc than this one",)
    if tables == "foreign":
        return (
            f"the tables `{names.outbox}`, `{names.source}`, `{names.replaced}` do not all have the"
            " shape that fqlc gives them",
        )
    return ()


def _others(connection: sqlite3.Connection, names: Names) -> dict[str, int]:
    rows = connection.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name GLOB 'fql_*_outbox'"
    ).fetchall()
    projects = filter(None, (project_of(name) for (name,) in rows))
    return {
        project: _rows(connection, Names(project).outbox)
        for project in sorted(projects)
        if project != names.project
    }


def _rows(connection: sqlite3.Connection, table: str) -> int:
    if not columns(connection, table):
        return 0
    return int(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])  # noqa: S608
