"""The home of a new run, and what another engine has written into ours."""

from __future__ import annotations

from collections import deque

from fql.engine.core.held.runs import Run
from fql.engine.core.held.state import State
from fql.engine.core.queues import queue_name
from fql.engine.program.model import ObserverSpec
from fql.store.records import Hint


def shard_of(state: State, spec: ObserverSpec, run: int, order_key: str | None) -> int:
    """The home of a new run. One with a memory has one by its name: its queue, or its buffer; any
    other is work of whoever accepted it."""
    if order_key is not None:
        return state.shards.home(queue_name(spec.name, order_key))
    if spec.batches:
        return state.shards.home(f"{spec.plan} {spec.name}")
    return state.shards.own(run)


def hand_over(state: State, run: Run, order_key: str | None) -> None:
    """Write a new run into the shard of another engine, as it is before its first step."""
    run.stored = True
    row = run.row()
    hint = state.hint(run.shard)
    if order_key is None:
        first = next(iter(run.works)).spec.endpoint
        row = row._replace(due=0, lane=first)  # found there, should its owner die before it looks
        hint.runs.append(run.id)
    else:
        key = queue_name(run.spec.name, order_key)
        row = row._replace(order_key=key)
        hint.queued.append((key, run.id))
    state.mutations.runs.append(row)
    state.gone.append(run)


def take_hint(state: State, hint: Hint) -> None:
    """Another engine has written runs into our shards. What is known already is passed over."""
    for key, number in hint.queued:
        queue = state.queues.setdefault(key, deque())
        if number in state.hinted or number in queue:
            continue
        state.hinted[number] = key
        queue.append(number)
        if queue[0] == number:
            state.wanted_ids.append(number)
    state.wanted_ids.extend(number for number in hint.runs if number not in state.runs)
    for lane in hint.lanes:
        state.endpoint(lane).stored_due = 0
