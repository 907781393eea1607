"""Triggers that test a condition before they write never lose an event that it would match."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from datetime import UTC, datetime
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from fql.engine.program.match import scope_of
from fql.errors import EventRefused
from fql.events.intake import Intake
from fql.events.model import Event
from fql.exact.reading import read_object
from fql.exact.writing import json_text
from fql.expressions.compile import compile_condition
from fql.outbox.sqlite.installing import install
from fql.outbox.sqlite.rows import row_reader
from fql.outbox.sqlite.tables import Names
from fql.outbox.sqlite.values import Text, rows_in_json
from fql.plan.language.expressions import Expr
from fql.plan.language.nodes import dump_expression
from fql.plan.model import Observer, Plan, Requirements, Trigger
from fql.plan.table import TypeTable
from fql.sql.pushed import Sides, pushed_test
from tests.outbox.conftest import Kept, kept
from tests.properties import drawn, strategies

ALL, MAIN = Names("all"), Names("main")
THING = strategies.PLAN.entities[0].model_copy(update={"table": "things"})
TYPES = TypeTable.of(strategies.PLAN)
INTAKE = Intake(strategies.PLAN)
READER = row_reader(THING.fields)
KEYS = ("id TEXT PRIMARY KEY", "id PRIMARY KEY", "id TEXT UNIQUE, k INTEGER")
SIDES = {"insert": Sides(new="n"), "update": Sides(new="n", old="o"), "delete": Sides(old="o")}
CONDITIONS = 40
"""How many conditions are held against each change."""


def test_a_test_is_true_for_every_row_that_matches() -> None:
    found = [judged(Random(f"change {seed}")) for seed in range(150)]
    assert sum(found) > CONDITIONS * len(found) / 5, "too few conditions match"


@pytest.mark.soak
def test_a_test_is_true_for_every_row_that_matches_for_long() -> None:
    for seed in range(20_000):
        judged(Random(f"long change {seed}"))


def test_what_the_runtime_would_match_is_told() -> None:
    found = [told(Random(f"history {seed}")) for seed in range(80)]
    assert sum(found) > len(found), "too few events match"


@pytest.mark.soak
def test_what_the_runtime_would_match_is_told_for_long() -> None:
    for seed in range(10_000):
        told(Random(f"long history {seed}"))


@settings(
    max_examples=20, deadline=None, phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)  # fmt: skip
@given(st.lists(strategies.conditions(2), min_size=10, max_size=10), st.integers())
def test_conditions_of_every_form(conditions: Sequence[Expr], seed: int) -> None:
    judged(Random(seed), conditions)


def judged(chance: Random, conditions: Sequence[Expr] = ()) -> int:
    """Hold many conditions against one change, without triggers around them; how many match."""
    kind = "update" if conditions else chance.choice((*drawn.KINDS, "update"))
    about = drawn.focus(chance)
    first, second = drawn.pair(chance, about)
    many = conditions or [drawn.condition(chance, kind, about) for _ in range(CONDITIONS)]
    with closing(stored_pair(chance, first, second)) as connection:
        new = None if kind == "delete" else read(connection, "n")
        old = None if kind == "insert" else read(connection, "o")
        event = checked(Kept("Thing", kind, new, old, ""))
        matching = [one for one in many if event and matches(event, one)]
        for condition in matching:
            test = pushed_test(condition, SIDES[kind], THING, TYPES)
            found = connection.execute(f"SELECT {test.sql or 1} FROM o, n").fetchone()[0]
            assert found, (test.sql, new, old)
            changed = [name for name in test.changed if first[name] != second[name]]
            assert bool(changed) is bool(test.changed), (test.changed, new, old)
    return len(matching)


def stored_pair(chance: Random, first: drawn.Row, second: drawn.Row) -> sqlite3.Connection:
    """A database with tables `o` and `n` of one row each."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    columns = ", ".join(f"{name} {drawn.declared(chance, name)}" for name in drawn.FIELDS)
    for name, row in (("o", first), ("n", second)):
        connection.execute(f"CREATE TABLE {name} (id TEXT, {columns})")
        marks = ", ".join("?" for _ in row)
        connection.execute(f"INSERT INTO {name} VALUES ({marks})", (*row.values(),))
    return connection


def read(connection: sqlite3.Connection, name: str) -> dict[str, Any]:
    """The row of a table as capture hands it on."""
    connection.text_factory = Text
    names = list(strategies.FIELDS)
    (values,) = connection.execute(f"SELECT {', '.join(names)} FROM {name}").fetchall()
    connection.text_factory = str
    data, _, _ = rows_in_json(json_text(names).encode(), None, values)
    return read_object(data or b"{}")


def told(chance: Random) -> int:
    """Play statements on a table whose triggers test conditions, beside triggers that do not; how
    many events match."""
    watched = chance.sample(drawn.KINDS, chance.randint(1, 3))
    about = drawn.focus(chance)
    wanted = {
        kind: [drawn.condition(chance, kind, about) for _ in range(chance.randint(1, 2))]
        for kind in watched
    }
    everything, told_rows = played(chance, wanted, drawn.history(chance, about))
    matching = [row for row in everything if expected(row, wanted[row.event])]
    for row in told_rows:
        assert row in everything, row
    for row in matching:
        assert row in told_rows, (row, wanted[row.event])
        told_rows.remove(row)
    return len(matching)


def played(
    chance: Random, wanted: Mapping[str, Sequence[Expr]], history: Sequence[drawn.Statement]
) -> tuple[list[Kept], list[Kept]]:
    """What is told of a history without conditions, and with them."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        columns = ", ".join(f"{name} {drawn.declared(chance, name)}" for name in drawn.FIELDS)
        connection.execute(f"CREATE TABLE things ({chance.choice(KEYS)}, {columns})")
        recursive = chance.choice(("ON", "OFF"))
        connection.execute(f"PRAGMA recursive_triggers = {recursive}")
        install(connection, plan([observer(kind, None) for kind in wanted]), ALL)
        made = [observer(kind, one) for kind, several in wanted.items() for one in several]
        install(connection, plan(made), MAIN)
        for statement, values in history:
            connection.execute(statement, values)
        return kept(connection, ALL), kept(connection, MAIN)


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


def expected(row: Kept, conditions: Sequence[Expr]) -> bool:
    """Whether an event that came whole has to be told."""
    event = checked(row)
    return event is not None and any(matches(event, one) for one in conditions)


def checked(row: Kept) -> Event | None:
    """What the runtime makes of an event that came whole; None where it is refused."""
    try:
        envelope: Mapping[str, Any] = {
            "entity": "Thing",
            "event": row.event,
            "new": None if row.new is None else READER(row.new),
            "old": None if row.old is None else READER(row.old),
        }
        return INTAKE.check(
            envelope, source="t", position="1", new_id=lambda: "e",
            now=datetime(2026, 3, 2, tzinfo=UTC),
        )  # fmt: skip
    except (EventRefused, ValueError):
        return None


def matches(event: Event, condition: Expr) -> bool:
    """What the runtime finds."""
    return bool(compile_condition(condition)(scope_of(event)))
