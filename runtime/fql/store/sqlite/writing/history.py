"""What a commit writes of the history, within its transaction, and what retention removes."""

from __future__ import annotations

import sqlite3

from fql.exact.writing import json_text
from fql.store.history.minutes import BY_MINUTE, KEPT, MINUTE, TEN, tidied
from fql.store.history.rows import BulkRow, BulkStep, History, MinuteRow, PulseRow, UnmatchedRow
from fql.store.records import Retention


def _put(table: str, columns: tuple[str, ...], how: str = "INSERT OR REPLACE") -> str:
    return f"{how} INTO {table} VALUES({','.join('?' * len(columns))})"


PUT_UNMATCHED = _put("fql_unmatched", UnmatchedRow._fields)
PUT_MINUTE = _put("fql_minute", MinuteRow._fields)
PUT_PULSE = _put("fql_pulse", PulseRow._fields)
PUT_BULK = _put("fql_bulk", BulkRow._fields, "INSERT OR IGNORE")
STEP_BULK = """UPDATE fql_bulk SET cursor_at = ifnull(?, cursor_at),
  cursor_id = ifnull(?, cursor_id),
  state = CASE state WHEN 'running' THEN ifnull(?, state) ELSE state END, marked = marked + ?,
  resolved = resolved + ?, dead = dead + ?, other = other + ?, asked = ifnull(?, asked)
  WHERE id = ?"""
POST = "INSERT INTO fql_inbox(kind, body, at, by, shard) VALUES(?, ?, ?, ?, ?)"


def write_history(connection: sqlite3.Connection, history: History) -> None:
    """All of it. Another engine's pulse is one of the past: a file has one engine."""
    connection.executemany(PUT_UNMATCHED, history.unmatched)
    connection.executemany(PUT_MINUTE, history.minutes)
    if history.pulse is not None:
        connection.execute("DELETE FROM fql_pulse WHERE session < ?", (history.pulse.session,))
        connection.execute(PUT_PULSE, history.pulse)
    connection.executemany(PUT_BULK, history.bulks)
    connection.executemany(STEP_BULK, map(_changes, history.steps.values()))
    connection.executemany(POST, history.posted)


def _changes(step: BulkStep) -> tuple[object, ...]:
    return (*step[1:], step.id)


OLD_UNMATCHED = """DELETE FROM fql_unmatched WHERE id IN (SELECT id FROM fql_unmatched
  WHERE at < ?1 OR (at, id) <= (SELECT at, id FROM fql_unmatched ORDER BY at DESC, id DESC
    LIMIT 1 OFFSET ?2) ORDER BY at, id LIMIT ?3)"""
OLD_BULKS = "DELETE FROM fql_bulk WHERE state <> 'running' AND at < ?"
OLD_TENS = """DELETE FROM fql_minute WHERE (span, at, kind, name, session) IN
  (SELECT span, at, kind, name, session FROM fql_minute WHERE span = ? AND at <= ? LIMIT ?)"""
OLDEST_MINUTES = """SELECT DISTINCT at / ?2 * ?2, kind, name FROM
  (SELECT at, kind, name FROM fql_minute WHERE span = ?1 AND at < ?3 ORDER BY at LIMIT ?4)"""
OF_TEN = """SELECT * FROM fql_minute WHERE kind = ?1 AND name = ?2 AND
  ((span = ?3 AND at IN (SELECT value FROM json_each(?4))) OR (span = ?5 AND at = ?6))"""
FORGET_MINUTE = """DELETE FROM fql_minute WHERE span = ? AND at = ? AND kind = ? AND name = ?
  AND session = ?"""


def prune_history(connection: sqlite3.Connection, retention: Retention, most: int) -> bool:
    """Remove about so many rows of each kind; gives whether there may be more."""
    before, now = retention.runs_before, retention.now
    values = (before, max(0, retention.unmatched_max), most)
    gone = [connection.execute(OLD_UNMATCHED, values).rowcount]
    connection.execute(OLD_BULKS, (before,))
    gone.append(connection.execute(OLD_TENS, (TEN, now - KEPT - TEN, most)).rowcount)
    return most in gone or _merge_minutes(connection, now, most)


def _merge_minutes(connection: sqlite3.Connection, now: int, most: int) -> bool:
    """Merge what is old, name by name."""
    until = (now - BY_MINUTE) // TEN * TEN
    names = connection.execute(OLDEST_MINUTES, (MINUTE, TEN, until, most)).fetchall()
    for ten, kind, name in names:
        at = json_text([ten + MINUTE * number for number in range(TEN // MINUTE)])
        values = (kind, name, MINUTE, at, TEN, ten)
        rows = [MinuteRow(*row) for row in connection.execute(OF_TEN, values)]
        gone, merged = tidied(rows, now)
        connection.executemany(FORGET_MINUTE, [row[:5] for row in gone])
        connection.executemany(PUT_MINUTE, merged)
    return bool(names)
