"""Sessions of engines that work side by side, and the shards that each of them has.

A shard belongs to the session in its row for as long as that is live: a commit of a session that is
fenced finds no live row, so what it owned is free from then on. Taking a shard compares who had it,
so no two engines take the same. Each step is one statement, which ends on the server even where its
client stops in the middle. Decision 0195.
"""

from __future__ import annotations

import psycopg

from fql.errors import StoreError
from fql.store.port import Lease
from fql.store.postgresql.tables import schema
from fql.store.postgresql.wire.line import Wire
from fql.store.postgresql.wire.values import int8, int8s, text
from fql.store.postgresql.writing import limits, plans
from fql.store.postgresql.writing import session as sessions
from fql.store.sessions import BEGINNING, LATEST
from fql.store.sharing.port import Share

TRIES = 20
"""Engines that begin at the same moment want the same number; each takes the next one."""
_BEGIN = f"""INSERT INTO {{s}}.fql_session(id, holder, cycle, settled, state, expires, shared)
  SELECT greatest(coalesce(max(id), 0) + 1, least($2,
    extract(epoch FROM clock_timestamp())::bigint - {BEGINNING})), $1, 0, 0, 'live',
    {sessions.UNTIL}, true FROM {{s}}.fql_session
  RETURNING id, (extract(epoch FROM clock_timestamp()) * 1000)::bigint"""  # noqa: S608
_FENCE = """UPDATE {s}.fql_session SET state = 'fenced' WHERE state = 'live' AND id IN
  (SELECT id FROM {s}.fql_session WHERE state = 'live'
    AND (expires < clock_timestamp() OR (id = ANY($2) AND lit IS NOT NULL))
    AND id <> $1 ORDER BY id FOR UPDATE SKIP LOCKED)
  AND ($1 = 0 OR EXISTS (SELECT FROM {s}.fql_session WHERE id = $1 AND state = 'live'))"""
_DARK = """SELECT s.id FROM {s}.fql_session s WHERE s.state = 'live' AND s.shared AND s.id <> $1
  AND s.lit > pg_postmaster_start_time() AND NOT EXISTS (SELECT FROM pg_locks l, pg_database d
    WHERE l.locktype = 'advisory' AND l.objsubid = 1 AND l.database = d.oid
    AND d.datname = current_database()
    AND l.classid::bigint << 32 | l.objid::bigint = hashtextextended($2 || s.id::text, 0))"""
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
_WATCHED = """SELECT EXISTS (SELECT FROM {s}.fql_pulse p JOIN {s}.fql_shard h
  ON h.session = p.session WHERE h.shard = 0 AND p.at > $1)"""
RECENT = 3_000
"""Milliseconds for which a pulse counts."""
_CLOCK = "SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint"
_BUSY = f"""SELECT EXISTS (SELECT FROM {{s}}.fql_inbox) OR EXISTS (SELECT FROM {{s}}.fql_run r
  JOIN {{s}}.fql_shard h ON h.shard = r.shard WHERE r.ended IS NULL
  AND h.session IS DISTINCT FROM $1)
  OR EXISTS (SELECT FROM {{s}}.fql_bulk WHERE state = 'running')
  OR (SELECT count(*) FROM {{s}}.fql_shard WHERE session = $1) <> $3
  OR EXISTS (SELECT FROM {{s}}.fql_shard h LEFT JOIN {{s}}.fql_session s ON s.id = h.session
    WHERE h.session IS DISTINCT FROM $1 AND (s.state IS DISTINCT FROM 'live' OR
      s.expires < to_timestamp($2 / 1000.0) + interval '{sessions.LEASE_SECONDS:g} seconds'))"""  # noqa: S608


def begin(wire: Wire, holder: str, where: str) -> Lease:
    """A new session beside others. Raises StoreLocked where an engine is alone on the store."""
    sessions.darken(wire)
    wire.run(_FENCE, (int8(0), int8s([])))
    lease = _begun(wire, holder, where)
    sessions.require_kind(wire, lease, where)
    wire.run(sessions.FORGET)
    limits.forget(wire)
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


def dark(wire: Wire, lease: Lease) -> frozenset[int]:
    """Sessions of other engines whose connection is not there now. One that is dead stays so; one
    that has only lost its connection is back in a moment."""
    values = (int8(lease.session), text(f"{sessions.beacon(wire, 0)} "))
    return frozenset(row[0] for row in wire.run(_DARK, values))


def share(wire: Wire, lease: Lease, dead: frozenset[int]) -> Share | None:
    """Renew the lease, fence who has lost theirs or is `dead`, take what is free up to a fair
    share; None where this session is fenced."""
    if not sessions.renew(wire, lease):
        return None
    me = int8(lease.session)
    wire.run(_FENCE, (me, int8s(sorted(dead))))
    row = wire.one(_LIVE)
    live = max(1, row[0] if row else 1)
    wire.run(_TAKE, (me, int8(-(-lease.shards // live))))
    mine = frozenset(row[0] for row in wire.run(_MINE, (me,)))
    pauses = frozenset(row[0] for row in wire.run("SELECT name FROM {s}.fql_pause"))
    now, known = limits.known(wire, lease)
    pulse = wire.one(_WATCHED, (int8(now - RECENT),))
    watched = pulse is not None and bool(pulse[0])
    return Share(mine, live, pauses, known, now, active=plans.active(wire), watched=watched)


def clock(wire: Wire) -> int:
    """The server's, in milliseconds since 1970."""
    row = wire.one(_CLOCK)
    return int(row[0]) if row else 0


def busy(wire: Wire, lease: Lease, since: int, mine: int) -> bool:
    """Whether there are entries of the inbox, open runs of other engines, a bulk replay that goes
    on, shards with no engine that has renewed its lease `since` a time of the server's clock, or
    other shards of this engine than the ones that are `mine`, by their number."""
    row = wire.one(_BUSY, (int8(lease.session), int8(since), int8(mine)))
    return row is not None and bool(row[0])
