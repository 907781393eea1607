"""Shards that are given to another engine: none moves with work on the wire."""

from __future__ import annotations

from collections.abc import Iterable

from fql.engine.core.held.inputs import Misfit, NewEvent, Order
from fql.engine.core.held.runs import Run, SealedBatch
from fql.engine.core.held.state import State
from fql.engine.core.history.pulse import overhear
from fql.engine.core.moving.limits import hear
from fql.store.sharing.homes import FIRST
from fql.store.sharing.port import Share
from fql.store.works import ACTIVE, WAITING


def follow(state: State, share: Share) -> None:
    """Let what is more than our share leave, and obey what is paused: its commands are given to the
    owner of the first shard."""
    shards = state.shards
    if not (state.unmet or state.late):
        shards.change(shards.mine, shards.leaving | shards.surplus(share.live))
    shards.live = share.live
    hear(state, share)
    if FIRST in shards.mine:
        return
    if share.watched:
        overhear(state)
    for name in state.paused ^ share.pauses:
        pause(state, name, stop=name in share.pauses)


def pause(state: State, name: str, *, stop: bool) -> None:
    """Hold back an observer or an endpoint, or let it go on."""
    if name in state.endpoints:
        state.endpoints[name].paused = stop
    if stop:
        state.paused.add(name)
        return
    state.paused.discard(name)
    for work in state.parked.pop(name, ()):
        state.endpoint(work.spec.endpoint).ready.append(work)


def movable(state: State) -> frozenset[int]:
    """Leaving shards of which nothing is on the wire, nor in memory, any more."""
    leaving = state.shards.leaving
    if not leaving or state.draining or state.unmet or state.late:
        return frozenset()
    owners: list[Run | SealedBatch] = [*state.runs.values(), *state.batches.values()]
    return leaving - {one.shard for one in owners}


def release(state: State) -> None:
    """Give up the shards that can move, in this commit."""
    gone = movable(state)
    if not gone:
        return
    shards = state.shards
    state.mutations.released.extend(sorted(gone))
    shards.change(shards.mine - gone, shards.leaving)
    for key in [key for key in state.queues if shards.home(key) in gone]:
        for number in state.queues.pop(key):
            state.halted.discard(number)
            state.hinted.pop(number, None)
    state.left = [row for row in state.left if row.shard not in gone]
    state.stuck = {run: one for run, one in state.stuck.items() if one.shard not in gone}
    for number, orders in list(state.pending.items()):
        if any(order.shard in gone for order in orders):
            turn_away(state, state.pending.pop(number))


def turn_away(state: State, inputs: Iterable[NewEvent | Misfit | Order]) -> None:
    """What came by the inbox stays there, for the engine that has its shard now."""
    state.turned_away.extend(one.consumed for one in inputs if one.consumed is not None)


def is_ours(state: State, given: NewEvent | Misfit | Order) -> bool:
    """Whether an input is for this engine: an entry of the inbox of a shard that has moved is
    not."""
    if given.consumed is None or given.shard in state.shards.mine:
        return True
    turn_away(state, (given,))
    return False


def clear_leaving(state: State) -> None:
    """After all that has changed is written: leave to the store what is to move and is not on the
    wire."""
    leaving = state.shards.leaving
    if not leaving:
        return
    for key, found in list(state.buffers.items()):
        if found.runs and found.runs[0].shard in leaving:
            del state.buffers[key]
    flying = {work.owner.id for work in state.in_flight}
    for batch in [one for one in state.batches.values() if one.shard in leaving]:
        if batch.id in flying:
            flying.update(member.id for member in batch.members)
        else:
            batch.work.state = WAITING
            del state.batches[batch.id]
    for run in [one for one in state.runs.values() if one.shard in leaving]:
        if run.id not in flying:
            state.let_go(run)
            for work in run.works:
                if work.state in ACTIVE:
                    work.state = WAITING  # queues and timers that name it pass over it
