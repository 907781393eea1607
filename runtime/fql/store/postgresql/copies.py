"""Notes of a PostgreSQL store on dead letters that are to be copied elsewhere.

A commit writes them with the letter, and they go when the copy is durable: a crash may repeat a
copy and never loses one.
"""

from __future__ import annotations

from fql.store.postgresql.tables import schema
from fql.store.postgresql.wire.line import Wire
from fql.store.postgresql.wire.values import int8, text, texts
from fql.store.records import LetterCopy, LetterRow

MARK = "copies_letters"
_NAMES = schema.columns(schema.LETTER.names)
_MARKED = "SELECT 1 FROM {s}.fql_meta WHERE name = $1"
_PUT_MARK = "INSERT INTO {s}.fql_meta(name, value) VALUES($1, '1')"
_ALL = (
    f"INSERT INTO {{s}}.fql_copy({_NAMES}, change) SELECT {_NAMES}, 'dead'"  # noqa: S608
    " FROM {s}.fql_letter ORDER BY failed_at, dlq_id"
)
_TAKE = f"SELECT place, change, {_NAMES} FROM {{s}}.fql_copy ORDER BY place LIMIT $1"  # noqa: S608
EVICTED = """INSERT INTO {s}.fql_copy(dlq_id, change)
  SELECT dlq_id, 'evicted' FROM unnest($1::text[]) AS n(dlq_id)"""


def begin(wire: Wire, *, wanted: bool) -> None:
    """Within a transaction: start to note letters, beginning with all that there are, or stop and
    forget."""
    noted = bool(wire.run(_MARKED, (text(MARK),)))
    if wanted and not noted:
        wire.run(_PUT_MARK, (text(MARK),))
        wire.run(_ALL)
    elif noted and not wanted:
        wire.run("DELETE FROM {s}.fql_meta WHERE name = $1", (text(MARK),))
        wire.run("DELETE FROM {s}.fql_copy")


def take(wire: Wire, limit: int) -> list[LetterCopy]:
    """The oldest notes."""
    return [
        LetterCopy(place, row[0], change, LetterRow(*row) if change == "dead" else None)
        for place, change, *row in wire.run(_TAKE, (int8(limit),))
    ]


def evicted(wire: Wire, names: list[str]) -> None:
    """Within a transaction: these letters have gone for their age or size."""
    if names:
        wire.run(EVICTED, (texts(names),))


def forget(wire: Wire, last: int) -> None:
    """Notes up to this one are durable elsewhere."""
    wire.run("DELETE FROM {s}.fql_copy WHERE place <= $1", (int8(last),))
