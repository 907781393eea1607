"""Sessions of engines that work side by side, and the shards that each of them has.

A shard belongs to the session in its row for as long as that is live: a commit of a session that is
fenced finds no live row, so what it owned is free from then on. Taking a shard compares who had it,
so no two engines take the same. Each step is one statement, which ends on the server even where its
client stops in the middle. Decision 0195.
"""

from __future__ import annotations

from collections.abc import Sequence

import psycopg

from fql.errors import StoreError
from fql.store.port import Lease
from fql.store.postgresql.tables import schema
from fql.store.postgresql.wire.line import Wire
from fql.store.postgresql.wire.values import floats, int8, text
from fql.store.postgresql.writing import session as sessions
from fql.store.sessions import BEGINNING, LATEST
from fql.store.sharing.limits import Grant, Known, Wish
from fql.store.sharing.port import Share

TRIES = 20
"""Engines that begin at the same moment want the same number; each takes the next one."""
_BEGIN = f"""INSERT INTO {{s}}.fql_session(id, holder, cycle, settled, state, expires, shared)
  SELECT greatest(coalesce(max(id), 0) + 1, least($2,
    extract(epoch FROM clock_timestamp())::bigint - {BEGINNING})), $1, 0, 0, 'live',
    {sessions.UNTIL}, true FROM {{s}}.fql_session
  RETURNING id, (extract(epoch FROM clock_timestamp()) * 1000)::bigint"""  # noqa: S608
_FENCE = """UPDATE {s}.fql_session SET state = 'fenced' WHERE state = 'live' AND id IN
  (SELECT id FROM {s}.fql_session WHERE state = 'live' AND expires < clock_timestamp()
    AND id <> $1 ORDER BY id FOR UPDATE SKIP LOCKED)
  AND ($1 = 0 OR EXISTS (SELECT FROM {s}.fql_session WHERE id = $1 AND state = 'live'))"""
_LIVE = "SELECT count(*) FROM {s}.fql_session WHERE state = 'live' AND shared"
_TAKE = """WITH me AS (SELECT id FROM {s}.fql_session WHERE id = $1 AND state = 'live' FOR UPDATE),
  free AS (SELECT h.shard, h.session, coalesce(s.state, 'drained') <> 'drained' AS crashed
    FROM {s}.fql_shard h LEFT JOIN {s}.fql_session s ON s.id = h.session
    WHERE s.state IS DISTINCT FROM 'live' ORDER BY h.shard
    LIMIT greatest(0, $2 - (SELECT count(*) FROM {s}.fql_shard WHERE session = $1)))
  UPDATE {s}.fql_shard h SET session = $1, crashed = free.crashed FROM free
  WHERE h.shard = free.shard AND h.session IS NOT DISTINCT FROM free.session
    AND EXISTS (SELECT FROM me)"""
_MINE = """SELECT h.shard FROM {s}.fql_shard h JOIN {s}.fql_session s ON s.id = h.session
  WHERE h.session = $1 AND s.state = 'live' ORDER BY h.shard"""
_KNOWN = "SELECT endpoint, blocked_until, open_until FROM {s}.fql_pace"
_FIRST_PACE = """INSERT INTO {s}.fql_pace SELECT $1, $2, 0, 0, 0, 0 ON CONFLICT DO NOTHING"""
_HAS = "least($3, p.tokens + w.back + greatest(0, w.now - p.at) / 1000.0 * w.rate)"
_GRANT = f"""WITH w AS MATERIALIZED (SELECT ($2::float8[])[1] AS rate, ($2::float8[])[2] AS back,
    (extract(epoch FROM clock_timestamp()) * 1000)::bigint AS now)
  UPDATE {{s}}.fql_pace p SET granted = least($4, floor({_HAS})), at = greatest(p.at, w.now),
    tokens = {_HAS} - least($4, floor({_HAS})), blocked_until = greatest(p.blocked_until, $5),
    open_until = CASE WHEN $6 < 0 THEN p.open_until ELSE $6 END
  FROM w WHERE p.endpoint = $1
  RETURNING p.granted, p.tokens, p.blocked_until, p.open_until"""  # noqa: S608
_BUSY = """SELECT EXISTS (SELECT FROM {s}.fql_inbox) OR EXISTS (SELECT FROM {s}.fql_run r
  JOIN {s}.fql_shard h ON h.shard = r.shard WHERE r.ended IS NULL
  AND h.session IS DISTINCT FROM $1)"""


def begin(wire: Wire, holder: str, where: str) -> Lease:
    """A new session beside others. Raises StoreLocked where an engine is alone on the store."""
    wire.run(_FENCE, (int8(0),))
    lease = _begun(wire, holder, where)
    sessions.require_kind(wire, lease, where)
    wire.run(sessions.FORGET)
    return lease


def _begun(wire: Wire, holder: str, where: str) -> Lease:
    for _ in range(TRIES):
        try:
            row = wire.one(_BEGIN, (text(holder), int8(LATEST)))
        except psycopg.errors.UniqueViolation:
            continue
        if row is not None:
            seconds, count = sessions.LEASE_SECONDS, schema.SHARDS
            return Lease(row[0], holder, seconds, row[1], shards=count, shared=True)
    raise StoreError(f"the store {where} gave no session: too many engines are starting at once")


def share(wire: Wire, lease: Lease) -> Share | None:
    """Renew the lease, fence who has lost theirs, take what is free up to a fair share; None where
    this session is fenced."""
    if not sessions.renew(wire, lease):
        return None
    me = int8(lease.session)
    wire.run(_FENCE, (me,))
    row = wire.one(_LIVE)
    live = max(1, row[0] if row else 1)
    wire.run(_TAKE, (me, int8(-(-lease.shards // live))))
    mine = frozenset(row[0] for row in wire.run(_MINE, (me,)))
    pauses = frozenset(row[0] for row in wire.run("SELECT name FROM {s}.fql_pause"))
    known = {row[0]: Known(row[1], row[2]) for row in wire.run(_KNOWN)}
    return Share(mine, live, pauses, known)


def reserve(wire: Wire, wishes: Sequence[Wish]) -> list[Grant]:
    """One statement for each endpoint, so that no engine holds a row while it waits for another."""
    return [_granted(wire, wish) for wish in wishes]


def _granted(wire: Wire, wish: Wish) -> Grant:
    name = text(wish.endpoint)
    values = (
        name, floats([wish.rate, wish.back]), int8(wish.burst), int8(wish.want),
        int8(wish.known.blocked_until), int8(wish.known.open_until),
    )  # fmt: skip
    row = wire.one(_GRANT, values)
    if row is None:
        wire.run(_FIRST_PACE, (name, int8(wish.burst)))
        row = wire.one(_GRANT, values)
    if row is None:
        return Grant(wish.endpoint)
    granted, tokens, blocked, opened = row
    lacking = max(0.0, 1 - tokens)
    wait = int(lacking / wish.rate * 1000) + 1 if wish.rate else 0
    return Grant(wish.endpoint, granted, wait, Known(blocked, opened))


def busy(wire: Wire, lease: Lease) -> bool:
    """Whether there are entries of the inbox, or open runs of other engines."""
    row = wire.one(_BUSY, (int8(lease.session),))
    return row is not None and bool(row[0])
