"""`fql.outbox.emit`: an event in the application's own transaction."""

from __future__ import annotations

import warnings
from collections.abc import Generator, Mapping, Sequence
from typing import Any

from fql.errors import UsageError
from fql.events.intake import EventMisfit, envelope_problems
from fql.exact.writing import NotWritable, write_given
from fql.outbox.connections import Rows, Values, async_executor, executor, is_asynchronous
from fql.outbox.tables import PROJECT, Names, outbox_statements, project_of
from fql.plan.model import Plan

Row = Mapping[str, object]
Steps = Generator[tuple[str, Values], Rows, None]
"""Statements to be run one after the other; each is answered with its rows."""

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
    plan: Plan | None = None,
) -> None:
    """Put an event into the outbox, inside the transaction that the connection is in.

    `connection` is one of sqlite3, apsw or peewee, a SQLAlchemy connection or session, or Django's
    `connection`, over SQLite; for asynchronous ones there is `emit_async`.
    `trigger` is an entity and what happened: `"Order.insert"`. An insert has `new`, a delete
    `old`, an update `new` and, where observers need it, `old`; rows are by field name. A `key`
    (or `id`) that was accepted before from this outbox makes the event a duplicate; both are texts
    of 1 to 1,000 characters. `context` holds texts by name.

    `project` is the `[project] name` of the plan that is to have the event; without it, it is the
    one project whose outbox is in the database, or `main` where there is none yet. Its tables
    `fql_<project>_outbox` and `fql_<project>_source` are created when they are missing; nothing
    else is, and nothing is committed here. With `plan`, an entity that it does not have is warned
    of, once for each name.

    Raises UsageError for a wrong call, EventRefused for an `id`, `key` or `context` that no engine
    would take.
    """
    given = {"new": new, "old": old, "id": id, "key": key, "context": context}
    steps = _steps(trigger, given, project, plan)
    execute = executor(connection)
    sql, values = next(steps)
    try:
        while True:
            sql, values = steps.send(execute(sql, values))
    except StopIteration:
        return


async def emit_async(
    connection: Any,
    trigger: str,
    *,
    new: Row | None = None,
    old: Row | None = None,
    key: str | None = None,
    id: str | None = None,  # noqa: A002  (the name it has in the envelope)
    context: Mapping[str, str] | None = None,
    project: str | None = None,
    plan: Plan | None = None,
) -> None:
    """The same for an AsyncConnection or AsyncSession of SQLAlchemy, or a connection of aiosqlite.

    See `fql.outbox.emit` for the other arguments. Raises UsageError and EventRefused as it does.
    """
    given = {"new": new, "old": old, "id": id, "key": key, "context": context}
    steps = _steps(trigger, given, project, plan)
    execute = async_executor(connection)
    if execute is None:
        if not is_asynchronous(connection) or not hasattr(connection, "run_sync"):
            name = type(connection).__name__
            raise UsageError(
                f"fql.outbox.emit_async cannot use a connection of type {name}",
                hint="it takes those of SQLAlchemy's asyncio and of aiosqlite; others: emit(...)",
            )
        await connection.run_sync(emit, trigger, **given, project=project, plan=plan)
        return
    sql, values = next(steps)
    try:
        while True:
            sql, values = steps.send(await execute(sql, values))
    except StopIteration:
        return


def _steps(trigger: str, given: Mapping[str, Any], project: str | None, plan: Plan | None) -> Steps:
    """All is checked before the first statement is asked for."""
    entity, event = _parse(trigger)
    _check_rows(trigger, event, given["new"], given["old"])
    problems = envelope_problems(given)
    if problems:
        raise EventMisfit(entity, problems)
    rows = (_json(given["new"], "new"), _json(given["old"], "old"))
    context = _json(given["context"], "context")
    _warn_of_stranger(entity, plan)
    return _statements((entity, event, *rows, given["id"], given["key"], context), project)


def _statements(values: Values, project: str | None) -> Steps:
    present = [str(row[0]) for row in (yield _OUTBOXES, ())]
    names = _names(project, present)
    if names.outbox not in present:
        for statement in outbox_statements(names):
            yield statement, ()
    yield _INSERT.format(outbox=names.outbox, seq=names.next_seq), values


def _warn_of_stranger(entity: str, plan: Plan | None) -> None:
    """Python shows each such warning once."""
    if plan is not None and all(known.name != entity for known in plan.entities):
        warnings.warn(
            f"the plan has no entity {entity}: its events will be ignored",
            UserWarning,
            stacklevel=4,
        )


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
    entity, _, event = trigger.partition(".") if isinstance(trigger, str) else ("", "", "")
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
            raise UsageError(f"`{name}` of {trigger} must be a mapping of field names to values")


def _json(value: object, name: str) -> str | None:
    try:
        return None if value is None else write_given(value, name).decode()
    except NotWritable as error:
        raise UsageError(f"the event cannot be written as JSON: {error}") from None
