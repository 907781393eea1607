"""The tables of capture in somebody else's SQLite database: names, columns, format.

Every name holds the project's (`[project] name`), so that two projects on one database do not
collide.
"""

from __future__ import annotations

from dataclasses import dataclass

from fql.outbox.project import DEFAULT_PROJECT, PROJECT

FORMAT = 3
"""Of the tables and of what triggers write. An older one is upgraded by `install`, a newer one is
refused. The second had no `SAME_NAMES`, and is read as well."""


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
        """Rows that the statement at work may be about to replace (`capture/kept.py`)."""
        return f"fql_{self.project}_replaced"

    @property
    def next_seq(self) -> str:
        """What the next row of the outbox gets as `seq`: one more than the last one, or than the
        last that was deleted, which whoever deletes notes. AUTOINCREMENT would write that down in
        each statement of the application, whether it is captured or not."""
        last = f"SELECT seq FROM {self.outbox} ORDER BY seq DESC LIMIT 1"  # noqa: S608
        deleted = f"SELECT number FROM {self.source}"  # noqa: S608
        return f"ifnull(({last}), ({deleted})) + 1"

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


IN_JSON, KEPT = 1, 2
"""What `raw` says of a row of a trigger: its values are JSON, or are kept in columns."""

SAME_NAMES = "="
"""What `old` holds instead of the names of its fields where they are those of `new`: names are half
of a wide row."""

OUTBOX_COLUMNS = (
    "seq", "id", "entity", "event", "new", "old", "raw", "row_key", "only", "revision", "problem",
    "event_id", "key", "context", "at",
)  # fmt: skip
SOURCE_COLUMNS = ("only_row", "format", "incarnation", "consumer", "number")
REPLACED_COLUMNS = ("entity", "same", "place", "old", "emitted")


def value_columns(count: int) -> tuple[str, ...]:
    """The columns for values that triggers keep, after all others. They have no type, so that
    SQLite leaves each value as it is."""
    return tuple(f"v{number}" for number in range(1, count + 1))


def has_shape(found: tuple[str, ...], wanted: tuple[str, ...]) -> bool:
    """Whether a table has these columns, and columns for values at most."""
    count = len(wanted)
    return found[:count] == wanted and found[count:] == value_columns(len(found) - count)


def widening(table: str, present: int, needed: int) -> tuple[str, ...]:
    """What gives a table more columns for values."""
    added = value_columns(needed)[present:]
    return tuple(f"ALTER TABLE {table} ADD COLUMN {column}" for column in added)


def _and_values(count: int) -> str:
    return "".join(f",\n  {column}" for column in value_columns(count))


def outbox_statements(names: Names, values: int = 0) -> tuple[str, ...]:
    """What `fql.outbox.emit` needs, and `values` columns for what triggers keep. Running them
    again is harmless.

    A row is known by `id` alone. `seq` gives the order of commits, as SQLite has one writer at a
    time; it identifies nothing, for it goes back when a file is restored. `raw` marks rows as a
    trigger saw them: values of SQLite that `fql.outbox.sqlite.rows` reads by the types of the
    entity. With `raw` 2 `new` and `old` hold the names of the fields as a JSON list, and their
    values follow in `v1`, `v2` and so on, those of `new` first (`=` in `old`: the same names); with
    `raw` 1 they are JSON objects.
    `row_key`, `only` and `revision` are empty so far: the key of the row that changed, which the
    engine reads from the row itself, the one observer that a row is for, and the count of what the
    triggers supply. `problem` says why a row could not be captured;
    `event_id`, `key` and `context` are those of the event. `at` is a Julian day, exact to the
    millisecond: to write it as text took a third of the time of a row.
    """
    outbox = f"""CREATE TABLE IF NOT EXISTS {names.outbox} (
  seq INTEGER PRIMARY KEY,
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
  at REAL NOT NULL DEFAULT (julianday()){_and_values(values)}
)"""
    source = f"""CREATE TABLE IF NOT EXISTS {names.source} (
  only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
  format INTEGER NOT NULL,
  incarnation TEXT NOT NULL,
  consumer TEXT,
  number INTEGER NOT NULL DEFAULT 0
)"""
    mint = f"""INSERT OR IGNORE INTO {names.source} (only_row, format, incarnation)
VALUES (1, {FORMAT}, lower(hex(randomblob(16))))"""  # noqa: S608
    return outbox, source, mint


def upgrade_statement(names: Names) -> str:
    """What notes that triggers write as this version does."""
    return f"UPDATE {names.source} SET format = {FORMAT} WHERE format < {FORMAT}"  # noqa: S608


def replaced_statement(names: Names, values: int = 0) -> str:
    """The table in which triggers note what a statement may be about to replace, with `values`
    columns for what they keep."""
    return f"""CREATE TABLE IF NOT EXISTS {names.replaced} (
  entity TEXT NOT NULL,
  same INTEGER NOT NULL,
  place NOT NULL,
  old TEXT,
  emitted INTEGER{_and_values(values)}
)"""
