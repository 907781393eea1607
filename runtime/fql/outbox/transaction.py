"""`fql.outbox.emit`: an event in the application's own transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from fql.errors import UsageError
from fql.exact.writing import NotWritable, write_given
from fql.outbox.tables import PROJECT, Names, outbox_statements, project_of

Row = Mapping[str, object]
Execute = Callable[[str, Sequence[object]], Any]

_INSERT = (
    "INSERT INTO {outbox} (seq, entity, event, new, old, event_id, key, context)"
    " VALUES ({seq}, ?, ?, ?, ?, ?, ?, ?)"
)
_OUTBOXES = "SELECT name FROM sqlite_master WHERE type = 'table' AND name GLOB 'fql_*_outbox'"
_NEEDS = {"insert": (True, False), "update": (True, None), "delete": (False, True)}
"""For each event: must it, must it not, or may it (None) have `new` and `old`."""


def emit(
    connection: object,
    trigger: str,
    *,
    new: Row | None = None,
    old: Row | None = None,
    key: str | None = None,
    id: str | None = None,  # noqa: A002  (the name it has in the envelope)
    context: Mapping[str, str] | None = None,
    project: str | None = None,
) -> None:
    """Put an event into the outbox, inside the transaction that the connection is in.

    `connection` is a `sqlite3.Connection`, or a SQLAlchemy `Connection` or `Session` over SQLite.
    `trigger` is an entity and what happened: `"Order.insert"`. An insert has `new`, a delete
    `old`, an update `new` and, where observers need it, `old`; rows are by field name. A `key`
    (or `id`) that was accepted before from this outbox makes the event a duplicate.

    `project` is the `[project] name` of the plan that is to have the event; without it, it is the
    one project whose outbox is in the database, or `main` where there is none yet. Its tables
    `fql_<project>_outbox` and `fql_<project>_source` are created when they are missing; nothing
    else is, and nothing is committed here. Raises UsageError for a wrong call.
    """
    entity, event = _parse(trigger)
    _check_rows(trigger, event, new, old)
    rows = (_json(new, "new"), _json(old, "old"))
    values = (entity, event, *rows, id, key, _json(context, "context"))
    execute = _executor(connection)
    present = [str(row[0]) for row in execute(_OUTBOXES, ()).fetchall()]
    names = _names(project, present)
    if names.outbox not in present:
        for statement in outbox_statements(names):
            execute(statement, ())
    execute(_INSERT.format(outbox=names.outbox, seq=names.next_seq), values)


def _names(project: str | None, present: Sequence[str]) -> Names:
    if project is not None:
        if not PROJECT.fullmatch(project):
            raise UsageError(f"{project!r} is not the name of a project")
        return Names(project)
    found = sorted(filter(None, map(project_of, present)))
    if len(found) > 1:
        raise UsageError(
            f"the database has outboxes of several projects: {', '.join(found)}",
            hint="say which one is meant: emit(..., project=...)",
        )
    return Names(*found)


def _parse(trigger: str) -> tuple[str, str]:
    entity, _, event = trigger.partition(".")
    if not entity.isidentifier() or event not in _NEEDS:
        raise UsageError(
            f"{trigger!r} does not name an event",
            hint="write the entity and insert, update or delete, such as 'Order.insert'",
        )
    return entity, event


def _check_rows(trigger: str, event: str, new: Row | None, old: Row | None) -> None:
    for name, row, wanted in zip(("new", "old"), (new, old), _NEEDS[event], strict=True):
        if wanted is not None and wanted is not (row is not None):
            raise UsageError(f"{trigger} {'needs' if wanted else 'has no'} `{name}`")
        if row is not None and not isinstance(row, Mapping):
            raise UsageError(f"`{name}` of {trigger} must be a row, as values by field name")
        for field, value in (row or {}).items():
            if isinstance(value, datetime) and value.tzinfo is None:
                raise UsageError(
                    f"`{field}` of {trigger} is a datetime without an offset",
                    hint="give it one, such as datetime.now(tz=UTC)",
                )


def _json(value: object, name: str) -> str | None:
    try:
        return None if value is None else write_given(value, name).decode()
    except NotWritable as error:
        raise UsageError(f"the event cannot be written as JSON: {error}") from None


def _executor(connection: object) -> Execute:
    """How this kind of connection runs a statement. SQLAlchemy is recognised by its methods, so
    that it need not be imported."""
    if isinstance(connection, sqlite3.Connection):
        return connection.execute
    is_session = hasattr(connection, "get_bind")
    bound = getattr(connection, "connection")() if is_session else connection  # noqa: B009
    driver = getattr(bound, "exec_driver_sql", None)
    if driver is None:
        raise UsageError(
            f"fql.outbox.emit does not know connections of type {type(connection).__name__}",
            hint="give it a sqlite3 connection, or a SQLAlchemy connection or session",
        )
    dialect = getattr(getattr(bound, "dialect", None), "name", "")
    if dialect != "sqlite":
        raise UsageError(f"fql.outbox.emit works on SQLite, not on {dialect or 'this database'}")
    return lambda sql, values: driver(sql, tuple(values))
