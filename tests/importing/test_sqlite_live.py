"""Entities from a live SQLite database, and rows of extremes that they carry."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from fql.testing import MockWebhookServer
from fqlc import compile_text, format_text
from tests.importing.importing import delivered, imported

TABLES = """
CREATE TABLE every_type (
  id INTEGER PRIMARY KEY, a BIGINT NOT NULL, b DECIMAL(10,2), c NUMERIC, d REAL,
  e DOUBLE PRECISION, f FLOAT, g BOOLEAN NOT NULL DEFAULT 0, h UUID, i GUID, j DATETIME,
  k TIMESTAMP, l DATE, m JSON, n VARCHAR(20), o TEXT, p CLOB, q TIME, r INTERVAL,
  s TEXT NOT NULL CHECK (s IN ('new', 'paid')), t TEXT CHECK (t IN ('very new', 'paid')),
  u BLOB, v, w INT GENERATED ALWAYS AS (a + 1), x INT AS (a + 2) STORED,
  "order no" TEXT, "in" TEXT, "a""b" TEXT, _id TEXT, "größe" TEXT, order_no TEXT
);
CREATE TABLE order_items (order_id INT, "pos" INT, PRIMARY KEY (order_id, pos)) WITHOUT ROWID;
CREATE TABLE categories (name TEXT PRIMARY KEY, email TEXT) STRICT;
CREATE TABLE "we""ird $ {{x}} ${Y}" (a TEXT);
CREATE VIEW watched AS SELECT id, s FROM every_type;
CREATE VIRTUAL TABLE searched USING fts5(a);
CREATE TABLE fql_another_outbox (seq INTEGER);
"""
ENTITIES = """entity Category from "categories" {
  name: String @key
  email: String?
}

enum EveryTypeS { new, paid }

entity EveryType from "every_type" {
  id: Int @key
  a: Int
  b: Decimal?
  c: Decimal?
  d: Float?
  e: Float?
  f: Float?
  g: Boolean
  h: UUID?
  i: UUID?
  j: DateTime?
  k: DateTime?
  l: Date?
  m: JSON?
  n: String?
  o: String?
  p: String?
  q: String?
  r: Int?
  s: EveryTypeS
  # one of 'very new', 'paid'
  t: String?
  # left out: `u`, BLOB: an event holds no bytes
  # `v` is declared without a type: only texts fit
  v: String?
  w: Int?
  x: Int?
  order_no_2: String? @column("order no")
  in_: String? @column("in")
  a_b: String? @column("a\\"b")
  id_2: String? @column("_id")
  grosse: String? @column("größe")
  order_no: String?
}

# no @key: the primary key is order_id, pos
entity OrderItem from "order_items" {
  order_id: Int
  pos: Int
}

entity WeIrdXY from "we\\"ird $ \\{\\{x}} \\${Y}" {
  a: String?
}
"""
EXTREMES: dict[str, list[object]] = {
    "a": [-(2**63), 2**63 - 1], "b": ["0.10", -1234567890123456789, 1e300], "c": [0.1, "1.50"],
    "d": [5e-324, 1.7976931348623157e308], "g": [0, 1],
    "h": ["00000000-0000-0000-0000-00000000000f", "a" * 32],
    "j": ["2024-02-29 23:59:59.999999", "2024-01-01T00:00:00+14:00", 0], "l": ["0001-01-01"],
    "m": ['{"a": [1, 2.50, null]}', "[]", '"t"', "null"],
    "o": ["", "\u00e9\U0001f600\x01\\\"'\n", "x" * 100_000], "s": ["new", "paid"],
}  # fmt: skip
UNFIT: dict[str, list[object]] = {
    "d": [float("inf")],
    "b": ["abc"],
    "g": [2],
    "l": ["yesterday"],
    "v": [1],
}
"""Values that no event of these types can carry: dead letters of class `capture`."""


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """A file with these tables."""
    with sqlite3.connect(tmp_path / "shop.db") as connection:
        connection.executescript(TABLES)
    return tmp_path / "shop.db"


def test_tables_become_entities(database: Path) -> None:
    assert imported(str(database)) == ENTITIES
    assert imported(f"sqlite:///{database}") == ENTITIES
    assert format_text(ENTITIES) == ENTITIES
    assert not compile_text(ENTITIES).has_errors


async def test_rows_of_extremes_are_captured(
    database: Path, tmp_path: Path, webhook_server: MockWebhookServer
) -> None:
    text = imported(str(database), "--table", "every_type")
    (tmp_path / "fql.toml").write_text(
        f'[sources.shop]\nkind = "sqlite"\ndatabase = "{database}"\n', encoding="utf-8"
    )

    def fill() -> None:
        with sqlite3.connect(database) as connection:
            for values in (EXTREMES, UNFIT):
                for name, samples in values.items():
                    for value in samples:
                        row = {"a": 0, "s": "new", name: value}
                        put = f"INSERT INTO every_type ({', '.join(row)}) VALUES (?, ?, ?)"
                        put = put if len(row) == 3 else put.replace(", ?)", ")")
                        connection.execute(put, list(row.values()))

    sent, letters = await delivered(text, tmp_path, webhook_server, fill)
    assert len(sent) == sum(map(len, EXTREMES.values()))
    assert len(letters) == sum(map(len, UNFIT.values())), letters
