"""How triggers keep rows in the outbox: values as they are, in columns of their own.

That costs the application a third of what JSON would, and every value is exact: numbers, blobs,
infinities, texts with any characters. Rows that are too wide for it are kept as JSON.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fql.exact.writing import json_text
from fql.outbox.sqlite.capture.facts import TableFacts
from fql.outbox.sqlite.capture.wide import row_json
from fql.outbox.sqlite.tables import IN_JSON, KEPT, SAME_NAMES, Names, value_columns
from fql.outbox.wanted import column_name
from fql.plan.model import EntityField
from fql.sql.text import quoted_name, quoted_text

MOST_VALUES = 250
"""The most values of an event that are kept in columns: each row of the outbox is read with all."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A row as it is kept: what is written to `new` or `old`, and the values that follow."""

    label: str
    values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Keeper:
    """Writes statements that keep rows of one table."""

    names: Names
    entity: str
    table: TableFacts
    wide: bool

    def row(self, row: str, fields: Sequence[EntityField]) -> Kept:
        """Fields of the row that SQLite calls so."""
        if self.wide:
            return Kept(row_json(row, fields, self.table))
        values = (f"{row}.{quoted_name(column_name(field))}" for field in fields)
        return Kept(_label(fields), tuple(values))

    def noted(
        self, note: str, fields: Sequence[EntityField], all_noted: Sequence[EntityField]
    ) -> Kept:
        """Fields of a row that was noted with all of `all_noted`."""
        if self.wide:
            return Kept(f"{note}.old")
        places = dict(zip(all_noted, value_columns(len(all_noted)), strict=True))
        return Kept(_label(fields), tuple(f"{note}.{places[field]}" for field in fields))

    def event(self, event: str, new: Kept | None, old: Kept | None, source: str = "") -> str:
        """The statement that writes an event; with `source` one for each note `r` found there."""
        sides = {name: row for name, row in (("new", new), ("old", old)) if row is not None}
        values = [value for row in sides.values() for value in row.values]
        columns = ["seq", "entity", "event", "raw", *sides, *value_columns(len(values))]
        seq = self.names.next_seq
        if source:  # all are numbered before the first is written
            noted = f"SELECT count(*) FROM {self.names.replaced} AS q"  # noqa: S608
            seq += f" + ({noted} WHERE q.rowid < r.rowid)"
        raw = str(IN_JSON if self.wide else KEPT)
        labels = [row.label for row in sides.values()]
        if new and old and new.label == old.label and not self.wide:
            labels[1] = quoted_text(SAME_NAMES)
        known = [seq, quoted_text(self.entity), quoted_text(event), raw]
        row = ", ".join([*known, *labels, *values])
        into = f"INSERT INTO {self.names.outbox} ({', '.join(columns)})"
        return f"{into} SELECT {row} {source}" if source else f"{into} VALUES ({row})"

    def note(self, same: str, place: str, old: Kept | None, source: str) -> str:
        """The statement that notes rows found at `source`."""
        label, values = (old.label, old.values) if old else ("NULL", ())
        columns = ["entity", "same", "place", "old", *value_columns(len(values))]
        row = ", ".join([quoted_text(self.entity), same, place, label, *values])
        return f"INSERT INTO {self.names.replaced} ({', '.join(columns)}) SELECT {row} {source}"


def _label(fields: Sequence[EntityField]) -> str:
    return quoted_text(json_text([field.name for field in fields]))
