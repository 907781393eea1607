"""What people ask of the history in an SQLite store."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from fql.exact.writing import json_text
from fql.store.choosing import EventFilter, UnmatchedFilter
from fql.store.history.rows import BulkRow, MinuteRow, PulseRow, UnmatchedRow
from fql.store.records import EventRow
from fql.store.sqlite.reading.query import Query, after, pair, until, where


def events_query(wanted: EventFilter) -> Query:
    """Events, newest first. In one file they are numbered in the order in which they came, and
    only their numbers have an index."""
    below = None if wanted.below is None else wanted.below[1]
    index = " NOT INDEXED" if wanted.event_id is None else " INDEXED BY fql_event_event_id"
    text, values = where(
        [
            ("id = ?", wanted.id),
            ("event_id = ?", wanted.event_id),
            ("entity = ?", wanted.entity),
            ("source = ?", wanted.source),
            ("received >= ?", wanted.since),
            ("received < ?", wanted.until),
            ("id < ?", below),
        ]
    )
    query = f"SELECT * FROM fql_event{index}{text}ORDER BY id DESC LIMIT ?"  # noqa: S608
    return query, [*values, wanted.limit]


def unmatched_query(wanted: UnmatchedFilter) -> Query:
    """Events without a run, newest first."""
    text, values = where(
        [
            ("id = ?", wanted.id),
            ("event_id = ?", wanted.event_id),
            ("event_id <> ''", bool(wanted.event_id)),
            ("row_key = ?", wanted.row_key),
            ("row_key <> ''", bool(wanted.row_key)),
            ("entity = ?", wanted.entity),
            ("source = ?", wanted.source),
            ("result = ?", wanted.result),
            ("at >= ?", wanted.since),
            (until("at", wanted.below), wanted.until),
            (after("at, id"), pair(wanted.below)),
        ]
    )
    index = " INDEXED BY fql_unmatched_at"
    if wanted.event_id:
        index = " INDEXED BY fql_unmatched_event"
    elif wanted.row_key:
        index = " INDEXED BY fql_unmatched_row"
    elif wanted.id is not None:
        index = ""
    query = f"SELECT * FROM fql_unmatched{index}{text}ORDER BY at DESC, id DESC LIMIT ?"  # noqa: S608
    return query, [*values, wanted.limit]


def events(connection: sqlite3.Connection, wanted: EventFilter) -> list[EventRow]:
    """Events, newest first."""
    return [EventRow(*row) for row in connection.execute(*events_query(wanted))]


def unmatched(connection: sqlite3.Connection, wanted: UnmatchedFilter) -> list[UnmatchedRow]:
    """Events without a run, newest first."""
    return [UnmatchedRow(*row) for row in connection.execute(*unmatched_query(wanted))]


def minutes(
    connection: sqlite3.Connection, since: int, kinds: Sequence[str], names: Sequence[str]
) -> list[MinuteRow]:
    """What was counted in spans that end after a time, oldest first."""
    find = """SELECT * FROM fql_minute WHERE at > ?1 - span
      AND (?2 = '[]' OR kind IN (SELECT value FROM json_each(?2)))
      AND (?3 = '[]' OR name IN (SELECT value FROM json_each(?3)))
      ORDER BY at, span, kind, name, session"""
    values = (since, json_text(list(kinds)), json_text(list(names)))
    return [MinuteRow(*row) for row in connection.execute(find, values)]


def pulse(connection: sqlite3.Connection) -> list[PulseRow]:
    """The engines, as they were when they were last watched."""
    found = connection.execute("SELECT * FROM fql_pulse ORDER BY session")
    return [PulseRow(*row) for row in found]


def bulks(connection: sqlite3.Connection, ids: Sequence[int], limit: int) -> list[BulkRow]:
    """Bulk replays, newest first: these, or all."""
    among = "WHERE id IN (SELECT value FROM json_each(?1))" if ids else "WHERE ?1 = '[]'"
    find = f"SELECT * FROM fql_bulk {among} ORDER BY id DESC LIMIT ?2"  # noqa: S608
    return [BulkRow(*row) for row in connection.execute(find, (json_text(list(ids)), limit))]
