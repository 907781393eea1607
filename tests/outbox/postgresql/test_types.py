"""Columns of every type that a table may have: what is captured is what psycopg reads."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from decimal import Decimal
from typing import Any
from uuid import UUID

import psycopg
import pytest
from tests.outbox.plans import entity, plan
from tests.outbox.postgresql.conftest import ORDERS, Application
from tests.outbox.postgresql.test_facts import plan_of
from tests.servers.databases import Databases

from fql.exact.reading import read_foreign
from fql.intake.envelopes import envelope_of
from fql.outbox.postgresql.connection import connect
from fql.outbox.postgresql.installing import install
from fql.outbox.postgresql.names import Names
from fql.outbox.postgresql.reading import rows_after
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


OWN_TYPES = """CREATE EXTENSION citext;
CREATE EXTENSION hstore;
CREATE TYPE mood AS ENUM ('happy', 'it''s "odd"', 'größe');
CREATE TYPE pair AS (a int, "B" text, c mood[]);
CREATE TYPE floats AS RANGE (subtype = float8);
CREATE DOMAIN short AS varchar(9) CHECK (VALUE <> 'no');
CREATE DOMAIN moods AS mood[];
CREATE DOMAIN pairs AS pair"""
OWN: list[tuple[str, str, object]] = [
    ("citext", "'ÄbC'", "ÄbC"), ("citext[]", "ARRAY['a', NULL, 'B']::citext[]", ["a", None, "B"]),
    ("mood", "'größe'", "größe"), ("mood[]", "ARRAY['it''s \"odd\"', NULL]::mood[]",
                                   ['it\'s "odd"', None]),
    ("pair", "ROW(1, 'x\"y', ARRAY['happy']::mood[])", {"a": 1, "B": 'x"y', "c": ["happy"]}),
    ("pair", "ROW(NULL, NULL, NULL)", {"a": None, "B": None, "c": None}),
    ("pair[]", "ARRAY[ROW(1, '', NULL)]::pair[]", [{"a": 1, "B": "", "c": None}]),
    ("pairs", "ROW(7, 'd', NULL)", {"a": 7, "B": "d", "c": None}),
    ("hstore", "'a=>1, b=>NULL, \"\"=>\"q\\\"\"'", {"a": "1", "b": None, "": 'q"'}),
    ("hstore[]", "ARRAY['a=>1']::hstore[]", [{"a": "1"}]),
    ("short", "'abc'", "abc"), ("short[]", "ARRAY['a']::short[]", ["a"]),
    ("moods", "ARRAY['happy']::mood[]", ["happy"]), ("floats", "'[0.1,2)'", "[0.1,2)"),
    ("int4multirange", "'{[1,2),[5,7)}'", "{[1,2),[5,7)}"),
    ("numeric", "1e16000", Decimal("1e16000")), ("numeric", "-1e-16000", Decimal("-1e-16000")),
    ("float8[]", "ARRAY['NaN', 1.5]::float8[]", ["NaN", 1.5]),
    ("timestamptz[]", "ARRAY['2026-03-02 14:00Z']::timestamptz[]", ["2026-03-02T14:00:00+00:00"]),
    ("bytea[]", "ARRAY['\\x00ff']::bytea[]", ["\\x00ff"]), ("int[]", "'[-1:0]={1,2}'", [1, 2]),
    ("jsonb", "'\"\"'", ""), ("json", "' {\"a\" : 1 , \"a\": 2 } '", {"a": 2}),
    ("tsvector", "'a:1 b:2A'", "'a':1 'b':2A"), ("point", "'(1,2)'", "(1,2)"),
    ("pg_lsn", "'16/B374D848'", "16/B374D848"), ("oid", "4294967295", "4294967295"),
    ("regclass", "'orders'", "public.orders"), ("txid_snapshot", "'10:20:10,14'", "10:20:10,14"),
    ("interval", "'178000000 years'", "178000000 years"), ("bit varying", "B''", ""),
]  # fmt: skip
"""What is stored, and what comes. Digits beyond those of any field are refused by the intake."""


def test_types_of_the_application_come_as_what_they_hold(any_column: Application) -> None:
    for statement in OWN_TYPES.split(";"):
        any_column.execute(statement.encode())
    for type_, value, expected in OWN:
        column = f"ALTER TABLE orders DROP COLUMN v, ADD COLUMN v {type_}"
        any_column.execute(column.encode())
        any_column.execute(f"INSERT INTO orders (id, status, v) VALUES (1, 's', {value})".encode())
        taken = "DELETE FROM fql_main.outbox RETURNING new::text, problem"
        row = any_column.execute(taken.encode()).fetchone()
        assert row is not None
        assert row[1] is None, (type_, row)
        found = parsed(row[0])["v"]
        known = expected if isinstance(expected, Decimal) else parsed(json.dumps(expected))
        assert found == known, (type_, found)
        any_column.execute("DELETE FROM orders")


def parsed(text: str) -> Any:
    """JSON with its numbers as they are written."""
    return json.loads(text, parse_float=Decimal, parse_int=Decimal)


def test_a_database_in_sql_ascii_keeps_any_bytes_and_fails_no_statement(
    postgresql_server: Databases,
) -> None:
    """Texts that are not UTF-8 become dead letters; texts are judged by the runtime alone."""
    name = f"ascii_{os.getpid()}"
    with psycopg.connect(postgresql_server.admin, autocommit=True) as admin:
        admin.execute(
            f"CREATE DATABASE {name} ENCODING 'SQL_ASCII' LOCALE 'C' TEMPLATE template0".encode()
        )
        try:
            told_in_ascii(postgresql_server.url(name))
        finally:
            admin.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


def told_in_ascii(url: str) -> None:
    watched = plan_of('status == "é" || status < "z"', "insert")
    with psycopg.connect(url, autocommit=True) as app, connect(url) as ours:
        app.execute(ORDERS)
        assert install(ours, watched, Names())[0].in_step
        for number, data in ((1, "c3a9"), (2, "ff")):
            value = f"convert_from('\\x{data}', 'SQL_ASCII')"
            app.execute(f"INSERT INTO orders (id, status) VALUES ({number}, {value})".encode())
        first, second = (envelope_of(row) for row in rows_after(ours, Names(), 0, 10, ()))
        assert first[1] == ""
        assert parsed(str(first[0]["new"]))["status"] == "é"
        assert "`new` of outbox row 2 is not UTF-8" in second[1]
