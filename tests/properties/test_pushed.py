"""Triggers that test a condition before they write never lose an event that it would match."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from datetime import UTC, datetime
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fql.engine.program.match import scope_of
from fql.errors import EventRefused
from fql.events.intake import Intake
from fql.expressions.compile import compile_condition
from fql.outbox.installing import install
from fql.outbox.rows import row_reader
from fql.outbox.tables import Names
from fql.plan.expressions import Expr
from fql.plan.model import Observer, Plan, Requirements, Trigger
from fql.plan.nodes import dump_expression
from tests.outbox.conftest import Kept, kept
from tests.properties import strategies
from tests.properties.test_sql import _stored

ALL, MAIN = Names("all"), Names("main")
KINDS = ("insert", "update", "delete")
FIELDS = [name for name in strategies.FIELDS if name != "id"]
THING = strategies.PLAN.entities[0].model_copy(update={"table": "things"})
INTAKE = Intake(strategies.PLAN)
READER = row_reader(THING.fields)

declared = st.sampled_from(
    ["", "TEXT", "TEXT COLLATE NOCASE", "NUMERIC", "INTEGER", "REAL", "DATETIME", "TEXT NOT NULL"]
)
keys = st.sampled_from(["id TEXT PRIMARY KEY", "id PRIMARY KEY", "id TEXT UNIQUE, k INTEGER"])
odd = st.sampled_from(
    [None, b"\x00\xff", "abc", "", 9e999, -9e999, 1.5, -0.0, 2**60, 2**53 + 1, 1e-7, 0.1 + 0.2,
     "1e5", " 5", "00.10", "1.000000000000001", "999999999.0000001", "12.3.4", "-", "true", 2,
     "RED", "red\x00", "0", "1"]
)  # fmt: skip


def observer(kind: str, condition: Expr | None) -> Observer:
    """One that watches this kind of event, with all old values."""
    return Observer(
        name=f"on_{kind}",
        on=(Trigger.model_validate({"entity": "Thing", "event": kind}),),
        requires=Requirements(old_values=tuple(strategies.FIELDS)),
        when=None if condition is None else dump_expression(condition),
        nodes=(),
        edges=(),
    )


def plan(observers: list[Observer]) -> Plan:
    """A plan over the table of things."""
    update = {"entities": (THING,), "observers": tuple(observers)}
    return strategies.PLAN.model_copy(update=update)


@st.composite
def rows(draw: st.DrawFn) -> dict[str, Any]:
    """A row as an application stores it, some cells perhaps of another kind."""
    typed = draw(strategies.rows(sql="sqlite"))
    row = {name: _stored(typed[name], type_) for name, type_ in strategies.FIELDS.items()}
    for name in draw(st.sets(st.sampled_from(FIELDS), max_size=2)):
        row[name] = draw(odd)
    return row


@st.composite
def histories(draw: st.DrawFn) -> list[tuple[str, tuple[object, ...]]]:
    """Statements on one or two rows."""
    first, second = draw(rows()), draw(rows())
    ids = draw(st.sampled_from([("a", "a"), ("a", "A"), ("a", "b")]))
    first["id"], second["id"] = ids
    for name in draw(st.sets(st.sampled_from(FIELDS), max_size=len(FIELDS))):
        second[name] = first[name]
    marks = ", ".join("?" for _ in second)
    columns = ", ".join(second)
    into = f"INTO things ({columns}) VALUES ({marks})"
    some = sorted(draw(st.sets(st.sampled_from(FIELDS), min_size=1, max_size=4)))
    sets = ", ".join(f"{name} = ?" for name in some)
    excluded = ", ".join(f"{name} = excluded.{name}" for name in some)
    changes = {
        "update": (f"UPDATE things SET {sets}", tuple(second[name] for name in some)),
        "upsert": (f"INSERT {into} ON CONFLICT (id) DO UPDATE SET {excluded}", (*second.values(),)),
        "replace": (f"INSERT OR REPLACE {into}", (*second.values(),)),
        "ignore": (f"INSERT OR IGNORE {into}", (*second.values(),)),
        "delete": ("DELETE FROM things", ()),
    }
    names = draw(st.lists(st.sampled_from(sorted(changes)), min_size=1, max_size=3))
    return [(f"INSERT {into}", (*first.values(),)), *(changes[name] for name in names)]


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data(), history=histories(), key=keys, recursive=st.booleans())
def test_what_the_runtime_would_match_is_told(
    data: st.DataObject,
    history: list[tuple[str, tuple[object, ...]]],
    key: str,
    recursive: bool,
) -> None:
    types = {name: data.draw(declared) for name in FIELDS}
    watched = data.draw(st.sets(st.sampled_from(KINDS), min_size=1))
    conditions = {kind: data.draw(strategies.conditions(2)) for kind in sorted(watched)}
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        columns = ", ".join(f"{name} {type_}" for name, type_ in types.items())
        connection.execute(f"CREATE TABLE things ({key}, {columns})")
        connection.execute(f"PRAGMA recursive_triggers = {'ON' if recursive else 'OFF'}")
        install(connection, plan([observer(kind, None) for kind in sorted(watched)]), ALL)
        told = [observer(kind, condition) for kind, condition in conditions.items()]
        install(connection, plan(told), MAIN)
        for statement, values in history:
            try:
                connection.execute(statement, values)
            except sqlite3.IntegrityError:
                continue
        everything, told_rows = kept(connection, ALL), kept(connection, MAIN)
    for row in everything:
        if matches(row, conditions[row.event]):
            assert row in told_rows, row
            told_rows.remove(row)
    assert all(row in everything for row in told_rows)


def matches(row: Kept, condition: Expr) -> bool:
    """What the runtime finds of a row that came whole."""
    try:
        envelope: Mapping[str, Any] = {
            "entity": "Thing",
            "event": row.event,
            "new": None if row.new is None else READER(row.new),
            "old": None if row.old is None else READER(row.old),
        }
        event = INTAKE.check(
            envelope, source="t", position="1", new_id=lambda: "e",
            now=datetime(2026, 3, 2, tzinfo=UTC),
        )  # fmt: skip
    except (EventRefused, ValueError):
        return False
    return bool(compile_condition(condition)(scope_of(event)))
