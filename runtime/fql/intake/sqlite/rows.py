"""Rows of a SQLite outbox, and what one look at it asks for and finds."""

from __future__ import annotations

from collections.abc import Container
from typing import NamedTuple

from fql.outbox.sqlite.tables import IN_JSON, KEPT, OUTBOX_COLUMNS
from fql.outbox.sqlite.values import rows_in_json
from fql.outbox.state import Tables

ID = "CAST(id AS BLOB)"
TEXTS = ("entity", "event", "new", "old", "problem", "event_id", "key", "context")
COLUMNS = ", ".join(
    ("seq", ID, "raw", *(f"CAST({name} AS TEXT)" for name in TEXTS),
     "strftime('%Y-%m-%dT%H:%M:%fZ', at)", "o.*")
)  # fmt: skip
"""The whole row after what is known of it, for the values that triggers kept."""


class Row(NamedTuple):
    """A row of the outbox, whatever somebody wrote into it; texts are bytes, for they may not be
    UTF-8. Values that a trigger kept are in `new` and `old` as JSON."""

    seq: int
    id: bytes
    raw: object
    entity: bytes
    event: bytes
    new: bytes | None
    old: bytes | None
    problem: bytes | None
    event_id: bytes | None
    key: bytes | None
    context: bytes | None
    at: bytes | None


class Seen(NamedTuple):
    """What one look finds, all of one moment: the number of the schema, the triggers called
    `fql_...`, the state of our tables; what the outbox says about itself, the highest number it
    gave, how many rows there are up to the number asked for (None: not counted); and rows after
    that."""

    schema: int
    triggers: tuple[tuple[bytes, bytes], ...]
    tables: Tables
    incarnation: str = ""
    reader: str | None = None
    number: int = 0
    below: int | None = None
    rows: tuple[Row, ...] = ()


class Ask(NamedTuple):
    """What a look is to find: rows after `after` that are not `done`, at most `limit`; tables and
    triggers only where the schema is no longer that of what is `known`; `counted`, also how many
    rows there are up to `after`."""

    after: int = 0
    limit: int = 0
    done: Container[bytes] = ()
    known: Seen | None = None
    counted: bool = False


class Deleted(NamedTuple):
    """Ids of rows that are no longer there, and the number of the first row among them that nobody
    has seen yet, if there is one."""

    gone: list[bytes]
    unseen: int | None


def row_of(values: tuple[object, ...]) -> Row:
    """The row whose `COLUMNS` have these values. Anything may be in them."""
    count = len(Row._fields)
    row = Row._make(values[:count])
    if row.raw != KEPT:
        return row
    try:
        new, old, problem = rows_in_json(row.new, row.old, values[count + len(OUTBOX_COLUMNS) :])
    except ValueError as error:
        return row._replace(problem=row.problem or f"the row cannot be read: {error}".encode())
    known = row.problem or problem.encode() or None
    return row._replace(raw=IN_JSON, new=new, old=old, problem=known)
