"""What a PostgreSQL database holds of capture, compared with what a plan wants. Changes nothing."""

# ruff: noqa: S608  (every name comes from `Names`, which allows no other characters)
from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from fql.outbox.marks import Mark
from fql.outbox.postgresql.capture.functions import (
    SETTINGS,
    TYPES,
    VERSION,
    Captured,
    Trigger,
    body,
    comparable,
)
from fql.outbox.postgresql.capture.needs import Capture, capture_of, tables_of
from fql.outbox.postgresql.catalog import (
    Present,
    earlier_triggers,
    quoted_table,
    tables_named,
    triggers_of,
)
from fql.outbox.postgresql.connection import Connection
from fql.outbox.postgresql.names import Names, project_of
from fql.outbox.postgresql.schema import FORMAT, OUTBOX_COLUMNS, SOURCE_COLUMNS
from fql.outbox.state import State, Status, Tables, TriggerState
from fql.plan.model import Plan

_SHAPE = """SELECT a.attname::text FROM pg_attribute AS a
WHERE a.attrelid = to_regclass(%b) AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum"""
_OTHERS = """SELECT n.nspname::text FROM pg_class AS c JOIN pg_namespace AS n
ON n.oid = c.relnamespace
WHERE c.relname = 'outbox' AND c.relkind = 'r' AND n.nspname ~ '^fql_[a-z][a-z0-9_]*$'
AND n.nspname <> %b ORDER BY 1"""


class Tabled(NamedTuple):
    """The state of our tables, and the revision that triggers supply."""

    tables: Tables
    revision: int


def status(connection: Connection, plan: Plan, names: Names) -> Status:
    """How the database compares with the plan, with the rows that wait counted."""
    found = compared(connection, plan, names)
    waiting = rows_in(connection, names) if found.tables == "current" else 0
    others = [schema for (schema,) in connection.execute(_OTHERS, (names.schema,))]
    counted = {project_of(one): rows_in(connection, Names(project_of(one))) for one in others}
    return replace(found, waiting=waiting, others=counted)


def compared(connection: Connection, plan: Plan, names: Names) -> Status:
    """The same without counting rows."""
    tables = tables_named(connection, tables_of(plan))
    wanted = capture_of(plan, tables, names)
    present = triggers_of(connection, names)
    about = tabled(connection, names)
    earlier = earlier_triggers(connection, [one.table for one in wanted.captured])
    problems = (*wanted.problems, *about_tables(about.tables, names))
    states = states_of(wanted, present, names)
    return Status(states, problems, about.tables, wanted.uncaptured, tuple(earlier))


def tabled(connection: Connection, names: Names) -> Tabled:
    """Whether our tables are there, and can be used."""
    outbox, source = (
        tuple(name for (name,) in connection.execute(_SHAPE, (table,)))
        for table in (names.outbox, names.source)
    )
    if not outbox and not source:
        return Tabled("none", 0)
    if not outbox or not source:
        return Tabled("incomplete", 0)
    if not {"format", "revision"} <= set(source):
        return Tabled("foreign", 0)
    row = connection.execute(f"SELECT format, revision FROM {names.source}").fetchone()
    if row is None:
        return Tabled("incomplete", 0)
    if row[0] > FORMAT:
        return Tabled("newer", row[1])
    shaped = outbox == OUTBOX_COLUMNS and source == SOURCE_COLUMNS
    return Tabled("current" if shaped else "foreign", row[1])


def about_tables(tables: Tables, names: Names) -> tuple[str, ...]:
    """What is wrong with them, if something is."""
    if tables == "newer":
        return (f"`{names.source}` was made by a newer fqlc than this one",)
    if tables == "foreign":
        return (
            f"the tables `{names.outbox}` and `{names.source}` do not have the shape that fqlc"
            " gives them",
        )
    return ()


def rows_in(connection: Connection, names: Names) -> int:
    """How many events wait; 0 where this role may not read them."""
    right = "SELECT has_table_privilege(%b, 'SELECT') AND has_schema_privilege(%b, 'USAGE')"
    allowed = connection.execute(right, (names.outbox, names.schema)).fetchone()
    if allowed is None or not allowed[0]:
        return 0
    row = connection.execute(f"SELECT count(*) FROM {names.outbox}").fetchone()
    return int(row[0]) if row is not None else 0


def states_of(
    wanted: Capture, present: Sequence[Present], names: Names
) -> tuple[TriggerState, ...]:
    """How each trigger compares."""
    by_place = {(quoted_place(one), one.name): one for one in present}
    states = [
        TriggerState(trigger.name, _shown(trigger.on), _state(one, trigger, by_place, names))
        for one in wanted.captured
        for trigger in wanted.triggers[one.entity]
    ]
    expected = {trigger.name for made in wanted.triggers.values() for trigger in made}
    more = {one.name: _shown(quoted_place(one)) for one in present if not one.cloned}
    return (
        *states,
        *(TriggerState(name, on, "obsolete") for name, on in more.items() if name not in expected),
    )


def _shown(table: str) -> str:
    """A quoted table for people."""
    return table.replace('"', "")


def quoted_place(one: Present) -> str:
    """The table of a trigger, quoted."""
    return quoted_table(one.schema, one.table)


def _state(
    captured: Captured, trigger: Trigger, present: Mapping[tuple[str, str], Present], names: Names
) -> State:
    found = present.get((trigger.on, trigger.name))
    if found is None:
        return "missing"
    if found.enabled not in ("O", "A"):
        return "disabled"
    if found.type != TYPES[trigger.event] or found.function != names.function(captured.entity):
        return "differs"
    if _is_same(captured, found, names) and found.tested == trigger.tested:
        return "installed"
    mark, wanted = found.mark, captured.mark(names)
    supplied = mark is not None and mark.supplies(wanted)
    unfiltered = trigger.tested or not found.tested
    return "behind" if supplied and unfiltered and _is_safe(found, mark) else "differs"


def _is_same(captured: Captured, found: Present, names: Names) -> bool:
    same = comparable(found.body) == comparable(body(captured, names, 0))
    return same and has_settings(found)


def _is_safe(found: Present, mark: Mark | None) -> bool:
    """Whether what an older function writes can still be read."""
    return mark is not None and mark.version <= VERSION and has_settings(found)


def has_settings(found: Present) -> bool:
    """Whether a function runs with the rights and settings that it needs."""
    pairs = (one.partition("=") for one in found.settings)
    settings = {name.lower(): value.strip('"') for name, _, value in pairs}
    return found.definer and settings == {k.lower(): v for k, v in SETTINGS.items()}
