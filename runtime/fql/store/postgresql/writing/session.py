"""The engine's session in a PostgreSQL store: one row, and a lease by the database's clock.

There is never more than one live session: an index sees to it. Whoever finds the lease of the live
one expired fences it, and a later commit of that session finds no live row. A commit in flight
holds the row's lock: whoever wants to fence waits for it, and then finds the lease renewed.

An engine without a pooler before its server also holds an advisory lock, the beacon, while its
connection lives. A beacon that was `lit` since the server started, and whose lock is free, means
that the engine is dead, long before its lease ends. Safety does not rest on it: an engine that is
fenced without need is still fenced. Decision 0095.
"""

from __future__ import annotations

import psycopg

from fql.errors import StoreError, StoreLocked
from fql.store.port import Lease
from fql.store.postgresql.tables import schema
from fql.store.postgresql.wire.line import Wire
from fql.store.postgresql.wire.values import Int8, int8, text
from fql.store.sessions import BEGINNING, LATEST, settlement

LEASE_SECONDS = 10.0
HISTORY = 20
"""Sessions that are remembered."""

UNTIL = f"clock_timestamp() + interval '{LEASE_SECONDS:g} seconds'"
_LIGHT = "SELECT pg_try_advisory_lock(hashtextextended($1, 0))"
_DARK = "SELECT pg_advisory_unlock_all()"
_FENCE = """UPDATE {s}.fql_session SET state = 'fenced'
  WHERE state = 'live' AND (expires < clock_timestamp()
    OR (NOT shared AND $1 <> 0 AND lit > pg_postmaster_start_time()))"""
_BEGIN = f"""INSERT INTO {{s}}.fql_session(id, holder, cycle, settled, state, expires, lit)
  SELECT greatest(coalesce(max(id), 0) + 1, least($2,
    extract(epoch FROM clock_timestamp())::bigint - {BEGINNING})), $1, 0, 0, 'live', {UNTIL},
    CASE WHEN $3 <> 0 THEN clock_timestamp() END FROM {{s}}.fql_session
  RETURNING id, (extract(epoch FROM clock_timestamp()) * 1000)::bigint"""  # noqa: S608
FORGET = f"""DELETE FROM {{s}}.fql_session s WHERE state <> 'live'
  AND NOT EXISTS (SELECT FROM {{s}}.fql_shard h WHERE h.session = s.id) AND id NOT IN
  (SELECT id FROM {{s}}.fql_session ORDER BY id DESC LIMIT {HISTORY})"""  # noqa: S608
"""Sessions that nobody asks for any more."""
_HOLDER = """SELECT holder, greatest(0, extract(epoch FROM expires - clock_timestamp()))::float8
  FROM {s}.fql_session WHERE state = 'live' AND shared = ($1 <> 0) ORDER BY id LIMIT 1"""
_TAKE = """UPDATE {s}.fql_shard h SET session = $1, crashed = coalesce(
    (SELECT s.state FROM {s}.fql_session s WHERE s.id = h.session) <> 'drained', false)"""
_RENEW = f"""UPDATE {{s}}.fql_session SET expires = {UNTIL},
  lit = CASE WHEN $2 <> 0 THEN clock_timestamp() END WHERE id = $1 AND state = 'live'
  RETURNING id"""  # noqa: S608
_SETTLE = f"""UPDATE {{s}}.fql_session SET cycle = cycle + 1, settled = cycle + 1,
  expires = {UNTIL} WHERE id = $1 AND state = 'live' AND cycle = $2 RETURNING id"""  # noqa: S608
_COUNTED = "SELECT cycle, settled FROM {s}.fql_session WHERE id = $1 AND state = 'live'"
_FREE = """SELECT coalesce(bool_and(expires < clock_timestamp()
    OR (lit > pg_postmaster_start_time() AND NOT EXISTS (SELECT FROM pg_locks l, pg_database d
      WHERE l.locktype = 'advisory' AND l.objsubid = 1 AND l.database = d.oid
      AND d.datname = current_database()
      AND l.classid::bigint << 32 | l.objid::bigint = hashtextextended($1, 0)))), true)
  FROM {s}.fql_session WHERE state = 'live' AND NOT shared"""
_RELEASE = "UPDATE {s}.fql_session SET state = $2 WHERE id = $1 AND state = 'live'"

ADVANCE = f"""UPDATE {{s}}.fql_session SET cycle = cycle + 1, expires = {UNTIL}
  WHERE id = $1 AND cycle = $2 AND state = 'live' RETURNING id"""  # noqa: S608
"""What each commit begins with: the session is live, and has counted as many as its engine."""
ADVANCE_BY_PLAN = ADVANCE.replace(
    " RETURNING", " AND NOT EXISTS (SELECT FROM {s}.fql_active WHERE generation > $3) RETURNING"
)
"""The same, where engines share the store: and no later plan is active."""


def light(wire: Wire, session: int = 0) -> bool:
    """Whether this connection has the beacon, from now on if it was free: that of the store, or of
    a `session` that shares it."""
    if not wire.pooled and not wire.locked:
        row = wire.one(_LIGHT, (text(beacon(wire, session)),))
        wire.locked = bool(row and row[0])
    return wire.locked


def beacon(wire: Wire, session: int) -> str:
    """The name of the lock."""
    return f"fql {wire.schema} {session}" if session else f"fql {wire.schema}"


def darken(wire: Wire) -> None:
    """Let go of the beacon."""
    if wire.locked:
        wire.run(_DARK)
        wire.locked = False


def begin(wire: Wire, holder: str, where: str) -> Lease:
    """A new session, where the one before it has ended or its lease has. Raises StoreLocked."""
    had = wire.locked
    lit = light(wire)
    try:
        with wire.connection.transaction():
            wire.run(_FENCE, (int8(int(lit and not had)),))
            row = wire.one(_BEGIN, (text(holder), int8(LATEST), int8(int(lit))))
            if row is not None:
                wire.run(_TAKE, (int8(row[0]),))
            wire.run(FORGET)
    except psycopg.Error as problem:
        if not had and not wire.broken:
            darken(wire)
        if isinstance(problem, psycopg.errors.UniqueViolation):
            raise locked(wire, where, shared=False) from None
        raise
    if row is None:
        raise StoreError(f"the store {where} gave no session")
    lease = Lease(row[0], holder, LEASE_SECONDS, row[1], shards=schema.SHARDS)
    require_kind(wire, lease, where)
    return lease


def require_kind(wire: Wire, lease: Lease, where: str) -> None:
    """An engine that is alone and one that shares cannot work on one store: the session that has
    just begun ends where one of the other kind is live. Raises StoreLocked."""
    if wire.one(_HOLDER, (int8(int(not lease.shared)),)) is not None:
        problem = locked(wire, where, shared=not lease.shared)
        release(wire, lease, clean=True)
        raise problem


def locked(wire: Wire, where: str, *, shared: bool) -> StoreLocked:
    """Who has the store, as an error."""
    holder, left = wire.one(_HOLDER, (int8(int(shared)),)) or ("that has just ended", 0.0)
    return StoreLocked(
        f"the store {where} is in use: its engine is process {holder}, whose lease lasts for"
        f" {left:.0f} seconds unless it is renewed",
        hint="stop that process, or work beside it with `fqlc emit`, `runs` and `dlq`",
    )


def is_free(wire: Wire) -> bool:
    """Whether the live session has expired, or its engine is dead, or there is none."""
    row = wire.one(_FREE, (text(f"fql {wire.schema}"),))
    return row is None or bool(row[0])


def renew(wire: Wire, lease: Lease) -> bool:
    """Extend the lease to its full time from now on; False where the session is no longer live."""
    lit = light(wire, lease.session if lease.shared else 0)
    return wire.one(_RENEW, (int8(lease.session), int8(int(lit)))) is not None


def greet(wire: Wire, lease: Lease) -> None:
    """On a connection that is new, light the beacon again."""
    if not wire.greeted and not wire.pooled and not wire.locked:
        wire.greeted = True
        renew(wire, lease)


def settle(wire: Wire, lease: Lease, expected: int) -> bool | None:
    """Whether a doubtful commit counted; if not, it never will. A settlement whose own reply was
    lost has left its mark: it is not taken for the commit. Raises StoreRewound."""
    me = int8(lease.session)
    if wire.one(_SETTLE, (me, int8(expected))) is not None:
        return False
    row = wire.one(_COUNTED, (me,))
    if row is None:
        return None
    cycle, settled = row
    return settlement(cycle, expected, settled)


def release(wire: Wire, lease: Lease, *, clean: bool) -> None:
    """End the session, if it is live still, and the beacon."""
    wire.run(_RELEASE, (int8(lease.session), text("drained" if clean else "left")))
    darken(wire)


def is_live(wire: Wire, lease: Lease) -> bool:
    """Whether the session is live."""
    return wire.one(_COUNTED, (int8(lease.session),)) is not None


def has_counted(wire: Wire, lease: Lease, cycle: int) -> bool:
    """Whether the session is live and has counted as many: then a commit that was refused met
    another plan."""
    row = wire.one(_COUNTED, (int8(lease.session),))
    return row is not None and row[0] == cycle


def counted(lease: Lease, cycle: int, generation: int) -> tuple[Int8, ...]:
    """The first values of a commit."""
    first = (int8(lease.session), int8(cycle))
    return (*first, int8(generation)) if lease.shared else first
