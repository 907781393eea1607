"""The tables of capture in somebody else's SQLite database: names, columns, format.

Every name holds the project's (`[project] name`), so that two projects on one database keep apart.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

FORMAT = 2
"""Of the tables. An older one is upgraded by `install`, a newer one is refused."""

DEFAULT_PROJECT = "main"
PROJECT = re.compile(r"[a-z][a-z0-9_]{0,39}")
"""What a project may be called: its name becomes part of names in the database."""


@dataclass(frozen=True, slots=True)
class Names:
    """What the tables and triggers of a project are called."""

    project: str = DEFAULT_PROJECT

    @property
    def outbox(self) -> str:
        """Rows are events that wait."""
        return f"fql_{self.project}_outbox"

    @property
    def source(self) -> str:
        """One row: what this outbox is, and who reads it."""
        return f"fql_{self.project}_source"

    @property
    def replaced(self) -> str:
        """Rows that the statement at work may be about to replace; see `fql.outbox.capture`."""
        return f"fql_{self.project}_replaced"

    @property
    def tables(self) -> tuple[str, str, str]:
        """All tables of the project."""
        return self.outbox, self.source, self.replaced

    def trigger(self, entity: str, suffix: str) -> str:
        """A trigger of an entity."""
        return f"fql_{self.project}_{entity}_{suffix}"


def project_of(table: str) -> str:
    """The project whose outbox a table is by its name; empty for any other table."""
    project = table.removeprefix("fql_").removesuffix("_outbox")
    return project if PROJECT.fullmatch(project) and Names(project).outbox == table else ""


OUTBOX_COLUMNS = (
    "seq", "id", "entity", "event", "new", "old", "raw", "row_key", "only", "revision", "problem",
    "event_id", "key", "context", "at",
)  # fmt: skip
SOURCE_COLUMNS = ("only_row", "format", "incarnation", "consumer")
REPLACED_COLUMNS = ("entity", "same", "place", "old", "emitted")


def outbox_statements(names: Names) -> tuple[str, ...]:
    """What `fql.outbox.emit` needs. Running them again is harmless.

    A row is known by `id` alone. `seq` gives the order of commits, as SQLite has one writer at a
    time; it identifies nothing, for it goes back when a file is restored. `raw` 1 marks rows as a
    trigger saw them: values of SQLite that `fql.outbox.rows` reads by the types of the entity.
    `row_key` is the key of the row that changed, `only` the one observer that a row is for,
    `revision` counts what the triggers supply, `problem` says why a row could not be captured;
    `event_id`, `key` and `context` are those of the event. `at` is a Julian day, exact to the
    millisecond: to write it as text took a third of the time of a row.
    """
    outbox = f"""CREATE TABLE IF NOT EXISTS {names.outbox} (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  id BLOB NOT NULL DEFAULT (randomblob(16)),
  entity TEXT NOT NULL,
  event TEXT NOT NULL,
  new TEXT,
  old TEXT,
  raw INTEGER NOT NULL DEFAULT 0,
  row_key TEXT,
  only TEXT,
  revision INTEGER,
  problem TEXT,
  event_id TEXT,
  key TEXT,
  context TEXT,
  at REAL NOT NULL DEFAULT (julianday('now'))
)"""
    source = f"""CREATE TABLE IF NOT EXISTS {names.source} (
  only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
  format INTEGER NOT NULL,
  incarnation TEXT NOT NULL,
  consumer TEXT
)"""
    mint = f"""INSERT OR IGNORE INTO {names.source} (only_row, format, incarnation)
VALUES (1, {FORMAT}, lower(hex(randomblob(16))))"""  # noqa: S608
    return outbox, source, mint


def replaced_statement(names: Names) -> str:
    """The table in which triggers note what a statement may be about to replace."""
    return f"""CREATE TABLE IF NOT EXISTS {names.replaced} (
  entity TEXT NOT NULL,
  same INTEGER NOT NULL,
  place NOT NULL,
  old TEXT,
  emitted INTEGER
)"""
