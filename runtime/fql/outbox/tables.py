"""The tables of the outbox in a SQLite database. Only these names are ever created there."""

from __future__ import annotations

PREFIX = "fql_"
"""All our tables and triggers in somebody else's database begin like this."""

OUTBOX = """CREATE TABLE IF NOT EXISTS fql_outbox (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  entity TEXT NOT NULL,
  event TEXT NOT NULL,
  new TEXT,
  old TEXT,
  id TEXT,
  key TEXT,
  context TEXT,
  raw INTEGER NOT NULL DEFAULT 0,
  at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))
)"""
"""`seq` never repeats (AUTOINCREMENT), not even after all rows were consumed. SQLite has one writer
at a time, so its order is the order of commits. `raw` 1 marks rows as a trigger saw them: values
of SQLite that `fql.outbox.rows` reads by the types of the entity."""

SOURCE = """CREATE TABLE IF NOT EXISTS fql_outbox_source (
  only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
  incarnation TEXT NOT NULL
)"""
"""Positions are unique within an incarnation: a rebuilt outbox starts a new one."""

MINT = """INSERT OR IGNORE INTO fql_outbox_source (only_row, incarnation)
VALUES (1, lower(hex(randomblob(16))))"""

REPLACED = """CREATE TABLE IF NOT EXISTS fql_replaced (
  entity TEXT NOT NULL,
  same INTEGER NOT NULL,
  place NOT NULL,
  old TEXT,
  emitted INTEGER
)"""
"""Rows that the statement at work may be about to replace; see `fql.outbox.capture`."""

OUTBOX_STATEMENTS = (OUTBOX, SOURCE, MINT)
"""What `emit` needs. Creating them twice is harmless."""
