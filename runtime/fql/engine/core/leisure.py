"""Which outcomes may be stored a little later, with what comes next."""

from __future__ import annotations

from fql.engine.core.held.inputs import Performed
from fql.engine.core.held.runs import Run
from fql.engine.core.held.state import State
from fql.engine.core.retry import succeeded
from fql.engine.program.limits import NEVER
from fql.store.works import TERMINAL

FEW = 8
"""Requests in flight up to which commits are rare enough for one of them to matter."""


def may_wait(state: State, performed: Performed) -> bool:
    """Whether nothing follows from this outcome but its record: it is a success that ends its run,
    and neither a queue, nor its endpoint, nor the number of requests in flight holds back other
    work meanwhile. Nothing in memory is changed."""
    work, run = performed.work, performed.work.owner
    if not isinstance(run, Run) or run.order_key is not None or work not in state.in_flight:
        return False
    if state.draining or len(state.in_flight) > min(FEW, state.settings.max_in_flight // 2):
        return False
    if not succeeded(performed.outcome, work.spec.retry):
        return False
    if any(other is not work and other.state not in TERMINAL for other in run.works):
        return False
    endpoint = state.endpoint(work.spec.endpoint)
    return not (endpoint.ready or endpoint.suspects) and endpoint.stored_due == NEVER
