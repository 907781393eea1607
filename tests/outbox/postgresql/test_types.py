"""Columns of every type that a table may have: what is captured is what psycopg reads."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from tests.outbox.plans import entity, plan
from tests.outbox.postgresql.conftest import Application

from fql.exact.reading import read_foreign
from fql.outbox.postgresql.rows import row_reader
from fql.plan.model import EntityField, Plan

TYPES = """SELECT format_type(oid, NULL) FROM pg_type WHERE typtype IN ('b', 'r', 'm')
AND typnamespace = 'pg_catalog'::regnamespace AND typisdefined
AND (typelem = 0 OR typelem IN (SELECT oid FROM pg_type WHERE typtype IN ('b', 'r', 'm')))
AND typname NOT IN ('pg_node_tree', 'pg_ndistinct', 'pg_dependencies', 'pg_mcv_list',
  'pg_brin_bloom_summary', 'pg_brin_minmax_multi_summary')"""
SAMPLES = {
    "smallint": ["-32768", "32767"],
    "bigint": ["-9223372036854775808", "9223372036854775807"],
    "numeric": ["0.1000", "1e300", "-1234567890123456789012345678.90"],
    "double precision": ["5e-324", "1.7976931348623157e308", "0.30000000000000004"],
    "boolean": ["t", "f"],
    "text": ["", "\u00e9\U0001f600", "\\ \" ' \n\t\x01"],
    "uuid": ["00000000-0000-0000-0000-00000000000f"],
    "jsonb": ['{"a": [1, 2.50, null, "x"]}', "[]", '"t"', "null"],
    "integer[]": ["{}", "{1,NULL,3}", "{{1,2},{3,4}}", "[5:6]={7,8}"],
}
TEXTS = {
    "real": ["NaN"], "numeric": ["NaN", "Infinity", "-Infinity"],
    "timestamp with time zone": ["infinity", "-infinity", "0044-03-15 00:00:00 BC", "12026-01-01"],
    "date": ["infinity", "4713-01-01 BC"], "bytea": ["\\x00ff"], "inet": ["::1/64"],
    "interval": ["-1 mon +2 days 03:04:05.6"], "int4range": ["[1,5)", "empty"], "bit(3)": ["101"],
    "money": ["12.5"], "time with time zone": ["24:00:00+00"],
}  # fmt: skip
"""Values without a form of their own in JSON, which come as text."""


def captured_values(app: Application, values: dict[str, list[str]]) -> list[tuple[Any, Any, str]]:
    """What was captured, what psycopg reads, and what PostgreSQL shows."""
    found = []
    for type_, samples in values.items():
        app.execute(f"ALTER TABLE orders DROP COLUMN IF EXISTS v, ADD COLUMN v {type_}".encode())
        for sample in samples:
            app.execute("INSERT INTO orders (id, status, v) VALUES (1, 's', %s)", (sample,))
            new = app.execute("SELECT new::text, problem FROM fql_main.outbox").fetchone()
            assert new is not None
            assert new[1] is None
            shown = app.execute("SELECT v::text FROM orders").fetchone()
            read = None if values is TEXTS else app.execute("SELECT v FROM orders").fetchone()
            row: Any = read_foreign(new[0])
            found.append((row["v"], read and read[0], shown[0] if shown else ""))
            app.execute("DELETE FROM orders")
            app.execute("DELETE FROM fql_main.outbox")
    return found


@pytest.fixture
def any_column(app: Application, captured: Callable[[Plan], None]) -> Application:
    """Orders with a column `v` of any type."""
    app.execute("ALTER TABLE orders ADD COLUMN v text")
    fields = [("id", "Int"), ("status", "String"), ("v", "JSON?")]
    captured(plan("Order.insert", entities=[entity(fields=fields)]))
    return app


def test_values_are_those_that_psycopg_reads(any_column: Application) -> None:
    for value, read, _ in captured_values(any_column, SAMPLES):
        known = str(read) if isinstance(read, UUID) else read
        if isinstance(known, float | Decimal):
            assert Decimal(str(value)) == Decimal(str(known))
        else:
            assert value == known


def test_all_other_values_are_the_text_that_is_shown(any_column: Application) -> None:
    any_column.execute("SET TimeZone = 'UTC'")
    for value, _, shown in captured_values(any_column, TEXTS):
        assert isinstance(value, str)
        assert value.replace("T", " ").removeprefix("$") in (
            shown, shown.removeprefix("$"), shown.replace("+00", "+00:00"),
        )  # fmt: skip


def test_null_of_every_type_fails_no_statement(any_column: Application) -> None:
    names = [name for (name,) in any_column.execute(TYPES).fetchall()]
    assert len(names) > 150
    columns = ", ".join(f"ADD COLUMN c{n} {name}" for n, name in enumerate(names))
    any_column.execute(f"ALTER TABLE orders {columns}".encode())
    any_column.execute("INSERT INTO orders (id, status) VALUES (1, 's')")
    rows = any_column.execute("SELECT problem FROM fql_main.outbox").fetchall()
    assert rows == [(None,)]


def test_a_timestamp_without_an_offset_is_utc() -> None:
    fields = [EntityField(name="at", type="DateTime?", column="made"),
              EntityField(name="all", type="[DateTime]")]  # fmt: skip
    read = row_reader(fields)(
        {"made": "2026-03-02T14:00:00", "all": ["2026-03-02T14:00:00.5"]}, True
    )
    assert read == {"at": "2026-03-02T14:00:00Z", "all": ["2026-03-02T14:00:00.5Z"]}
    with pytest.raises(ValueError, match="`made` was not captured"):
        row_reader(fields)({"all": []}, True)
