"""Which engine has which shards and slots, for people to see. It only reads."""

from __future__ import annotations

from collections import defaultdict

from fql.store.postgresql.wire.line import Wire
from fql.store.sharing.holding import Holding

_ENGINES = """SELECT s.id, s.holder, extract(epoch FROM s.expires - clock_timestamp())::float8,
    s.shared, (SELECT array_agg(h.shard ORDER BY h.shard) FROM {s}.fql_shard h
      WHERE h.session = s.id)
  FROM {s}.fql_session s WHERE s.state = 'live' ORDER BY s.id"""
_SLOTS = """SELECT session, endpoint, slots, lacks FROM {s}.fql_slot
  WHERE slots > 0 OR lacks > 0 ORDER BY endpoint"""


def holdings(wire: Wire) -> list[Holding]:
    """All live sessions, oldest first."""
    slots: dict[int, dict[str, int]] = defaultdict(dict)
    lacks: dict[int, dict[str, int]] = defaultdict(dict)
    engines = wire.run(_ENGINES)
    for session, endpoint, count, lacking in wire.run(_SLOTS):
        slots[session] |= {endpoint: count} if count else {}
        lacks[session] |= {endpoint: lacking} if lacking else {}
    return [
        Holding(
            session=session,
            holder=holder,
            left=left,
            shared=shared,
            shards=tuple(shards or ()),
            slots=slots[session],
            lacks=lacks[session],
        )
        for session, holder, left, shared, shards in engines
    ]
