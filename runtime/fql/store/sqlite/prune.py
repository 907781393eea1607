"""Retention of an SQLite store, in bounded slices: open work and what a dead letter needs stay.

What is old is found in an index, so a look that finds nothing is short however much is stored.
"""

from __future__ import annotations

import sqlite3

from fql.store.eviction import OVERHEAD, surplus
from fql.store.port import Pruned
from fql.store.records import LetterRow, Retention
from fql.store.sqlite.copies import note
from fql.store.sqlite.write import drop_run


def prune(
    connection: sqlite3.Connection,
    retention: Retention,
    letters: str,
    *,
    notes: bool = False,
    keys: bool = True,
) -> Pruned:
    """Remove one slice, in one transaction. `notes` says that copies of letters are kept; without
    `keys` those are left alone, as finding old ones reads all."""
    connection.execute("BEGIN IMMEDIATE")
    evicted = _old_letters(connection, retention, letters)
    if notes:
        note(connection, (), [("evicted", letter.id) for letter in evicted])
    result = Pruned(
        runs=_finished_runs(connection, retention, letters),
        keys=_old_keys(connection, retention) if keys else 0,
        letters=len(evicted),
        evicted=tuple(evicted),
    )
    _lone_events(connection, retention)
    _plans(connection, letters)
    connection.execute("COMMIT")
    return result


def used_bytes(connection: sqlite3.Connection) -> int:
    """Bytes that rows and indexes take, without free pages."""
    pages = connection.execute("PRAGMA page_count").fetchone()[0]
    free = connection.execute("PRAGMA freelist_count").fetchone()[0]
    return int(pages - free) * int(connection.execute("PRAGMA page_size").fetchone()[0])


def _finished_runs(connection: sqlite3.Connection, retention: Retention, letters: str) -> int:
    """Finished runs that are too old; past the size of the store, the oldest whatever their age."""
    too_big = used_bytes(connection) > retention.store_max
    before = 1 << 62 if too_big else retention.runs_before
    rows = connection.execute(
        f"""SELECT r.id FROM fql_run r WHERE r.ended < ? AND r.order_key IS NULL
            AND NOT EXISTS (SELECT 1 FROM {letters} l WHERE l.run = r.id)
            ORDER BY r.ended LIMIT ?""",  # noqa: S608
        (before, retention.slice),
    ).fetchall()
    for (number,) in rows:
        drop_run(connection, number)
    connection.execute(
        "DELETE FROM fql_batch WHERE id IN (SELECT id FROM fql_batch WHERE ended < ? LIMIT ?)",
        (before, retention.slice),
    )
    return len(rows)


def _lone_events(connection: sqlite3.Connection, retention: Retention) -> None:
    """Old events that never had a run. Runs are numbered after their event, closely."""
    connection.execute(
        """DELETE FROM fql_event WHERE id IN (
             SELECT e.id FROM fql_event e WHERE e.received < ? AND NOT EXISTS
               (SELECT 1 FROM fql_run r WHERE r.event = e.id
                AND r.id BETWEEN e.id AND e.id + 20000)
             ORDER BY e.received LIMIT ?)""",
        (retention.runs_before, retention.slice),
    )


def _old_keys(connection: sqlite3.Connection, retention: Retention) -> int:
    gone = connection.execute(
        "DELETE FROM fql_remembered WHERE (high, low) IN"
        " (SELECT high, low FROM fql_remembered WHERE at < ? LIMIT ?)",
        (retention.keys_before, retention.slice),
    ).rowcount
    count = connection.execute("SELECT count(*) FROM fql_remembered").fetchone()[0]
    if count > retention.keys_max:
        gone += connection.execute(
            "DELETE FROM fql_remembered WHERE (high, low) IN"
            " (SELECT high, low FROM fql_remembered ORDER BY at LIMIT ?)",
            (min(retention.slice, count - retention.keys_max),),
        ).rowcount
    return gone


def _old_letters(
    connection: sqlite3.Connection, retention: Retention, letters: str
) -> list[LetterRow]:
    """Dead letters that are too old; past their size, the oldest go first."""
    size_of = f"coalesce(length(request), 0) + coalesce(length(payload), 0) + {OVERHEAD}"
    size = 0
    if used_bytes(connection) > retention.letters_max:  # else they cannot be too many either
        sizes = f"SELECT coalesce(sum({size_of}), 0) FROM {letters}"  # noqa: S608
        size = connection.execute(sizes).fetchone()[0]
    before = 1 << 62 if size > retention.letters_max else retention.letters_before
    found = connection.execute(
        f"SELECT * FROM {letters} WHERE failed_at < ? ORDER BY failed_at LIMIT ?",  # noqa: S608
        (before, retention.slice),
    ).fetchall()
    gone = surplus((LetterRow(*row) for row in found), size, retention)
    names = [(letter.id,) for letter in gone]
    connection.executemany(f"DELETE FROM {letters} WHERE dlq_id = ?", names)  # noqa: S608
    return gone


def _plans(connection: sqlite3.Connection, letters: str) -> None:
    """Plans that neither a run nor a dead letter refers to, and that are not the active one."""
    connection.execute(
        f"""DELETE FROM fql_plan WHERE short IS NOT
              (SELECT value FROM fql_meta WHERE name = 'active')
            AND NOT EXISTS (SELECT 1 FROM {letters} l WHERE l.plan_digest = fql_plan.digest)
            AND NOT EXISTS (SELECT 1 FROM fql_run r WHERE r.plan = fql_plan.short)"""  # noqa: S608
    )
