"""The steps from one format of an SQLite store to the next, each within an open transaction.

A step sees the tables as the format before it has them, and knows nothing of later ones.
"""

from __future__ import annotations

import sqlite3

from fql.exact.reading import NotJson, read_json
from fql.store.works import decode_works, must_be_held


def to_format_2(connection: sqlite3.Connection, letters: str) -> None:
    """Runs say in a column whether they must be in memory; a plan has one identity."""
    connection.execute("ALTER TABLE fql_run ADD COLUMN held INTEGER NOT NULL DEFAULT 0")
    rows = connection.execute("SELECT id, works FROM fql_run WHERE ended IS NULL").fetchall()
    held = [(number,) for number, works in rows if _holds(works)]
    connection.executemany("UPDATE fql_run SET held = 1 WHERE id = ?", held)
    for short, digest, blob in connection.execute("SELECT short, digest, blob FROM fql_plan"):
        other = _digest_in(blob)
        if other not in (None, digest):
            _rename_plan(connection, letters, str(other), digest, short)


def _holds(works: str) -> bool:
    try:
        return must_be_held(decode_works(works))
    except ValueError:  # damaged: whoever reads it says so
        return False


def _digest_in(blob: bytes) -> str | None:
    """The digest that a stored plan has in itself. Format 1 stored plans with their defaults
    written out, so it was another one than that of the plan as compiled, and what was written for
    such a plan after a restart carries it."""
    try:
        content = read_json(blob)
    except NotJson:
        return None
    return content.get("digest") if isinstance(content, dict) else None


def _rename_plan(
    connection: sqlite3.Connection, letters: str, other: str, digest: str, short: str
) -> None:
    batches = "UPDATE fql_batch SET plan = ? WHERE plan = ?"
    connection.execute(batches, (short, other.removeprefix("sha256:")[:16]))
    dead = f"UPDATE {letters} SET plan_digest = ? WHERE plan_digest = ?"  # noqa: S608
    connection.execute(dead, (digest, other))
