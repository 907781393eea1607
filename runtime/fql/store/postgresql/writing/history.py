"""Retention of the history in a PostgreSQL store."""

from __future__ import annotations

from collections.abc import Sequence

from fql.store.history.minutes import BY_MINUTE, KEPT, MINUTE, TEN, tidied
from fql.store.history.rows import MinuteRow
from fql.store.postgresql.tables import schema
from fql.store.postgresql.wire.line import Wire
from fql.store.postgresql.wire.values import int8, int8s, texts
from fql.store.records import Retention

_UNMATCHED = """DELETE FROM {s}.fql_unmatched WHERE at < $1 OR (at, id) <= (SELECT at, id
  FROM {s}.fql_unmatched ORDER BY at DESC, id DESC LIMIT 1 OFFSET $2)"""
_BULKS = "DELETE FROM {s}.fql_bulk WHERE state <> 'running' AND at < $1"
_PULSES = """DELETE FROM {s}.fql_pulse WHERE session NOT IN
  (SELECT id FROM {s}.fql_session WHERE state = 'live')"""
_TENS = "DELETE FROM {s}.fql_minute WHERE span = $1 AND at <= $2"
_COLUMNS = schema.columns(schema.MINUTE.names)
_OLDEST = "SELECT min(at) FROM {s}.fql_minute WHERE span = $1 AND at < $2"
_OF_TEN = f"""SELECT {_COLUMNS} FROM {{s}}.fql_minute
  WHERE (span = $1 AND at = ANY($2)) OR (span = $3 AND at = $4)"""  # noqa: S608
_FORGET = "DELETE FROM {s}.fql_minute WHERE span = $1 AND at = ANY($2)"
_KEY = "span, at, kind, name, session"
_PUT = f"""INSERT INTO {{s}}.fql_minute({_COLUMNS}) SELECT $1, $2, * FROM
  unnest($3::text[], $4::text[], $5::bigint[], $6::text[])
  ON CONFLICT ({_KEY}) DO UPDATE SET numbers = excluded.numbers"""  # noqa: S608


def prune_history(wire: Wire, retention: Retention) -> None:
    """Remove what is old or too much, and merge old minutes."""
    before, now = retention.runs_before, retention.now
    wire.run(_UNMATCHED, (int8(before), int8(max(0, retention.unmatched_max))))
    wire.run(_BULKS, (int8(before),))
    wire.run(_PULSES)
    wire.run(_TENS, (int8(TEN), int8(now - KEPT - TEN)))
    until = (now - BY_MINUTE) // TEN * TEN
    row = wire.one(_OLDEST, (int8(MINUTE), int8(until)))
    while row is not None and row[0] is not None:
        _merge(wire, row[0] // TEN * TEN, now)
        row = wire.one(_OLDEST, (int8(MINUTE), int8(until)))


def _merge(wire: Wire, ten: int, now: int) -> None:
    """The minutes of a ten become one row for each name. Nobody writes rows as old as that."""
    minutes = int8s([ten + MINUTE * number for number in range(TEN // MINUTE)])
    with wire.connection.transaction():
        found = wire.run(_OF_TEN, (int8(MINUTE), minutes, int8(TEN), int8(ten)))
        _, merged = tidied([MinuteRow(*row) for row in found], now)
        wire.run(_FORGET, (int8(MINUTE), minutes))
        if merged:
            wire.run(_PUT, (int8(TEN), int8(ten), *_columns(merged)))


def _columns(rows: Sequence[MinuteRow]) -> tuple[bytes, ...]:
    _, _, kinds, names, sessions, numbers = zip(*rows, strict=True)
    return texts(kinds), texts(names), int8s(sessions), texts(numbers)
