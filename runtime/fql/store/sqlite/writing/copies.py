"""Notes of an SQLite store on dead letters that are to be copied elsewhere.

They are written in the commit that changes the letter and removed when the copy is durable, so a
crash anywhere repeats a copy and never loses one.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence

from fql.exact.reading import read_list
from fql.exact.writing import json_text
from fql.store.records import LetterCopy, LetterRow

PUT = "INSERT INTO fql_copy(dlq_id, change, letter, payload) VALUES(?, ?, ?, ?)"
MARK = "copies_letters"


def begin(connection: sqlite3.Connection, letters: str, *, wanted: bool) -> None:
    """Within a transaction: start to note, with all letters there are, or stop and forget."""
    find = "SELECT 1 FROM fql_meta WHERE name = ?"
    noted = connection.execute(find, (MARK,)).fetchone() is not None
    if wanted and not noted:
        connection.execute("INSERT INTO fql_meta VALUES(?, 1)", (MARK,))
        rows = connection.execute(f"SELECT * FROM {letters} ORDER BY failed_at")  # noqa: S608
        note(connection, [LetterRow(*row) for row in rows], ())
    elif noted and not wanted:
        connection.execute("DELETE FROM fql_meta WHERE name = ?", (MARK,))
        connection.execute("DELETE FROM fql_copy")


def note(
    connection: sqlite3.Connection, rows: Iterable[LetterRow], states: Sequence[tuple[str, str]]
) -> None:
    """Within a transaction: what has become dead, and (change, id) of what has left the queue."""
    connection.executemany(PUT, [_packed(row) for row in rows])
    closed = [(name, state, None, None) for state, name in states if state != "replaying"]
    connection.executemany(PUT, closed)


def _packed(row: LetterRow) -> tuple[str, str, str, bytes | None]:
    return row.id, "dead", json_text(row._replace(payload=None)), row.payload


def take(connection: sqlite3.Connection, limit: int) -> list[LetterCopy]:
    """The oldest notes."""
    find = "SELECT number, dlq_id, change, letter, payload FROM fql_copy ORDER BY number LIMIT ?"
    return [
        LetterCopy(number, name, change, None if text is None else _unpacked(text, payload))
        for number, name, change, text, payload in connection.execute(find, (limit,))
    ]


def _unpacked(text: str, payload: bytes | None) -> LetterRow:
    return LetterRow._make(read_list(text))._replace(payload=payload)
