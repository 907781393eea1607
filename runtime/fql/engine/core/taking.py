"""Taking over what another engine has left: all of it at the start, later shard by shard."""

from __future__ import annotations

from collections import deque

from fql.engine.core.held.state import State
from fql.engine.core.moving.limits import longest_wait
from fql.engine.core.recover import adopt, adopt_batches
from fql.store.records import Snapshot
from fql.store.sharing.homes import FIRST


def restore(state: State, snapshot: Snapshot) -> None:
    """Start from what an earlier engine left. Work that was armed may have been sent: it is sent
    again under the same key, and counts as a crash unless that engine drained."""
    # An engine that drained had nothing on the wire that it did not wait for.
    state.tally.open_runs = 0
    state.paused.update(snapshot.pauses)
    for endpoint in state.endpoints.values():
        endpoint.paused = state.is_held_back(endpoint.name)
    for limit in snapshot.limits:
        endpoint = state.endpoint(limit.endpoint)
        # Both times were written by the clock of then, which may have been ahead of ours: a bucket
        # that fills from a time to come would stay empty until then.
        if not state.shards.shared:
            endpoint.bucket.tokens, endpoint.bucket.at = limit.tokens, min(limit.at, state.now)
        longest = state.now + longest_wait(state, limit.endpoint)
        endpoint.blocked_until = min(limit.blocked_until, longest)
    _take_up(state, snapshot)
    adopt_batches(state)
    batches = {row.id for row in snapshot.batches}
    state.unmet = {owner for owner, _, _ in state.aloft} - state.runs.keys() - batches
    # First of all: until they are back, nothing may be armed (`arm`), as the wire may be full.
    state.wanted_ids[:0] = sorted(state.unmet)


def gain(state: State, mine: frozenset[int], snapshot: Snapshot | None) -> None:
    """Take over what other engines left of shards that were not ours."""
    if snapshot is None:
        return
    shards = state.shards
    shards.change(shards.mine | mine, shards.leaving)
    if FIRST in snapshot.shards:
        state.paused = set(snapshot.pauses)
        for endpoint in state.endpoints.values():
            endpoint.paused = state.is_held_back(endpoint.name)
    _take_up(state, snapshot)
    adopt_batches(state)


def _take_up(state: State, snapshot: Snapshot) -> None:
    """The open work of a snapshot. What an engine drained, or gave away, it had not on the wire."""
    state.count_crashes |= not snapshot.clean
    state.tally.open_runs += snapshot.open_runs
    waits = (wait for program in state.programs.values() for wait in program.receivers.values())
    longest = max(waits, default=0)
    for lane in snapshot.lanes:
        # Something waits there; when it is due, the first page that is read will tell.
        endpoint = state.endpoint(lane)
        endpoint.stored_due, endpoint.unsure = 0, longest
    for key, run in snapshot.queues:
        state.queues.setdefault(key, deque()).append(run)
    state.halted.update(snapshot.halted)
    # Only the first run of an `order_by` key may move, so the others can stay in the store.
    keys = dict.fromkeys(key for key, _ in snapshot.queues)
    state.wanted_ids.extend(state.queues[key][0] for key in keys)
    state.wanted_ids.extend(state.aside.runs.items)
    for loaded in snapshot.held:
        if loaded.run.id not in state.aside.runs.left:
            state.item = loaded
            adopt(state, loaded)
    rows = (row for row in snapshot.batches if row.id not in state.aside.batches.left)
    state.left.extend(rows)
