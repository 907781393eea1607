"""Limits that engines keep together: a row for each endpoint, and one for each session that has
slots of it.

Rows are read in one statement, `fql.store.sharing.granting` decides, and a second statement writes
if the row of the endpoint still has the turn that was read. So no lock is held while a client
thinks, or is stopped, and what comes late finds another turn. A session that is fenced or has ended
is not read: its slots are free. Decision 0227.
"""

from __future__ import annotations

from collections.abc import Sequence

from fql.store.port import Lease
from fql.store.postgresql.wire.line import Wire
from fql.store.postgresql.wire.values import floats, int8, text
from fql.store.sharing.granting import FRESH, Decided, Held, Pace, decide
from fql.store.sharing.limits import Grant, Known, Wish

TRIES = 50
"""Times that other engines may be quicker, for one wish; after that it is asked again."""
LATELY = 3_000
"""Milliseconds for which all engines are told of a change, each of which asks each second."""
_NOW = "(extract(epoch FROM clock_timestamp()) * 1000)::bigint"
_READ = f"""SELECT {_NOW}, p.tokens, p.at, p.blocked_until, p.open_until, p.turn,
    o.session, o.slots, o.lacks, o.since, o.at
  FROM {{s}}.fql_pace p LEFT JOIN ({{s}}.fql_slot o
    JOIN {{s}}.fql_session x ON x.id = o.session AND x.state = 'live') ON o.endpoint = p.endpoint
  WHERE p.endpoint = $1"""  # noqa: S608
_FIRST = "INSERT INTO {s}.fql_pace SELECT $1, $2, 0, 0, 0, 0 ON CONFLICT DO NOTHING"
_WRITE = """WITH p AS (UPDATE {s}.fql_pace SET tokens = ($3::float8[])[1], at = $4,
    blocked_until = $5, open_until = $6, turn = $7 WHERE endpoint = $1 AND turn = $2
    RETURNING endpoint, CASE WHEN $8 <> 0 THEN set_config('synchronous_commit', 'on', true) END),
  o AS (INSERT INTO {s}.fql_slot(endpoint, session, slots, lacks, since, at)
    SELECT endpoint, $9, $10, $11, $12, $4 FROM p WHERE $13 <> 0
    ON CONFLICT (endpoint, session) DO UPDATE SET slots = excluded.slots, lacks = excluded.lacks,
      since = excluded.since, at = excluded.at)
  SELECT * FROM p"""
_FORGET = """DELETE FROM {s}.fql_slot WHERE NOT EXISTS
  (SELECT FROM {s}.fql_session x WHERE x.id = session AND x.state = 'live')"""
_KNOWN = f"""WITH w AS MATERIALIZED (SELECT {_NOW} AS now),
  o AS (SELECT o.endpoint, sum(o.lacks)::bigint AS lacks FROM {{s}}.fql_slot o
    JOIN {{s}}.fql_session x ON x.id = o.session AND x.state = 'live', w
    WHERE o.session <> $1 AND o.lacks > 0 AND abs(w.now - o.at) < {FRESH} GROUP BY o.endpoint)
  SELECT w.now, p.endpoint, p.blocked_until, p.open_until, coalesce(o.lacks, 0), p.turn
  FROM w LEFT JOIN ({{s}}.fql_pace p LEFT JOIN o ON o.endpoint = p.endpoint)
    ON p.open_until > 0 OR p.blocked_until > w.now OR p.at > w.now - {LATELY}"""  # noqa: S608


def reserve(wire: Wire, lease: Lease, wishes: Sequence[Wish]) -> list[Grant]:
    """Each endpoint by itself, so that no engine waits for a row while it holds another."""
    return [_granted(wire, lease.session, wish) for wish in wishes]


def _granted(wire: Wire, me: int, wish: Wish) -> Grant:
    for _ in range(TRIES):
        rows = wire.run(_READ, (text(wish.endpoint),))
        if not rows:
            wire.run(_FIRST, (text(wish.endpoint), int8(wish.burst)))
            continue
        now, pace = rows[0][0], Pace(*rows[0][1:6])
        held = [Held(*row[6:11]) for row in rows if row[6] is not None]
        decided = decide(wish, me, pace, held, now)
        if _written(wire, wish, pace, held, decided):
            return decided.grant
    return Grant(wish.endpoint)


def _written(wire: Wire, wish: Wish, read: Pace, held: Sequence[Held], made: Decided) -> bool:
    """Whether nobody was quicker. What gives more slots is on disk before it is used."""
    pace, mine = made.pace, made.held
    has = wish.limit > 0 or any(one.session == mine.session for one in held)
    values = (
        text(wish.endpoint), int8(read.turn), floats([pace.tokens]), int8(pace.at),
        int8(pace.blocked_until), int8(pace.open_until), int8(pace.turn),
        int8(int(made.raises(held))), int8(mine.session), int8(mine.slots), int8(mine.lacks),
        int8(mine.since), int8(int(has)),
    )  # fmt: skip
    return bool(wire.run(_WRITE, values))


def known(wire: Wire, lease: Lease) -> tuple[int, dict[str, Known]]:
    """The server's clock, and what engines know of endpoints of which something was said lately."""
    rows = wire.run(_KNOWN, (int8(lease.session),))
    found = {name: Known(blocked, opened, lacks, turn) for _, name, blocked, opened, lacks, turn
             in rows if name is not None}  # fmt: skip
    return (rows[0][0] if rows else 0), found


def forget(wire: Wire) -> None:
    """Slots of sessions that have ended."""
    wire.run(_FORGET)
