"""The same for a real PostgreSQL server: its WHERE selects the rows for which a condition holds."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings

from fql.engine.program.match import scope_of
from fql.events.model import Event, Row
from fql.exact.writing import write_json
from fql.expressions.compile import compile_condition
from fql.expressions.walker import evaluate
from fql.plan.language import expressions as x
from fql.plan.language import types as t
from fql.plan.table import TypeTable
from fql.sql.clause import where_clause
from tests.expressions.build import const, field, op
from tests.properties import strategies
from tests.servers.databases import Databases

Connection = psycopg.Connection[Any]

_COLUMNS = {
    "Int": "bigint", "Decimal": "numeric", "Float": "double precision", "Boolean": "boolean",
    "UUID": "uuid", "DateTime": "timestamptz", "Date": "date", "Item": "jsonb", "JSON": "json",
    "[String]": "text[]", "[Int]": "bigint[]", "[Decimal]": "numeric[]", "[Boolean?]": "boolean[]",
    "[Item]": "jsonb", "Colour": "colour",
}  # fmt: skip
_DOCUMENTS = ("Item", "JSON", "[Item]")

THING, TYPES = strategies.PLAN.entities[0], TypeTable.of(strategies.PLAN)


@pytest.fixture(scope="module")
def database(postgresql_server: Databases) -> Iterator[Connection]:
    """A database of our own with the tables `new` and `old`."""
    with (
        postgresql_server.database() as url,
        psycopg.connect(url, autocommit=True) as connection,
    ):
        _run(connection, "CREATE TYPE colour AS ENUM ('red', 'green', 'blue')")
        for table in ("new", "old"):
            _run(connection, f"CREATE TABLE {table} ({_columns()})")
        yield connection


def _columns() -> str:
    return ", ".join(
        f'"{name}" {_COLUMNS.get(type_.rstrip("?"), "text")}'
        for name, type_ in strategies.FIELDS.items()
    )


def _run(connection: Connection, sql: str, cells: list[object] | None = None) -> Any:
    return connection.execute(sql.encode(), cells)


def _cell(value: Any, type_: str) -> object:
    if type_ in _DOCUMENTS and value is not None:
        return write_json(value).decode()
    return str(value) if isinstance(value, str) else value


def _fill(connection: Connection, table: str, row: Row) -> None:
    _run(connection, f"DELETE FROM {table}")
    marks = ", ".join("%s" for _ in strategies.FIELDS)
    cells = [_cell(row[name], type_.rstrip("?")) for name, type_ in strategies.FIELDS.items()]
    _run(connection, f"INSERT INTO {table} VALUES ({marks})", cells)


def _selected(connection: Connection, clause: str) -> bool:
    inner = f"SELECT 1 FROM new WHERE {clause}"
    found = _run(connection, f"SELECT count(*) FROM old WHERE EXISTS ({inner})").fetchone()
    return bool(found[0])


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(strategies.many_conditions(sql="postgresql"), strategies.events(sql="postgresql"))
def test_postgresql_selects_the_same_rows(
    database: Connection, conditions: list[x.Expr], event: Event
) -> None:
    """Generated Python, the tree walker and a real PostgreSQL agree."""
    assert event.new is not None
    assert event.old is not None
    scope = scope_of(event)
    _fill(database, "new", event.new)
    _fill(database, "old", event.old)
    for condition in conditions:
        expected = evaluate(condition, scope)
        clause = where_clause(condition, "postgresql", THING, TYPES).sql
        assert expected is compile_condition(condition)(scope)
        assert _selected(database, clause) is expected, clause


NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
BASE: dict[str, Any] = {
    "id": 7, "s": "a'b", "s_null": None, "i": 7, "i_null": None, "d": "1.10", "d_null": None,
    "f": 0.1, "f_null": None, "b": True, "b_null": None,
    "u": "6F1C0A52-0000-4000-8000-000000000001", "t": "2026-03-02T13:00:00+01:00", "t_null": None,
    "day": "2026-03-02", "day_null": None, "e": "red", "e_null": None, "tags": [], "numbers": [],
    "items": [], "j": {}, "j_null": None, "prices": [], "flags": [], "first": None,
}  # fmt: skip

D, T, DAY = field("d", t.DECIMAL), field("t", t.DATETIME), field("day", t.DATE)


@pytest.mark.parametrize(
    "condition",
    [
        op("eq", D, const(Decimal("1.1"), t.DECIMAL)),
        op("eq", op("mul", D, D, t.DECIMAL), const(Decimal("1.21"), t.DECIMAL)),
        op("eq", T, const(NOON, t.DATETIME)),
        op("gt", op("add", T, const(timedelta(seconds=1), t.DURATION), t.DATETIME),
           const(NOON, t.DATETIME)),
        op("lt", op("sub", T, const(NOON, t.DATETIME), t.DURATION),
           const(timedelta(days=1), t.DURATION)),
        op("le", DAY, const(date(2026, 3, 2), t.DATE)),
        op("eq", field("u", t.UUID), const("6f1c0a52-0000-4000-8000-000000000001", t.UUID)),
        op("eq", field("id", t.ID), const("7", t.ID)),
        op("gt", field("f", t.FLOAT), const(0.05, t.FLOAT)),
        op("eq", op("mod", field("i", t.INT), const(-3, t.INT), t.INT), const(-2, t.INT)),
        op("eq", field("s"), const("a'b")),
    ],
)  # fmt: skip
def test_every_type_has_its_literal(database: Connection, condition: x.Expr) -> None:
    """Decimals are exact, moments are instants, IDs text: all of these hold on both sides."""
    event = strategies.checked("update", BASE, BASE)
    assert event.new is not None
    _fill(database, "new", event.new)
    _fill(database, "old", event.new)
    assert compile_condition(condition)(scope_of(event)) is True
    assert _selected(database, where_clause(condition, "postgresql", THING, TYPES).sql)
