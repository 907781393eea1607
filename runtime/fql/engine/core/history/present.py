"""What there is to do in memory at this moment, for metrics and for people who watch."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from fql.engine.core.held.endpoints import Endpoint
from fql.engine.core.held.runs import Run, Work
from fql.engine.core.held.state import State
from fql.store.works import READY, SCHEDULED, STATE_NAMES, TERMINAL


def oldest_due(state: State, now: int) -> int:
    """When the work that has waited longest could first have been sent; `now` if none waits.

    Of what is in the store, the last page that was read has told, and what was left there since.
    """
    times = [now]
    times.extend(_due(work) for work in works(state) if work.state in (READY, SCHEDULED))
    times.extend(one.stored_since for one in state.endpoints.values())
    return min(times)


def circuit_state(one: Endpoint, now: int) -> str:
    """Closed; open until its time; then half open, until a probe says more."""
    if not one.circuit.is_open:
        return "closed"
    return "open" if now < one.circuit.open_until else "half_open"


def works(state: State) -> Iterator[Work]:
    """All work in memory, that of batches once."""
    for run in state.runs.values():
        yield from run.works
    for batch in state.batches.values():
        yield batch.work


def _due(work: Work) -> int:
    owner = work.owner
    return work.due or work.ready_at or (owner.started if isinstance(owner, Run) else owner.sealed)


def by_action(state: State, most: int) -> dict[str, dict[str, int]]:
    """How much work each action (`observer/action`) has in each state: of the `most` that have most
    of it."""
    found: dict[str, Counter[str]] = {}
    for work in works(state):
        if work.state not in TERMINAL:
            name = f"{work.spec.observer}/{work.spec.name}"
            found.setdefault(name, Counter())[STATE_NAMES[work.state]] += 1
    busiest = sorted(found.items(), key=lambda one: (-one[1].total(), one[0]))[:most]
    return {name: dict(counts) for name, counts in busiest}
