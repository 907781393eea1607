"""Retention of a PostgreSQL store, in bounded slices. Open work stays, and so does what a dead
letter needs.

It goes on beside the engine's commits, on another connection. What it deletes is old and ended, so
no commit touches it; only a plan may come into use again at that moment, and then its `uses` have
changed and it stays.
"""

from __future__ import annotations

from dataclasses import replace

from fql.store.eviction import OVERHEAD, surplus
from fql.store.port import Pruned
from fql.store.postgresql import copies
from fql.store.postgresql.tables import schema
from fql.store.postgresql.tables.plans import NEWEST
from fql.store.postgresql.tables.sizes import live_bytes, used_bytes
from fql.store.postgresql.wire.line import Wire
from fql.store.postgresql.wire.values import int8, int8s, texts
from fql.store.postgresql.writing.history import prune_history
from fql.store.records import LetterRow, Retention

ALWAYS = 1 << 62
KEY_BYTES = 100
"""What a remembered key takes at least, with its place in the index."""
_FINISHED = """SELECT r.id, r.ended FROM {s}.fql_run r WHERE r.ended < $1 AND r.order_key IS NULL
  AND NOT EXISTS (SELECT FROM {s}.fql_letter l WHERE l.run = r.id) ORDER BY r.ended LIMIT $2"""
_DROP = """WITH gone AS (DELETE FROM {s}.fql_run WHERE id = ANY($1) RETURNING event),
  tries AS (DELETE FROM {s}.fql_attempt WHERE owner = ANY($1))
  DELETE FROM {s}.fql_event e WHERE e.id IN (SELECT event FROM gone) AND NOT EXISTS
  (SELECT FROM {s}.fql_run o WHERE o.event = e.id AND o.id <> ALL($1))"""
_BATCHES = """WITH old AS (SELECT id FROM {s}.fql_batch WHERE ended < $1 ORDER BY ended LIMIT $2),
  tries AS (DELETE FROM {s}.fql_attempt WHERE owner IN (SELECT id FROM old))
  DELETE FROM {s}.fql_batch WHERE id IN (SELECT id FROM old)"""
_LONE = """DELETE FROM {s}.fql_event WHERE id IN (SELECT e.id FROM {s}.fql_event e
  WHERE e.received < $1 AND NOT EXISTS (SELECT FROM {s}.fql_run r WHERE r.event = e.id)
  ORDER BY e.received LIMIT $2)"""
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
_PLANS = f"""WITH free AS (SELECT p.short, p.uses FROM {{s}}.fql_plan p
    WHERE p.short IS DISTINCT FROM ({NEWEST})
    AND NOT EXISTS (SELECT FROM {{s}}.fql_letter l WHERE l.plan_digest = p.digest)
    AND NOT EXISTS (SELECT FROM {{s}}.fql_run r WHERE r.plan = p.short))
  DELETE FROM {{s}}.fql_plan p USING free WHERE p.short = free.short AND p.uses = free.uses"""  # noqa: S608


def prune(wire: Wire, retention: Retention, *, notes: bool, keys: bool) -> Pruned:
    """Remove one slice. `notes` says that copies of letters are kept; without `keys` those are left
    alone."""
    gone = _old_letters(wire, retention, notes=notes)
    ended = _finished_runs(wire, retention)
    result = Pruned(
        runs=len(ended),
        early=sum(1 for one in ended if one >= retention.runs_before),
        keys=_old_keys(wire, retention) if keys else 0,
        letters=len(gone),
        evicted=tuple(gone),
    )
    wire.run(_LONE, (int8(retention.runs_before), int8(retention.slice)))
    if retention.slice in (result.runs, result.keys, result.letters):
        return replace(result, more=True)
    prune_history(wire, retention)
    wire.run(_PLANS)  # it reads all runs, so once at the end of many slices
    return result


def _finished_runs(wire: Wire, retention: Retention) -> list[int]:
    """Finished runs that are too old; past the size of the store, the oldest whatever their age.
    Gives when each had ended."""
    too_big = used_bytes(wire) > retention.store_max and live_bytes(wire) > retention.store_max
    before = int8(ALWAYS if too_big else retention.runs_before)
    rows = wire.run(_FINISHED, (before, int8(retention.slice)))
    if rows:
        wire.run(_DROP, (int8s([row[0] for row in rows]),))
    wire.run(_BATCHES, (before, int8(retention.slice)))
    return [row[1] for row in rows]


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
