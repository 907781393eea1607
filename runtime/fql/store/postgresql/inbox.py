"""The inbox of a PostgreSQL store: what other processes hand in, once each."""

from __future__ import annotations

from collections.abc import Sequence

import psycopg

from fql.errors import StoreError
from fql.exact.reading import NotJson, read_object
from fql.store.postgresql.tables import schema
from fql.store.postgresql.wire.line import Wire
from fql.store.postgresql.wire.values import byteas, int8, int8s, text, texts
from fql.store.records import Command
from fql.store.sharing.homes import FIRST, home

BRISK, CALM = 0.05, 1.0
"""Seconds between two looks at the inbox, after recent work and when all is quiet."""
LOOKED_AT = 100
"""The newest commands that a look compares."""
_NEWEST = f"SELECT id FROM {{s}}.fql_inbox ORDER BY id DESC LIMIT {LOOKED_AT}"  # noqa: S608
_PENDING = "SELECT id FROM {s}.fql_inbox WHERE id = ANY($1)"
_COMMANDS = """SELECT id, kind, body, at, by, shard FROM {s}.fql_inbox
  WHERE id <> ALL($1) ORDER BY id LIMIT $2"""
_COMMANDS_OF = """SELECT id, kind, body, at, by, shard FROM {s}.fql_inbox
  WHERE id <> ALL($1) AND shard = ANY($3) ORDER BY id LIMIT $2"""
_APPEND = """INSERT INTO {s}.fql_inbox(kind, body, at, by, shard)
  SELECT n.kind, n.body, $3, $4, n.shard
  FROM unnest($1::text[], $2::bytea[], $5::bigint[], $6::bigint[]) AS n(kind, body, run, shard)
  RETURNING id, pg_current_xact_id()::text::bigint"""
_APPEND_FOR_RUNS = _APPEND.replace(
    " n.shard\n", " coalesce((SELECT r.shard FROM {s}.fql_run r WHERE r.id = n.run), n.shard)\n"
)
"""A client that only emits has no right to read runs."""
_ENDED = "SELECT pg_xact_status($1::bigint::text::xid8)"


class Entering:
    """Enters commands, once. It is called again when its reply was lost: the transaction's number
    then tells whether the first call counted. While `doubtful`, nobody knows."""

    def __init__(self, commands: Sequence[tuple[str, bytes]], now: int, by: str) -> None:
        kinds, bodies = zip(*commands, strict=True)
        runs, shards = zip(*map(_goes_to, bodies), strict=True)
        self._statement = _APPEND_FOR_RUNS if any(runs) else _APPEND
        self._values = (
            texts(kinds), byteas(bodies), int8(now), text(by), int8s(runs), int8s(shards)
        )  # fmt: skip
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
            rows = wire.run(self._statement, self._values)
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


def _goes_to(body: bytes) -> tuple[int, int]:
    """The run that a command names, or 0, and the shard where there is none: events of one client
    go to one engine, in their order."""
    try:
        named = read_object(body)
    except NotJson:
        return 0, FIRST
    run, source = named.get("run"), named.get("source")
    shard = home(source, schema.SHARDS) if isinstance(source, str) else named.get("shard")
    if not (isinstance(shard, int) and 0 <= shard < schema.SHARDS):
        shard = FIRST
    return (run if isinstance(run, int) and 0 < run < 1 << 63 else 0), shard


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


def commands_of(wire: Wire, limit: int, but: Sequence[int], mine: Sequence[int]) -> list[Command]:
    """The same of some shards."""
    values = (int8s(but), int8(limit), int8s(mine))
    return [Command(*row) for row in wire.run(_COMMANDS_OF, values)]


def pause_between_looks(calm: float) -> float:
    """Seconds until the next look, `calm` seconds after the last work."""
    return max(BRISK, min(calm / 4, CALM))


def newest(wire: Wire) -> frozenset[int]:
    """The numbers of the newest commands."""
    return frozenset(row[0] for row in wire.run(_NEWEST))


def pending(wire: Wire, ids: Sequence[int]) -> set[int]:
    """Those of these commands that no engine has taken yet."""
    return {row[0] for row in wire.run(_PENDING, (int8s(ids),))}
