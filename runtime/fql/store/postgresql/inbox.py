"""The inbox of a PostgreSQL store: what other processes hand in, once each."""

from __future__ import annotations

from collections.abc import Sequence

import psycopg

from fql.errors import StoreError
from fql.store.postgresql.wire.line import Wire
from fql.store.postgresql.wire.values import byteas, int8, int8s, text, texts
from fql.store.records import Command

BRISK, CALM = 0.05, 1.0
"""Seconds between two looks at the inbox, after recent work and when all is quiet."""
LOOKED_AT = 100
"""The newest commands that a look compares."""
_NEWEST = f"SELECT id FROM {{s}}.fql_inbox ORDER BY id DESC LIMIT {LOOKED_AT}"  # noqa: S608
_PENDING = "SELECT id FROM {s}.fql_inbox WHERE id = ANY($1)"
_COMMANDS = """SELECT id, kind, body, at, by, shard FROM {s}.fql_inbox
  WHERE id <> ALL($1) ORDER BY id LIMIT $2"""
_APPEND = """INSERT INTO {s}.fql_inbox(kind, body, at, by)
  SELECT n.kind, n.body, $3, $4 FROM unnest($1::text[], $2::bytea[]) AS n(kind, body)
  RETURNING id, pg_current_xact_id()::text::bigint"""
_ENDED = "SELECT pg_xact_status($1::bigint::text::xid8)"


class Entering:
    """Enters commands, once. It is called again when its reply was lost: the transaction's number
    then tells whether the first call counted. While `doubtful`, nobody knows."""

    def __init__(self, commands: Sequence[tuple[str, bytes]], now: int, by: str) -> None:
        kinds, bodies = zip(*commands, strict=True)
        self._values = (texts(kinds), byteas(bodies), int8(now), text(by))
        self._transaction = 0
        self._ids: list[int] = []

    @property
    def doubtful(self) -> bool:
        """Whether it was sent to be committed, and nobody has heard how that ended."""
        return self._transaction > 0

    def __call__(self, wire: Wire) -> list[int]:
        """The numbers of the entries, durable on return. Raises StoreError while the server does
        not know yet."""
        if self._transaction and self._has_counted(wire):
            return self._ids
        wire.run("BEGIN")
        try:
            rows = wire.run(_APPEND, self._values)
        except psycopg.Error:
            if not wire.broken:
                wire.run("ROLLBACK")
            raise
        self._ids, self._transaction = [row[0] for row in rows], rows[0][1]
        wire.run("COMMIT")
        self._transaction = 0
        return self._ids

    def _has_counted(self, wire: Wire) -> bool:
        row = wire.one(_ENDED, (int8(self._transaction),))
        state = None if row is None else row[0]
        if state == "in progress":
            raise StoreError("the server is still entering the command")
        self._transaction = 0
        return state == "committed"


def unknown(problem: StoreError) -> StoreError:
    """The error for a `problem` that lasts longer than anybody would wait."""
    return StoreError(
        f"{problem.message}; it is not known whether the command was entered",
        hint="look at runs and dead letters before you repeat it; an event with a `key` can be"
        " repeated without harm",
    )


def commands(wire: Wire, limit: int, but: Sequence[int]) -> list[Command]:
    """The oldest commands that are not among `but`."""
    return [Command(*row) for row in wire.run(_COMMANDS, (int8s(but), int8(limit)))]


def pause_between_looks(calm: float) -> float:
    """Seconds until the next look, `calm` seconds after the last work."""
    return max(BRISK, min(calm / 4, CALM))


def newest(wire: Wire) -> frozenset[int]:
    """The numbers of the newest commands."""
    return frozenset(row[0] for row in wire.run(_NEWEST))


def pending(wire: Wire, ids: Sequence[int]) -> set[int]:
    """Those of these commands that no engine has taken yet."""
    return {row[0] for row in wire.run(_PENDING, (int8s(ids),))}
