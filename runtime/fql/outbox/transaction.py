"""`fql.outbox.emit`: an event in the application's own transaction."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Generator, Mapping, Sequence
from typing import Any

from fql.errors import UsageError
from fql.events.intake import EventMisfit, envelope_problems
from fql.exact.writing import NotWritable, write_given
from fql.outbox.connections import Dialect, Given, GivenAsync, Rows, Values, given, given_async
from fql.outbox.project import DEFAULT_PROJECT, PROJECT
from fql.outbox.sqlite.tables import Names, outbox_statements, project_of
from fql.plan.model import Plan

Row = Mapping[str, object]
Steps = Generator[tuple[str, Values], Rows, None]
"""Statements to be run one after the other; each is answered with its rows."""

_INSERT = (
    "INSERT INTO {outbox} (seq, entity, event, new, old, event_id, key, context)"
    " VALUES ({seq}, ?, ?, ?, ?, ?, ?, ?)"
)
_OUTBOXES = "SELECT name FROM sqlite_master WHERE type = 'table' AND name GLOB 'fql_*_outbox'"
_SCHEMAS = """SELECT n.nspname FROM pg_catalog.pg_proc p
JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
WHERE p.proname = 'emit' AND n.nspname ~ '^fql_[a-z]' ORDER BY n.nspname"""
_CALL = (
    "SELECT fql_{project}.emit(CAST(? AS text), CAST(? AS text), CAST(CAST(? AS text) AS json),"
    " CAST(CAST(? AS text) AS json), CAST(? AS text), CAST(? AS text),"
    " CAST(CAST(? AS text) AS json))"
)
"""`emit(entity text, event text, new json, old json, event_id text, key text, context json)`."""
_NEEDS = {"insert": (True, False), "update": (True, None), "delete": (False, True)}
"""For each event, whether it must, must not or (None) may have `new` and `old`."""


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
    autocommit: bool = False,
) -> None:
    """Put an event into the outbox, inside the transaction that the connection is in.

    `connection` is one of sqlite3, apsw, peewee or psycopg, a SQLAlchemy connection or session, or
    Django's `connection`, over SQLite or PostgreSQL; for asynchronous ones there is `emit_async`.
    One that is in no transaction would commit the event by itself, whatever becomes of the rows:
    it is refused, unless `autocommit=True` says that this is intended.
    `trigger` is an entity and what happened: `"Order.insert"`. An insert has `new`, a delete
    `old`, an update `new` and, where observers need it, `old`; rows are by field name. A `key`
    (or `id`) that was accepted before from this outbox makes the event a duplicate; both are texts
    of 1 to 1,000 characters. `context` holds texts by name.

    `project` is the `[project] name` of the plan that should get the event; by default the
    one project whose outbox is in the database, or `main` where there is none yet. In SQLite its
    tables `fql_<project>_outbox` and `fql_<project>_source` are created when they are missing; in
    PostgreSQL `fqlc capture install` makes them, since an application has no right to. Nothing is
    committed here. With `plan`, a warning names each entity that the plan does not have, once.

    Raises UsageError for a wrong call, EventRefused for an `id`, `key` or `context` that no engine
    would accept.
    """
    event = {"new": new, "old": old, "id": id, "key": key, "context": context}
    values = _checked(trigger, event, plan)
    found = given(connection)
    _require_transaction(found, autocommit)
    steps = _STEPS[found.dialect](values, project)
    sql, values = next(steps)
    try:
        while True:
            sql, values = steps.send(found.execute(sql, values))
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
    autocommit: bool = False,
) -> None:
    """The same for a connection of asyncpg or aiosqlite, psycopg's AsyncConnection, or an
    AsyncConnection or AsyncSession of SQLAlchemy.

    See `fql.outbox.emit` for the other arguments. Raises UsageError and EventRefused as it does.
    """
    event = {"new": new, "old": old, "id": id, "key": key, "context": context}
    values = _checked(trigger, event, plan)
    found = given_async(connection)
    if found is None:
        await connection.run_sync(emit, trigger, **event, project=project, autocommit=autocommit)
        return
    _require_transaction(found, autocommit)
    steps = _STEPS[found.dialect](values, project)
    sql, values = next(steps)
    try:
        while True:
            sql, values = steps.send(await found.execute(sql, values))
    except StopIteration:
        return


def _checked(trigger: str, given: Mapping[str, Any], plan: Plan | None) -> Values:
    """The values of the row. All is checked before the connection is looked at."""
    entity, event = _parse(trigger)
    _check_rows(trigger, event, given["new"], given["old"])
    problems = envelope_problems(given)
    if problems:
        raise EventMisfit(entity, problems)
    rows = (_json(given["new"], "new"), _json(given["old"], "old"))
    context = _json(given["context"], "context")
    _warn_of_stranger(entity, plan)
    return entity, event, *rows, given["id"], given["key"], context


def _require_transaction(found: Given | GivenAsync, autocommit: bool) -> None:
    if not (found.open or autocommit):
        raise UsageError(
            "the connection is in no transaction: the event would be committed by itself",
            hint="begin a transaction, as for the rows that it tells of; or, if the event is meant"
            " to be on its own, emit(..., autocommit=True)",
        )


def _in_postgresql(values: Values, project: str | None) -> Steps:
    present = [str(row[0]).removeprefix("fql_") for row in (yield _SCHEMAS, ())]
    name = _project(project, present)
    if name not in present:
        raise UsageError(
            f"project {name} has no outbox in this database",
            hint="make it once, as the owner of the tables: fqlc capture install --database URL",
        )
    yield _CALL.format(project=name), values


def _in_sqlite(values: Values, project: str | None) -> Steps:
    present = [str(row[0]) for row in (yield _OUTBOXES, ())]
    names = Names(_project(project, [one for one in map(project_of, present) if one]))
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


_STEPS: Mapping[Dialect, Callable[[Values, str | None], Steps]] = {
    "sqlite": _in_sqlite,
    "postgresql": _in_postgresql,
}


def _project(project: str | None, present: Sequence[str]) -> str:
    """The project that has the event: the one that is named, else the only one `present`."""
    if project is not None:
        if not PROJECT.fullmatch(project):
            raise UsageError(f"{project!r} is not the name of a project")
        return project
    if len(present) > 1:
        raise UsageError(
            f"the database has outboxes of several projects: {', '.join(sorted(present))}",
            hint="say which one is meant: emit(..., project=...)",
        )
    return present[0] if present else DEFAULT_PROJECT


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
