"""The WHERE clause of a condition selects exactly the rows for which the condition holds."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from fql.engine.match import scope_of
from fql.events.model import Event, Row
from fql.events.values import rfc3339
from fql.expressions.compile import compile_condition
from fql.plan.expressions import Expr
from fqlc.emit.sql import where_clause
from tests.properties import strategies

SCALARS = [
    name for name, type_ in strategies.FIELDS.items() if "[" not in type_ and "JSON" not in type_
]
COMPOSED = [name for name in strategies.FIELDS if name not in SCALARS]


@pytest.fixture(scope="module")
def database() -> Iterator[sqlite3.Connection]:
    """An SQLite database with the rows `new` and `old` of one event."""
    connection = sqlite3.connect(":memory:")
    names = ", ".join(f'"{name}"' for name in strategies.FIELDS)
    connection.execute(f"CREATE TABLE new ({names})")
    connection.execute(f"CREATE TABLE old ({names})")
    yield connection
    connection.close()


def _stored(value: Any) -> object:
    """A value as SQLite would hold it."""
    if hasattr(value, "astimezone"):
        return rfc3339(value)
    if value is None or isinstance(value, bool | int | float | str):
        return str(value) if isinstance(value, str) else value
    return repr(value) if isinstance(value, list | dict) else str(value)


def _fill(connection: sqlite3.Connection, table: str, row: Row) -> None:
    connection.execute(f"DELETE FROM {table}")
    marks = ", ".join("?" for _ in strategies.FIELDS)
    cells = [_stored(row[name]) for name in strategies.FIELDS]
    connection.execute(f"INSERT INTO {table} VALUES ({marks})", cells)


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(strategies.conditions(3, sql=True), strategies.events(sql=True))
def test_sqlite_selects_the_same_rows(
    database: sqlite3.Connection, condition: Expr, event: Event
) -> None:
    """Generated Python and a real SQLite agree."""
    assert event.new is not None
    assert event.old is not None
    _fill(database, "new", event.new)
    _fill(database, "old", event.old)
    clause = where_clause(condition, "sqlite")
    inner = f"SELECT 1 FROM new WHERE {clause}"
    (found,) = database.execute(f"SELECT count(*) FROM old WHERE EXISTS ({inner})").fetchone()
    assert bool(found) is compile_condition(condition)(scope_of(event)), clause
