"""What one commit writes: the rows of `Mutations` as few, long steps of SQLite.

A statement takes many rows at once, because Python's lock is given away and fetched again for
each step of SQLite: a step for each row would hand it back and forth between the thread that
writes and the one that sends. Groups come in powers of two, so that a few prepared statements
serve every commit. (Rows as one JSON text take as few steps, but twice the time.)
"""

from __future__ import annotations

import sqlite3
import struct
from collections.abc import Collection, Iterator, Sequence
from functools import cache
from itertools import chain

from fql.exact.writing import json_text
from fql.store.records import LetterRow, Mutations, Remembered, RunRow
from fql.store.sqlite import schema
from fql.store.sqlite.writing.history import write_history

LARGEST_GROUP = 128
"""Rows of one statement; 128 rows of 12 columns are far from SQLite's bound of 32,766 values."""
STATEMENTS = 256
"""Prepared statements that a connection keeps: those of all groups, and the others."""
KEY = struct.Struct(">qq")
NUMBER = RunRow._fields.index("number")


def write(
    connection: sqlite3.Connection, changed: Mutations, letters: str, numbered: int
) -> list[LetterRow]:
    """Change everything, within a transaction that is open. `letters` is the name of their table,
    `numbered` the last number that a run has got. Gives the dead letters as they are stored."""
    at_once(connection, schema.INSERT_EVENTS, changed.events)
    numbers = enumerate(changed.runs, numbered + 1)
    runs = [(*row[:NUMBER], number, *row[NUMBER + 1 :]) for number, row in numbers]
    at_once(connection, schema.INSERT_RUNS, runs)
    at_once(connection, schema.PATCH_RUNS, changed.patches)
    at_once(connection, schema.PUT_ATTEMPTS, changed.attempts)
    at_once(connection, schema.PUT_REMEMBERED, [_packed(row) for row in changed.remembered])
    at_once(connection, schema.PUT_TAKEN, changed.taken)
    at_once(connection, schema.FORGET_TAKEN, [(id_,) for id_ in changed.forgotten])
    if changed.consumed:
        connection.execute(schema.DELETE_COMMANDS, (json_text(changed.consumed),))
    _many(connection, schema.PUT_BATCH, changed.batches)
    dead = [_numbered(connection, row) for row in changed.letters]
    _many(connection, schema.PUT_LETTER.format(letters=letters), dead)
    _many(connection, schema.PUT_LIMIT, changed.limits)
    _many(connection, schema.PUT_POSITION, changed.positions.items())
    _many(connection, schema.PUT_PLAN, changed.plans)
    _write_rare(connection, changed, letters)
    if changed.history is not None:
        write_history(connection, changed.history)
    return dead


def _numbered(connection: sqlite3.Connection, letter: LetterRow) -> LetterRow:
    """With the number of its run."""
    found = connection.execute(schema.NUMBER_OF_RUN, (letter.run,)).fetchone()
    return letter if found is None else letter._replace(number=found[0])


def at_once(
    connection: sqlite3.Connection, statement: str, rows: Sequence[Sequence[object]]
) -> None:
    """Carry out a statement, which has `{rows}` where its VALUES go, for all rows."""
    for group in _groups(rows):
        text = _for_rows(statement, len(group), len(group[0]))
        connection.execute(text, tuple(chain.from_iterable(group)))


def _groups(rows: Sequence[Sequence[object]]) -> Iterator[Sequence[Sequence[object]]]:
    """The rows in groups of powers of two, the large ones first."""
    begin, size = 0, LARGEST_GROUP
    while begin < len(rows):
        while size > len(rows) - begin:
            size //= 2
        yield rows[begin : begin + size]
        begin += size


@cache
def _for_rows(statement: str, count: int, width: int) -> str:
    row = f"({','.join('?' * width)})"
    return statement.format(rows=f"VALUES {','.join([row] * count)}")


def _many(
    connection: sqlite3.Connection, statement: str, rows: Collection[Sequence[object]]
) -> None:
    """For kinds of rows of which a commit has few."""
    if rows:
        connection.executemany(statement, rows)


def _packed(row: Remembered) -> tuple[int, int, int, int, int]:
    """A key as two integers of 64 bits: SQLite stores them in 16 bytes."""
    high, low = KEY.unpack(row.key)
    payload = int.from_bytes(row.payload, "big", signed=True) if row.payload else 0
    return high, low, row.event, row.at, payload


def unpacked(high: int, low: int, event: int, at: int, payload: int) -> Remembered:
    """A remembered key as it is stored."""
    return Remembered(KEY.pack(high, low), event, at, payload.to_bytes(8, "big", signed=True))


def _write_rare(connection: sqlite3.Connection, changed: Mutations, letters: str) -> None:
    for state, name in changed.letter_states:
        if state in ("resolved", "discarded"):
            connection.execute(f"DELETE FROM {letters} WHERE dlq_id = ?", (name,))  # noqa: S608
        else:
            mark = f"UPDATE {letters} SET state = ? WHERE dlq_id = ?"  # noqa: S608
            connection.execute(mark, (state, name))
    for name, paused in changed.pauses.items():
        put = "INSERT OR IGNORE INTO fql_pause VALUES(?)"
        connection.execute(put if paused else "DELETE FROM fql_pause WHERE name = ?", (name,))
    if changed.active:
        connection.execute("INSERT OR REPLACE INTO fql_meta VALUES('active', ?)", (changed.active,))
    for number in changed.dropped_runs:
        drop_run(connection, number)


def drop_run(connection: sqlite3.Connection, number: int) -> None:
    """Delete a run, its attempts, and its event when nothing else needs it."""
    connection.execute("DELETE FROM fql_attempt WHERE owner = ?", (number,))
    row = connection.execute("SELECT event FROM fql_run WHERE id = ?", (number,)).fetchone()
    connection.execute("DELETE FROM fql_run WHERE id = ?", (number,))
    if row is not None:
        connection.execute(schema.DROP_EVENT, row)
