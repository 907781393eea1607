"""The WHERE clause of a condition selects exactly the rows for which the condition holds."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from fql.engine.program.match import scope_of
from fql.events.model import Event, Row
from fql.events.values import rfc3339
from fql.exact.numbers import plain_decimal
from fql.exact.writing import write_json
from fql.expressions.compile import compile_condition
from fql.expressions.walker import _Walk
from fql.plan.language.expressions import Expr
from fql.plan.table import TypeTable
from fql.sql.clause import where_clause
from tests.properties import strategies

THING, TYPES = strategies.PLAN.entities[0], TypeTable.of(strategies.PLAN)


@pytest.fixture(scope="module")
def database() -> Iterator[sqlite3.Connection]:
    """An SQLite database with the rows `new` and `old` of one event."""
    connection = sqlite3.connect(":memory:")
    names = ", ".join(f'"{name}"' for name in strategies.FIELDS)
    connection.execute(f"CREATE TABLE new ({names})")
    connection.execute(f"CREATE TABLE old ({names})")
    yield connection
    connection.close()


def _stored(value: Any, type_: str) -> object:
    """A value as an application keeps it in SQLite."""
    if value is not None and (type_[0] == "[" or type_.rstrip("?") in ("JSON", "Item")):
        return write_json(value).decode()
    match value:
        case datetime():
            return rfc3339(value)
        case date():
            return value.isoformat()
        case Decimal():
            return plain_decimal(value)
        case str():
            return str(value)
    return value


def _fill(connection: sqlite3.Connection, table: str, row: Row) -> None:
    connection.execute(f"DELETE FROM {table}")
    marks = ", ".join("?" for _ in strategies.FIELDS)
    cells = [_stored(row[name], type_) for name, type_ in strategies.FIELDS.items()]
    connection.execute(f"INSERT INTO {table} VALUES ({marks})", cells)


class _Watch(_Walk):
    """Evaluates as the reference does, and tells whether SQLite holds every number on the way."""

    exact = True

    def value(self, e: Expr, names: Any) -> Any:
        found = super().value(e, names)
        if isinstance(found, Decimal):
            self.exact &= abs(found) < 10**9 and found * 10**6 % 1 == 0
        if isinstance(found, int):
            self.exact &= -(2**63) <= found < 2**63
        return found


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(strategies.many_conditions(sql="sqlite"), strategies.events(sql="sqlite"))
def test_sqlite_selects_the_same_rows(
    database: sqlite3.Connection, conditions: list[Expr], event: Event
) -> None:
    """Generated Python, the tree walker and a real SQLite agree."""
    assert event.new is not None
    assert event.old is not None
    scope = scope_of(event)
    _fill(database, "new", event.new)
    _fill(database, "old", event.old)
    for condition in conditions:
        watch = _Watch(scope, {})
        expected = watch.value(condition, {})
        assert expected is compile_condition(condition)(scope)
        if watch.exact:
            clause = where_clause(condition, "sqlite", THING, TYPES).sql
            assert _selected(database, clause) is expected, clause


def _selected(database: sqlite3.Connection, clause: str) -> bool:
    inner = f"SELECT 1 FROM new WHERE {clause}"
    (found,) = database.execute(f"SELECT count(*) FROM old WHERE EXISTS ({inner})").fetchone()
    return bool(found)
