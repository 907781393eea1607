"""Retention of a PostgreSQL store, in bounded slices. Open work stays, and so does what a dead
letter needs.

It goes on beside the engine's commits, on another connection. What it deletes is old and ended, so
no commit touches it; only a plan may come into use again at that moment, and then its `uses` have
changed and it stays.

A slice costs what it looks at, which is at most a slice of rows of each kind: what stays is passed
over once in a round, because the walks keep their places.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from fql.store.eviction import OVERHEAD, surplus
from fql.store.port import Pruned
from fql.store.postgresql import copies
from fql.store.postgresql.tables import schema
from fql.store.postgresql.tables.plans import NEWEST
from fql.store.postgresql.tables.sizes import live_bytes, used_bytes
from fql.store.postgresql.wire.line import Wire
from fql.store.postgresql.wire.values import int8, int8s, text, texts
from fql.store.postgresql.writing.history import prune_history
from fql.store.records import LetterRow, Retention

ALWAYS = 1 << 62
KEY_BYTES = 100
"""What a remembered key takes at least, with its place in the index."""
LATE = 60_000
"""Milliseconds that an event may be stored after one that was received later."""
_FINISHED = """SELECT r.ended, r.id,
  (SELECT true FROM {s}.fql_letter l WHERE l.run = r.id LIMIT 1) IS NOT NULL
  FROM (SELECT ended, id FROM {s}.fql_run WHERE ended < $1 AND order_key IS NULL
    AND (ended, id) > ($3, $4) ORDER BY ended, id LIMIT $2) r"""
_DROP = """WITH gone AS (DELETE FROM {s}.fql_run WHERE id = ANY($1) RETURNING event),
  tries AS (DELETE FROM {s}.fql_attempt WHERE owner = ANY($1))
  DELETE FROM {s}.fql_event e WHERE e.id IN (SELECT event FROM gone) AND NOT EXISTS
  (SELECT FROM {s}.fql_run o WHERE o.event = e.id AND o.id <> ALL($1))"""
_BATCHES = """WITH old AS (SELECT id FROM {s}.fql_batch WHERE ended < $1 ORDER BY ended LIMIT $2),
  tries AS (DELETE FROM {s}.fql_attempt WHERE owner IN (SELECT id FROM old))
  DELETE FROM {s}.fql_batch WHERE id IN (SELECT id FROM old)"""
_LONE = """WITH old AS (SELECT e.received, e.id FROM {s}.fql_event e
    WHERE e.received < $1 AND (e.received, e.id) > ($3, $4) ORDER BY e.received, e.id LIMIT $2),
  alone AS (DELETE FROM {s}.fql_event e USING old WHERE e.id = old.id
    AND NOT EXISTS (SELECT FROM {s}.fql_run r WHERE r.event = old.id))
  SELECT received, id FROM old ORDER BY received, id"""
_KEYS = """WITH gone AS (DELETE FROM {s}.fql_remembered WHERE key IN
  (SELECT key FROM {s}.fql_remembered WHERE at < $1 ORDER BY at LIMIT $2) RETURNING 1)
  SELECT count(*) FROM gone"""
_KEYS_BYTES = "SELECT pg_total_relation_size('{s}.fql_remembered'::regclass)"
_LETTERS_SIZE = f"""SELECT coalesce(sum(coalesce(char_length(request), 0)
  + coalesce(octet_length(payload), 0) + {OVERHEAD}), 0)::bigint FROM {{s}}.fql_letter"""  # noqa: S608
_OLD_LETTERS = (
    f"SELECT {schema.columns(schema.LETTER.names)} FROM {{s}}.fql_letter"  # noqa: S608
    " WHERE failed_at < $1 ORDER BY failed_at, dlq_id LIMIT $2 FOR UPDATE"
)
_IDLE = f"""SELECT p.short, p.uses FROM {{s}}.fql_plan p WHERE p.short IS DISTINCT FROM ({NEWEST})
  AND NOT EXISTS (SELECT FROM {{s}}.fql_letter l WHERE l.plan_digest = p.digest)"""  # noqa: S608
_USED = "SELECT id, plan FROM {s}.fql_run WHERE id > $1 ORDER BY id LIMIT $2"
_FORGET = f"""DELETE FROM {{s}}.fql_plan WHERE (short, uses) IN ({_IDLE})
  AND short = $1 AND uses = $2"""  # noqa: S608


@dataclass(slots=True)
class Sweep:
    """How far the walks through a store have come, from one slice to the next.

    - `ended`: end and id of the last finished run of this round; a round ends with a slice that has
      nothing left to do, and the next one begins with the oldest.
    - `event`: when the last old event that was looked at was received, and its id. If it had a run,
      it goes with the last one; so the next round looks again at the last minute only.
    - `unproven`: `uses` of stored plans that no run was seen of, up to `run`; None between walks.
    - `dropped`: whether runs have gone since the last such walk.
    """

    ended: tuple[int, int] = (-1, -1)
    event: tuple[int, int] = (-1, -1)
    unproven: dict[str, int] | None = None
    run: int = -1
    dropped: bool = True


def prune(wire: Wire, retention: Retention, sweep: Sweep, *, notes: bool, keys: bool) -> Pruned:
    """Remove one slice. `notes` says that copies of letters are kept; without `keys` those are left
    alone."""
    gone = _old_letters(wire, retention, notes=notes)
    ended, looked_at = _finished_runs(wire, retention, sweep)
    result = Pruned(
        runs=len(ended),
        early=sum(1 for one in ended if one >= retention.runs_before),
        keys=_old_keys(wire, retention) if keys else 0,
        letters=len(gone),
        evicted=tuple(gone),
    )
    lone = _lone_events(wire, retention, sweep)
    if retention.slice in (looked_at, lone, result.keys, result.letters):
        return replace(result, more=True)
    if _unused_plans(wire, retention, sweep):
        return replace(result, more=True)
    prune_history(wire, retention)
    sweep.ended, sweep.event = (-1, -1), (retention.runs_before - LATE, -1)
    return result


def _finished_runs(wire: Wire, retention: Retention, sweep: Sweep) -> tuple[list[int], int]:
    """Finished runs that are too old; past the size of the store, the oldest whatever their age.
    One that a dead letter needs is passed over. Gives when each that went had ended, and how many
    were looked at."""
    too_big = used_bytes(wire) > retention.store_max and live_bytes(wire) > retention.store_max
    before = int8(ALWAYS if too_big else retention.runs_before)
    place = map(int8, sweep.ended)
    rows = wire.run(_FINISHED, (before, int8(retention.slice), *place))
    gone = [(ended, run) for ended, run, needed in rows if not needed]
    if gone:
        wire.run(_DROP, (int8s([run for _, run in gone]),))
        sweep.dropped = True
    if rows:
        sweep.ended = (rows[-1][0], rows[-1][1])
    wire.run(_BATCHES, (before, int8(retention.slice)))
    return [ended for ended, _ in gone], len(rows)


def _lone_events(wire: Wire, retention: Retention, sweep: Sweep) -> int:
    """Old events that never had a run. Gives how many were looked at."""
    limit, place = int8(retention.slice), map(int8, sweep.event)
    rows = wire.run(_LONE, (int8(retention.runs_before), limit, *place))
    if rows:
        sweep.event = (rows[-1][0], rows[-1][1])
    return len(rows)


def _unused_plans(wire: Wire, retention: Retention, sweep: Sweep) -> bool:
    """Plans that neither a run nor a dead letter refers to, and that are not the active one. One
    that comes into use during the walk has other `uses` then. Gives whether the walk goes on."""
    if sweep.unproven is None:
        if not sweep.dropped:
            return False
        sweep.unproven = {row[0]: row[1] for row in wire.run(_IDLE)}
        sweep.run, sweep.dropped = -1, False
    rows = wire.run(_USED, (int8(sweep.run), int8(8 * retention.slice))) if sweep.unproven else []
    for run, plan in rows:
        sweep.run = run
        sweep.unproven.pop(plan, None)
    if rows and sweep.unproven:
        return True
    for short, uses in sweep.unproven.items():
        wire.run(_FORGET, (text(short), int8(uses)))
    sweep.unproven = None
    return False


def _old_keys(wire: Wire, retention: Retention) -> int:
    limit = int8(retention.slice)
    gone = _count(wire, _KEYS, int8(retention.keys_before), limit)
    if _count(wire, _KEYS_BYTES) > KEY_BYTES * retention.keys_max:
        over = _count(wire, "SELECT count(*) FROM {s}.fql_remembered") - retention.keys_max
        if over > 0:
            gone += _count(wire, _KEYS, int8(ALWAYS), int8(min(retention.slice, over)))
    return gone


def _count(wire: Wire, query: str, *values: bytes) -> int:
    row = wire.one(query, values)
    return 0 if row is None else int(row[0])


def _old_letters(wire: Wire, retention: Retention, *, notes: bool) -> list[LetterRow]:
    """Dead letters that are too old; past their size, the oldest go first."""
    size = 0
    if used_bytes(wire) > retention.letters_max:  # else they cannot be too many either
        size = _count(wire, _LETTERS_SIZE)
    before = ALWAYS if size > retention.letters_max else retention.letters_before
    with wire.connection.transaction():
        found = wire.run(_OLD_LETTERS, (int8(before), int8(retention.slice)))
        gone = surplus((LetterRow(*row) for row in found), size, retention)
        names = [letter.id for letter in gone]
        if names:
            wire.run("DELETE FROM {s}.fql_letter WHERE dlq_id = ANY($1)", (texts(names),))
        if notes:
            copies.evicted(wire, names)
    return gone
