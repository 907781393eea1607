"""Entities from a live PostgreSQL database, and rows of extremes that they carry."""

from __future__ import annotations

from pathlib import Path

import psycopg
from psycopg import sql

from fql.testing import MockWebhookServer
from fqlc import compile_text, format_text
from tests.importing.importing import delivered, imported

TYPES = """
CREATE TYPE mood AS ENUM ('sad', 'ok', 'very happy');
CREATE TYPE "Size" AS ENUM ('small', 'large');
CREATE TYPE place AS (street text, size "Size");
CREATE DOMAIN positive AS int CHECK (value > 0);
CREATE DOMAIN filled AS text NOT NULL;
CREATE TABLE every_type (
  id bigserial PRIMARY KEY, a smallint NOT NULL, b numeric(40,2), c real, d double precision,
  e boolean, f uuid, g timestamptz, h timestamp, i date, j json, k jsonb, l int[], m text[][],
  n mood, o "Size"[], p place, q inet, r interval, s time, t xml, u bit(3), v int4range,
  w point, x bytea, y money, z varchar(5), aa positive, bb filled DEFAULT '',
  cc int GENERATED ALWAYS AS (a + 1) STORED, dd int GENERATED ALWAYS AS (a + 1) VIRTUAL,
  ee char(3), "Order No" text, "in" text, ff timestamp[], gg tsvector, hh oid, ii date[]
);
COMMENT ON TABLE every_type IS 'All of "them".';
COMMENT ON COLUMN every_type.b IS E'two\\nlines \\\\ ${x}';
CREATE SCHEMA shop;
CREATE TABLE shop.every_types (a int, b int, PRIMARY KEY (b, a));
CREATE TABLE logged (at date NOT NULL, id int) PARTITION BY RANGE (at);
CREATE TABLE logged_2024 PARTITION OF logged FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
CREATE VIEW watched AS SELECT id, n FROM every_type;
CREATE SCHEMA fql_main;
CREATE TABLE fql_main.outbox (id int);
"""
ENTITIES = '''enum Size { small, large }

type Place {
  street: String?
  size: Size?
}

"""All of "them"."""
entity EveryType from "every_type" {
  id: Int @key
  a: Int
  """two lines \\\\ \\${x}"""
  b: Decimal?
  c: Float?
  d: Float?
  e: Boolean?
  f: UUID?
  g: DateTime?
  h: DateTime?
  i: Date?
  j: JSON?
  k: JSON?
  l: [Int?]?
  m: JSON?
  # one of 'sad', 'ok', 'very happy'
  n: String?
  o: [Size?]?
  p: Place?
  q: String?
  r: String?
  s: String?
  t: String?
  u: String?
  v: String?
  w: String?
  x: String?
  # `y` comes as text such as $12,345.67
  y: String?
  z: String?
  aa: Int?
  bb: String
  cc: Int?
  # left out: `dd`, generated and not stored: no trigger sees its value
  ee: String?
  Order_No: String? @column("Order No")
  in_: String? @column("in")
  ff: [DateTime?]?
  gg: String?
  hh: String?
  ii: [Date?]?
}

entity Logged from "logged" {
  at: Date
  id: Int?
}

# no @key: the primary key is b, a
entity EveryTypes from "shop.every_types" {
  a: Int
  b: Int
}
'''
EXTREMES = {
    "a": ["-32768", "32767"], "b": ["0.10", "-12345678901234567890123456789012345678.9"],
    "c": ["1e-45", "3.4028235e38"], "d": ["5e-324", "1.7976931348623157e308"], "e": ["t", "f"],
    "f": ["00000000-0000-0000-0000-00000000000f"],
    "g": ["2024-01-01 00:00:00+14", "9999-12-31 23:59:59.999999Z"], "h": ["0001-01-01 00:00:00"],
    "i": ["0001-01-01", "9999-12-31"], "j": ['{"a": [1, 2.50, null]}', "null", '"t"'],
    "k": ["[]"], "l": ["{}", "{1,NULL,3}", "[5:6]={7,8}"], "m": ["{{a,b},{c,NULL}}"],
    "n": ["very happy"], "o": ["{small,NULL}"], "p": ["(,)", '("a,b",large)'], "q": ["::1/64"],
    "r": ["-1 mon +2 days 03:04:05.6"], "s": ["24:00:00"], "u": ["101"],
    "v": ["[1,5)", "empty"], "w": ["(1,2)"], "x": ["\\x00ff"], "y": ["-12345.67"], "aa": ["1"],
    "Order No": ["", "\u00e9\U0001f600\x01\\\"'\n", "x" * 100_000], "ff": ["{2024-01-01 00:00}"],
    "gg": ["a:1 b"], "hh": ["4294967295"], "ii": ["{2024-02-29}"],
}  # fmt: skip
UNFIT = {
    "b": ["NaN"], "c": ["Infinity"], "d": ["NaN"], "g": ["infinity"], "h": ["-infinity"],
    "i": ["4713-01-01 BC"], "l": ["{{1,2},{3,4}}"],
}  # fmt: skip
"""Values that no event of these types can carry: dead letters of class `capture`."""


def test_tables_become_entities(postgresql_url: str) -> None:
    with psycopg.connect(postgresql_url, autocommit=True) as connection:
        connection.execute(TYPES)
    assert imported(postgresql_url) == ENTITIES
    assert "entity Watched" in imported(postgresql_url, "--views")
    assert format_text(ENTITIES) == ENTITIES
    assert not compile_text(ENTITIES).has_errors


async def test_rows_of_extremes_are_captured(
    postgresql_url: str, tmp_path: Path, webhook_server: MockWebhookServer
) -> None:
    with psycopg.connect(postgresql_url, autocommit=True) as connection:
        connection.execute(TYPES.partition("CREATE SCHEMA fql_main")[0])
        text = imported(postgresql_url, "--table", "every_type")
        (tmp_path / "fql.toml").write_text(
            f'[sources.shop]\nkind = "postgresql"\nurl = "{postgresql_url}"\n', encoding="utf-8"
        )

        def fill() -> None:
            for name, value in pairs(EXTREMES) + pairs(UNFIT):
                put = sql.SQL("INSERT INTO every_type (a, {}) VALUES (0, %s)")
                alone = sql.SQL("INSERT INTO every_type ({}) VALUES (%s)")
                connection.execute(
                    (alone if name == "a" else put).format(sql.Identifier(name)), (value,)
                )

        sent, letters = await delivered(text, tmp_path, webhook_server, fill)
    assert len(letters) == len(pairs(UNFIT)), letters
    assert len(sent) == len(pairs(EXTREMES))


def pairs(values: dict[str, list[str]]) -> list[tuple[str, str]]:
    """Each value with its column."""
    return [(name, value) for name, samples in values.items() for value in samples]
