"""`order_by`: one run at a time for a key, in the order the events came."""

from __future__ import annotations

from collections import deque
from hashlib import blake2b

from fql.engine.core.held.runs import Run
from fql.engine.core.held.state import State


def queue_name(observer: str, key: str) -> str:
    """The stored name of a queue: observer and a 16-byte hash of the key."""
    return f"{observer}:{blake2b(key.encode(), digest_size=16).hexdigest()}"


def key_of(run: Run) -> str | None:
    """The text of the run's order key; None where it is unordered."""
    order_by = run.spec.order_by
    return None if order_by is None else order_by(run.scope())


def join_queue(state: State, run: Run, key: str | None) -> None:
    """Put a new run at the end of its queue; it is blocked unless it is the first."""
    if key is None:
        return
    run.order_key = queue_name(run.spec.name, key)
    queue = state.queues.setdefault(run.order_key, deque())
    queue.append(run.id)
    run.blocked = queue[0] != run.id


def rejoin_queue(state: State, run: Run) -> None:
    """A replayed run goes to the front of what waits, after one that is under way but before one
    that is dead and blocks the key."""
    if run.order_key is None:
        key = key_of(run)
        if key is None:
            return
        run.order_key = queue_name(run.spec.name, key)
    queue = state.queues.setdefault(run.order_key, deque())
    state.halted.discard(run.id)
    if run.id in queue and queue[0] != run.id:
        queue.remove(run.id)
    if run.id not in queue:
        queue.insert(0 if queue and queue[0] in state.halted else min(1, len(queue)), run.id)
    run.blocked = queue[0] != run.id


def take_place(state: State, run: Run) -> None:
    """The place of a run that was read back."""
    queue = state.queues.get(run.order_key or "")
    run.blocked = queue is not None and queue[0] != run.id


def leave_queue(state: State, run: Run) -> None:
    """The run gives up its place; if it was the first, the next one is read back."""
    key, run.order_key, run.blocked = run.order_key, None, False
    give_up_place(state, key, run.id)


def give_up_place(state: State, key: str | None, number: int) -> None:
    """The same for a run that is known by its number alone."""
    state.halted.discard(number)
    queue = state.queues.get(key or "")
    if queue is None or number not in queue:
        return
    was_first = queue[0] == number
    queue.remove(number)
    if not queue:
        del state.queues[key or ""]
    elif was_first:
        state.wanted_ids.append(queue[0])
