"""The steps from one format of an SQLite store to the next, each within an open transaction.

A step sees the tables as the format before it has them, and knows nothing of later ones.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping

from fql.exact.reading import NotJson, read_json
from fql.store.works import DONE, StoredWork, decode_works, encode_works, must_be_held


def to_format_2(connection: sqlite3.Connection, letters: str) -> None:
    """Runs say in a column whether they must be in memory; a member of a batch that succeeded says
    how often it was sent; a plan has one identity."""
    connection.execute("ALTER TABLE fql_run ADD COLUMN held INTEGER NOT NULL DEFAULT 0")
    sent, last = _sent(connection), -1
    page = "SELECT id, works FROM fql_run WHERE id > ? ORDER BY id LIMIT 5000"
    while rows := connection.execute(page, (last,)).fetchall():
        last = rows[-1][0]
        for number, text in rows:
            _upgrade_run(connection, number, _works(text), sent)
    for short, digest, blob in connection.execute("SELECT short, digest, blob FROM fql_plan"):
        other = _digest_in(blob)
        if other not in (None, digest):
            _rename_plan(connection, letters, str(other), digest, short)


def to_format_3(connection: sqlite3.Connection, letters: str) -> None:
    """Runs and dead letters have a place in the order of runs that is not their id, the key of
    their row, and a shard; commands say who asked."""
    for table, column in (
        ("fql_session", "numbered INTEGER NOT NULL DEFAULT 0"),
        *((table, column) for table in ("fql_run", letters) for column in _PLACED),
        ("fql_batch", _PLACED[0]),
        ("fql_inbox", "by TEXT NOT NULL DEFAULT ''"),
        ("fql_inbox", _PLACED[0]),
    ):
        connection.execute(f"ALTER TABLE {table} ADD COLUMN {column}")
    connection.execute("UPDATE fql_run SET number = id")
    connection.execute(
        f"UPDATE {letters} SET number = run WHERE run IN (SELECT id FROM fql_run)"  # noqa: S608
    )
    connection.execute("DROP INDEX IF EXISTS fql_run_order")
    connection.execute("UPDATE fql_session SET numbered = (SELECT ifnull(max(id), 0) FROM fql_run)")
    extend = """UPDATE fql_copy SET letter = json_insert(letter, '$[#]', NULL, '$[#]', 0,
      '$[#]', (letter ->> 1), '$[#]', '') WHERE letter IS NOT NULL"""
    connection.execute(extend)


def to_format_4(connection: sqlite3.Connection, _letters: str) -> None:
    """Events are found by their own id, and old ones by a walk; keys by their age. What retention
    left behind until now goes: attempts of batches that are gone."""
    connection.execute("DROP INDEX IF EXISTS fql_event_received")
    connection.execute("""DELETE FROM fql_attempt WHERE owner NOT IN (SELECT id FROM fql_run)
      AND owner NOT IN (SELECT id FROM fql_batch)""")


def to_format_5(connection: sqlite3.Connection, letters: str) -> None:
    """What people ask for is found in indexes, and history has tables: `schema.TABLES` makes them.
    The index of dead letters by observer goes on with their time."""
    connection.execute(f"DROP INDEX IF EXISTS {letters}_observer")


_PLACED = (
    "shard INTEGER NOT NULL DEFAULT 0",
    "number INTEGER NOT NULL DEFAULT 0",
    "row_key TEXT NOT NULL DEFAULT ''",
)


def _upgrade_run(
    connection: sqlite3.Connection, number: int, works: list[StoredWork], sent: Mapping[int, int]
) -> None:
    counted = [_counted(work, sent) for work in works]
    held = must_be_held(works)
    if held or counted != works:
        patch = "UPDATE fql_run SET works = ?, held = ? WHERE id = ?"
        connection.execute(patch, (encode_works(counted), held, number))


def _works(text: str) -> list[StoredWork]:
    try:
        return decode_works(text)
    except ValueError:  # damaged: whoever reads it says so
        return []


def _sent(connection: sqlite3.Connection) -> dict[int, int]:
    """How often each batch was sent."""
    rows = connection.execute("SELECT id, work FROM fql_batch")
    return {number: work.sends for number, text in rows for work in _works(text)}


def _counted(work: StoredWork, sent: Mapping[int, int]) -> StoredWork:
    if work.state != DONE or work.sends or work.batch not in sent:
        return work
    return work._replace(sends=sent[work.batch])


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
