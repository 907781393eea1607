"""Which ready work may go on the wire: armed in this commit, sent after it."""

from __future__ import annotations

from collections import deque

from fql.engine.core.advance import bury
from fql.engine.core.held.endpoints import Endpoint
from fql.engine.core.held.runs import Run, Work
from fql.engine.core.held.state import State
from fql.engine.program.limits import NEVER
from fql.store.works import ALONE, ARMED, READY

ROUND = 16
"""How many requests one endpoint may arm before the next one has its turn."""


def arm(state: State) -> list[Work]:
    """Arm what may be sent now, endpoint by endpoint in turns. Nothing while draining, or while it
    is not known how much is on the wire."""
    if state.draining or state.unmet:
        return []
    sends: list[Work] = []
    share = state.share()
    state.shared_in_flight = sum(
        max(0, len(endpoint.flying) - share) for endpoint in state.endpoints.values()
    )
    waiting = deque(e for e in state.endpoints.values() if e.ready or e.suspects)
    while waiting:
        endpoint = waiting.popleft()
        if _arm_some(state, endpoint, sends, share) and endpoint.ready:
            waiting.append(endpoint)
    return sends


def _arm_some(state: State, endpoint: Endpoint, sends: list[Work], share: int) -> bool:
    """Whether the endpoint may have another turn."""
    for _ in range(ROUND):
        state.item = endpoint
        if endpoint.alone is not None or not _has_room(state, endpoint, share):
            return False
        if endpoint.suspect_is_next():
            _arm_alone(state, endpoint, sends)
            if endpoint.suspects or endpoint.alone is not None:
                return False
        if not endpoint.ready or not endpoint.may_send(state.now):
            return False
        if endpoint.circuit.is_open and not endpoint.prefer_fresh():
            return False
        _arm_next(state, endpoint, sends, share)
    return True


def _arm_next(state: State, endpoint: Endpoint, sends: list[Work], share: int) -> None:
    state.item = work = endpoint.ready.popleft()
    if _may_start(state, endpoint, work):
        if len(endpoint.flying) >= share:
            state.shared_in_flight += 1
        _put_on_the_wire(state, endpoint, work, ARMED)
        sends.append(work)


def _has_room(state: State, endpoint: Endpoint, share: int) -> bool:
    """Each endpoint has a share of its own; only half of all may be used beyond shares, so that
    slow receivers never take what others need."""
    limit = state.settings.max_in_flight
    if len(state.in_flight) >= limit:
        return False
    return len(endpoint.flying) < share or state.shared_in_flight < limit // 2


def _may_start(state: State, endpoint: Endpoint, work: Work) -> bool:
    if not _is_ready(state, work) or _is_parked(state, work):
        return False
    if work.crashes >= state.settings.alone_from:
        endpoint.suspects.append(work)
        return False
    return not _expire_if_old(state, work)


def _is_ready(state: State, work: Work) -> bool:
    """It still is, and its shard is not about to move."""
    return work.state == READY and work.owner.shard not in state.shards.leaving


def _is_parked(state: State, work: Work) -> bool:
    """Whether it waits elsewhere from now on, as its observer is paused."""
    if work.spec.observer not in state.paused:
        return False
    state.parked.setdefault(work.spec.observer, []).append(work)
    return True


def _expire_if_old(state: State, work: Work) -> bool:
    owner, max_age = work.owner, work.spec.max_age
    if max_age is None or work.sends or work.replay or not isinstance(owner, Run):
        return False
    age = state.now - int(owner.event.timestamp.timestamp() * 1000)
    if age <= max_age:
        return False
    bury(state, owner, work, "expired", f"not sent within {max_age} ms of the event")
    return True


def expire_buffered(state: State) -> None:
    """Give up buffered members that are too old, before their batch is sealed."""
    for (_, _, index), found in state.buffers.items():
        state.item = found.runs
        node = found.node(index)
        if node is None or node.max_age is None:
            continue
        for run in list(found.runs):
            state.item = run
            if _expire_if_old(state, run.works[index]):
                found.runs.remove(run)


def _put_on_the_wire(state: State, endpoint: Endpoint, work: Work, kind: str) -> None:
    endpoint.take(work)
    if endpoint.limits.per_second is not None:
        state.dirty_limits[endpoint.name] = endpoint
    state.in_flight.add(work)
    work.state = kind
    work.sends += 1
    if not work.failed:
        work.since = work.since or state.now
    mark(state, work)


def _arm_alone(state: State, endpoint: Endpoint, sends: list[Work]) -> None:
    """Send the first suspect of crashes once nothing else is on the wire to its endpoint. Other
    endpoints go on: what hangs here says nothing about them."""
    while endpoint.suspects and not endpoint.flying and endpoint.may_send(state.now):
        state.item = work = endpoint.suspects.popleft()
        if _is_ready(state, work) and not _is_parked(state, work):
            _put_on_the_wire(state, endpoint, work, ALONE)
            endpoint.alone = work
            sends.append(work)
            return


def land(state: State, work: Work) -> None:
    """The work is no longer on the wire."""
    endpoint = state.endpoint(work.spec.endpoint)
    state.in_flight.discard(work)
    endpoint.flying.discard(work)
    endpoint.landed = state.now
    if endpoint.alone is work:
        endpoint.alone, endpoint.others = None, ROUND


def mark(state: State, work: Work) -> None:
    """What owns the work must be written in this commit."""
    owner = work.owner
    if isinstance(owner, Run):
        state.touch(owner)
    else:
        state.dirty_batches[owner.id] = owner


def next_opening(state: State) -> int:
    """When waiting alone lets some ready work through."""
    if state.draining:
        return NEVER
    share = state.share()
    first = NEVER
    for endpoint in state.endpoints.values():
        if (endpoint.ready or endpoint.suspects) and _has_room(state, endpoint, share):
            state.item = endpoint
            first = min(first, endpoint.opens_at())
    return first
