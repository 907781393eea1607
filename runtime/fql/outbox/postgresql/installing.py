"""Installs capture in a PostgreSQL database, and removes it again; each in one transaction."""

# ruff: noqa: S608  (every name comes from `Names`, which allows no other characters)
from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from fql.errors import StoreError
from fql.outbox.consumer import Reader, read_reader
from fql.outbox.marks import Mark
from fql.outbox.postgresql.capture.functions import (
    TYPES,
    Captured,
    Trigger,
    body,
    comparable,
    function_sql,
    triggers_of_entity,
)
from fql.outbox.postgresql.capture.needs import Capture, capture_of, expanded, tables_of
from fql.outbox.postgresql.catalog import (
    Present,
    functions_of,
    tables_named,
    triggers_of,
)
from fql.outbox.postgresql.connection import Connection, in_words, wait_for_lock
from fql.outbox.postgresql.names import Names
from fql.outbox.postgresql.schema import (
    drop_statements,
    emitter_grants,
    engine_grants,
    owner_statements,
    table_statements,
)
from fql.outbox.postgresql.status import (
    about_tables,
    has_settings,
    quoted_place,
    rows_in,
    status,
    tabled,
)
from fql.outbox.state import Changed, Status, Tables
from fql.plan.model import Plan
from fql.sql.text import quoted_name

LOCK_SECONDS = 5
"""How long an install waits for a table: whoever needs the table after it waits as well."""


@dataclass(frozen=True, slots=True)
class Roles:
    """Roles that must exist: the NOLOGIN owner of everything, engines, and those that call
    `fql.outbox.emit`. Without an owner it is whoever installs."""

    owner: str = ""
    engines: tuple[str, ...] = ()
    emitters: tuple[str, ...] = ()


def install(
    connection: Connection, plan: Plan, names: Names, *, prune: bool = False,
    roles: Roles | None = None,
) -> tuple[Status, Changed]:  # fmt: skip
    """Create or renew tables, functions and triggers; events that wait are kept. What another plan
    of this project needs stays until it is installed with `prune`.

    Raises StoreError, with all problems, when a table or column is missing, or when tables with
    our names are not ours.
    """
    with _transaction(connection, names):
        changed = _install(connection, plan, names, prune=prune)
        _grant(connection, names, roles or Roles())
    return status(connection, plan, names), changed


def statements(connection: Connection, plan: Plan, names: Names) -> tuple[Capture, list[str]]:
    """What `install` would run in an empty database, for people to read, and what prevents it."""
    wanted = capture_of(plan, tables_named(connection, tables_of(plan)), names)
    made = [*table_statements(names), *(function_sql(one, names, 1) for one in wanted.captured)]
    return wanted, [*made, *(t.sql for found in wanted.triggers.values() for t in found)]


def _install(connection: Connection, plan: Plan, names: Names, *, prune: bool) -> Changed:
    tables = tables_named(connection, tables_of(plan))
    wanted = capture_of(plan, tables, names)
    problems = [*wanted.problems, *about_tables(tabled(connection, names).tables, names)]
    if problems:
        raise StoreError(
            "capture cannot be installed: " + "; ".join(problems),
            hint="make the entities of the plan and the tables of the database agree",
        )
    _run(connection, *table_statements(names))
    present = triggers_of(connection, names)
    captured = [
        one if prune else expanded(one, _mark_of(one, present), tables[one.table])
        for one in wanted.captured
    ]
    _write_functions(connection, captured, present, names)
    needed = [
        trigger
        for one in captured
        for trigger in triggers_of_entity(one, names, tables[one.table].leaves)
    ]
    return _write_triggers(connection, needed, present, prune=prune, names=names)


def _mark_of(one: Captured, present: Sequence[Present]) -> Mark | None:
    found = (mark for mark in (p.mark for p in present) if mark is not None)
    return next((mark for mark in found if mark.entity == one.entity), None)


def _write_functions(
    connection: Connection, captured: Sequence[Captured], present: Sequence[Present], names: Names
) -> None:
    """Only those that change, under a new revision: rows say under which they were written."""
    there = {one.function: comparable(one.body) for one in present if has_settings(one)}
    changed = [
        one
        for one in captured
        if there.get(names.function(one.entity)) != comparable(body(one, names, 0))
    ]
    if not changed:
        return
    count = f"UPDATE {names.source} SET revision = revision + 1 RETURNING revision"
    row = connection.execute(count.encode()).fetchone()
    revision = int(row[0]) if row is not None else 1
    for one in changed:
        name = f"{names.schema}.{quoted_name(names.function(one.entity))}"
        revoke = f"REVOKE ALL ON FUNCTION {name}() FROM PUBLIC"
        _run(connection, function_sql(one, names, revision), revoke)


def _write_triggers(
    connection: Connection, needed: Sequence[Trigger], present: Sequence[Present], *,
    prune: bool, names: Names,
) -> Changed:  # fmt: skip
    there = {(quoted_place(one), one.name): one for one in present if not one.cloned}
    wanted = {(one.on, one.name): one for one in needed}
    same = {place for place, one in wanted.items() if _is_same(one, there.get(place))}
    stale = [place for place in there if place in wanted or prune]
    dropped = [place for place in stale if place not in same]
    for on, name in dropped:
        _run(connection, f"DROP TRIGGER {quoted_name(name)} ON {on}")
    made = [one for place, one in wanted.items() if place not in same]
    _run(connection, *(one.sql for one in made))
    if prune:
        _drop_functions(connection, names)
    kept = {one.name for one in made}
    gone = {name for _, name in dropped} - {name for _, name in wanted}
    return Changed(tuple(sorted(kept)), tuple(sorted(gone)))


def _is_same(wanted: Trigger, found: Present | None) -> bool:
    return (
        found is not None
        and found.enabled in ("O", "A")
        and found.type == TYPES[wanted.event]
        and found.tested == wanted.tested
    )


def _drop_functions(connection: Connection, names: Names) -> None:
    """Those that no trigger calls any more."""
    used = {one.function for one in triggers_of(connection, names)}
    for name in functions_of(connection, names):
        if name not in used:
            _run(connection, f"DROP FUNCTION {names.schema}.{quoted_name(name)}()")


def _grant(connection: Connection, names: Names, roles: Roles) -> None:
    if roles.owner:
        functions = tuple(map(quoted_name, functions_of(connection, names)))
        _run(connection, *owner_statements(names, quoted_name(roles.owner), functions))
    for role in roles.engines:
        _run(connection, *engine_grants(names, quoted_name(role)))
    for role in roles.emitters:
        _run(connection, *emitter_grants(names, quoted_name(role)))


def create_tables(connection: Connection, names: Names) -> None:
    """The tables that events need, without any trigger: for `fql.outbox.emit` alone. Raises
    StoreError."""
    with _transaction(connection, names):
        _require_ours(connection, names)
        _run(connection, *table_statements(names))


def _require_ours(connection: Connection, names: Names) -> Tables:
    found = tabled(connection, names).tables
    if problems := about_tables(found, names):
        raise StoreError(problems[0], hint="use another [project] name, or rename that table")
    return found


def release(connection: Connection, names: Names) -> Reader | None:
    """Forget which store reads the outbox; gives the one that did. Raises StoreError."""
    with _transaction(connection, names):
        if _require_ours(connection, names) != "current":
            raise StoreError("there is no outbox of this project", hint="`fqlc capture status`")
        row = connection.execute(f"SELECT consumer FROM {names.source}".encode()).fetchone()
        _run(connection, f"UPDATE {names.source} SET consumer = NULL")
    return read_reader(row[0] if row is not None else None)


def uninstall(connection: Connection, names: Names, *, force: bool = False) -> Changed:
    """Remove triggers, functions and tables of this project, and its schema where nothing else is
    in it. Raises StoreError when events still wait, unless `force` gives them up."""
    with _transaction(connection, names):
        there = _require_ours(connection, names)
        waiting = rows_in(connection, names) if there == "current" else 0
        if waiting and not force:
            raise StoreError(
                f"{waiting} events wait in the outbox and would be lost",
                hint="let `fqlc run` consume them first, or give them up with --force",
            )
        present = [one for one in triggers_of(connection, names) if not one.cloned]
        for one in present:
            _run(connection, f"DROP TRIGGER {quoted_name(one.name)} ON {quoted_place(one)}")
        _drop_functions(connection, names)
        if there == "none":
            return Changed(removed=tuple(sorted({one.name for one in present})))
        _run(connection, *drop_statements(names))
        _drop_empty_schema(connection, names)
    removed = tuple(sorted({one.name for one in present}))
    return Changed(removed=removed, tables=(names.outbox, names.source))


_LEFT = """SELECT EXISTS (SELECT FROM pg_class WHERE relnamespace = n.oid)
OR EXISTS (SELECT FROM pg_proc WHERE pronamespace = n.oid)
OR EXISTS (SELECT FROM pg_type WHERE typnamespace = n.oid)
FROM pg_namespace AS n WHERE n.nspname = %b"""


def _drop_empty_schema(connection: Connection, names: Names) -> None:
    """A store may live in it as well."""
    row = connection.execute(_LEFT, (names.schema,)).fetchone()
    if row is not None and not row[0]:
        _run(connection, f"DROP SCHEMA {names.schema}")


def _run(connection: Connection, *statements: str) -> None:
    for statement in statements:
        connection.execute(statement.encode())


@contextmanager
def _transaction(connection: Connection, names: Names) -> Iterator[None]:
    """One install at a time; and the application never waits long because of it."""
    with in_words(f"capture in the schema {names.schema}"), connection.transaction():
        _run(connection, f"SET LOCAL lock_timeout = '{LOCK_SECONDS}s'")
        _run(connection, "SET LOCAL client_min_messages = 'warning'")
        wait_for_lock(connection, names.schema)
        yield
