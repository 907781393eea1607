"""What an engine reads of a PostgreSQL store. Nothing here writes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fql.errors import StoreLocked
from fql.store.choosing import Due, paged
from fql.store.port import MOST_OPEN, Lease
from fql.store.postgresql.tables import schema
from fql.store.postgresql.tables.plans import NEWEST
from fql.store.postgresql.wire.line import Wire
from fql.store.postgresql.wire.values import int8, int8s, text, uuids
from fql.store.postgresql.writing.commit import remembered_from
from fql.store.postgresql.writing.session import is_live
from fql.store.records import (
    BatchRow,
    EventRow,
    LimitRow,
    Loaded,
    Page,
    Paged,
    Remembered,
    RunRow,
    Snapshot,
    StoredPlan,
)

LOADED = (
    f"SELECT {schema.columns(schema.RUN.names, 'r')}, {schema.columns(schema.EVENT.names, 'e')}"  # noqa: S608
    " FROM {s}.fql_run r JOIN {s}.fql_event e ON e.id = r.event "
)
_BY_ID = LOADED + "WHERE r.id = ANY($1) ORDER BY r.id"
_HELD = LOADED + "WHERE r.held AND r.shard = ANY($1) ORDER BY r.id"
_IN_LANE = "FROM {s}.fql_run WHERE lane = $1 AND id <> ALL($2) AND due"
_READY = f"SELECT id, due, started {_IN_LANE} = 0 ORDER BY id LIMIT $3"
_TIMED = f"SELECT id, due, due {_IN_LANE} > 0 ORDER BY due, id LIMIT $3"
_READY_OF = _READY.replace(" = 0 ", " = 0 AND shard = ANY($4) ")
_TIMED_OF = _TIMED.replace(" > 0 ", " > 0 AND shard = ANY($4) ")
_LANES = """WITH RECURSIVE l(lane) AS (
  (SELECT lane FROM {s}.fql_run WHERE due IS NOT NULL ORDER BY lane LIMIT 1)
  UNION ALL SELECT (SELECT r.lane FROM {s}.fql_run r WHERE r.due IS NOT NULL AND r.lane > l.lane
    ORDER BY r.lane LIMIT 1) FROM l WHERE l.lane IS NOT NULL)
  SELECT lane FROM l WHERE lane IS NOT NULL"""
_CRASHED = "SELECT coalesce(bool_or(crashed), false) FROM {s}.fql_shard WHERE shard = ANY($1)"
_OPEN = f"""SELECT count(*) FROM (SELECT 1 FROM {{s}}.fql_run
  WHERE state = 'open' AND state <> 'done' AND shard = ANY($1) LIMIT {MOST_OPEN}) few"""  # noqa: S608
_QUEUES = """SELECT order_key, id FROM {s}.fql_run WHERE order_key IS NOT NULL
  AND shard = ANY($1) ORDER BY ended IS NOT NULL OR due IS NULL, number"""
_HALTED = """SELECT id FROM {s}.fql_run WHERE order_key IS NOT NULL AND ended IS NOT NULL
  AND shard = ANY($1)"""
_BATCHES = (
    f"SELECT {schema.columns(schema.BATCH.names)} FROM {{s}}.fql_batch"  # noqa: S608
    " WHERE ended IS NULL AND shard = ANY($1)"
)
_LIMITS = f"SELECT {schema.columns(schema.LIMIT.names)} FROM {{s}}.fql_limit"  # noqa: S608
_PLANS = "SELECT short, digest, blob, at FROM {s}.fql_plan ORDER BY at, short"
_META = "SELECT value FROM {s}.fql_meta WHERE name = $1"
_KNOWN = "SELECT key, event, at, payload FROM {s}.fql_remembered WHERE key = ANY($1)"


def loaded(wire: Wire, query: str, values: Sequence[bytes] = ()) -> list[Loaded]:
    """The rows of a query on `LOADED`."""
    width = len(RunRow._fields)
    run, event = RunRow._make, EventRow._make
    return [Loaded(run(row[:width]), event(row[width:])) for row in wire.run(query, values)]


def meta(wire: Wire, name: str) -> str | None:
    """What `fql_meta` holds under this name."""
    row = wire.one(_META, (text(name),))
    return None if row is None else str(row[0])


def active(wire: Wire) -> str | None:
    """The short digest of the active plan, None before the first one."""
    row = wire.one(NEWEST)
    return None if row is None else str(row[0])


def plans(wire: Wire) -> list[StoredPlan]:
    """All stored plans, oldest first."""
    return [StoredPlan(*row) for row in wire.run(_PLANS)]


def load(wire: Wire, lease: Lease, shards: frozenset[int]) -> Snapshot:
    """What an engine needs of shards that it has begun to own. Raises StoreLocked when another has
    taken over."""
    if not is_live(wire, lease):
        raise StoreLocked("another engine has taken the store over")

    mine = (int8s(sorted(shards)),)

    def pairs(query: str, *values: bytes) -> list[tuple[Any, Any]]:
        return [(row[0], row[1]) for row in wire.run(query, values)]

    def column(query: str, *values: bytes) -> list[Any]:
        return [row[0] for row in wire.run(query, values)]

    return Snapshot(
        shards=shards,
        clean=not column(_CRASHED, *mine)[0],
        open_runs=column(_OPEN, *mine)[0],
        plans=plans(wire),
        active=active(wire),
        lanes=sorted(column(_LANES)),
        queues=pairs(_QUEUES, *mine),
        halted=column(_HALTED, *mine),
        held=loaded(wire, _HELD, mine),
        batches=[BatchRow(*row) for row in wire.run(_BATCHES, mine)],
        limits=[LimitRow(*row) for row in wire.run(_LIMITS)],
        positions=dict(pairs("SELECT source, last FROM {s}.fql_position")),
        taken=dict(pairs("SELECT id, outbox FROM {s}.fql_taken")),
        pauses=sorted(column("SELECT name FROM {s}.fql_pause")),
    )


def page(wire: Wire, page: Page) -> Paged:
    """Runs by their ids, or what is due in a lane and when the next one is."""
    if page.ids:
        return Paged(page, loaded(wire, _BY_ID, (int8s(page.ids),)))
    values = [text(page.lane), int8s(sorted(page.held)), int8(page.limit + 1)]
    ready_, timed_ = _READY, _TIMED
    if page.shards is not None:
        ready_, timed_ = _READY_OF, _TIMED_OF
        values.append(int8s(sorted(page.shards)))
    ready = [Due(*row) for row in wire.run(ready_, values)]
    if page.fresh:
        ids = [one.run for one in ready[: page.limit]]
        return Paged(page, loaded(wire, _BY_ID, (int8s(ids),)))
    timed = [Due(*row) for row in wire.run(timed_, values)]
    return paged(page, (*ready, *timed), lambda ids: loaded(wire, _BY_ID, (int8s(ids),)))


def known(wire: Wire, keys: Sequence[bytes]) -> dict[bytes, Remembered]:
    """Those of these keys that were accepted before."""
    if not keys:
        return {}
    found = map(remembered_from, wire.run(_KNOWN, (uuids(keys),)))
    return {row.key: row for row in found}
