"""What an engine says of itself each second while somebody watches; else it says nothing, and a
step pays for one comparison."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from fql.engine.core.held.endpoints import Endpoint
from fql.engine.core.held.state import State
from fql.engine.core.history.present import by_action, circuit_state, oldest_due
from fql.engine.core.history.unmatched import history_of
from fql.exact.reading import read_object
from fql.exact.writing import json_text
from fql.store.history.rows import PulseRow
from fql.store.records import Mutations

WATCHED = 15_000
"""Milliseconds that a command to watch counts for; who watches gives it every ten seconds."""
OVERHEARD = 3_000
"""The same where another engine of the store is watched, who says so each second."""
EVERY = 1_000
"""Milliseconds from one time to the next."""
MOST = 500
"""Endpoints and actions that are told of, those with most to do."""


def watch(state: State) -> None:
    """Somebody watches from now on."""
    state.tally.watched_until = state.now + WATCHED


def overhear(state: State) -> None:
    """Somebody watches the engine that has the first shard, so all of them are watched."""
    state.tally.watched_until = max(state.tally.watched_until, state.now + OVERHEARD)


def beat(state: State) -> None:
    """Say how things are, if the last time is a second ago. Called while somebody watches."""
    tally = state.tally
    if state.now - tally.pulsed_at >= EVERY:
        tally.pulsed_at = state.now
        session = state.next_number >> 32
        history_of(state).pulse = PulseRow(
            session, state.now, state.settings.holder, json_text(_body(state))
        )


def tell_besides(mutations: Mutations, present: Callable[[], Mapping[str, object]]) -> None:
    """Let a pulse that is about to be stored also say what is outside the core."""
    history = mutations.history
    if history is None or history.pulse is None:
        return
    pulse = history.pulse
    history.pulse = pulse._replace(body=json_text({**read_object(pulse.body), **present()}))


def _body(state: State) -> dict[str, object]:
    busiest = sorted(state.endpoints.values(), key=_busyness, reverse=True)[:MOST]
    return {
        "in_flight": len(state.in_flight), "runs": len(state.runs),
        "open_runs": state.tally.open_runs, "sent": state.tally.sent,
        "buffers": len(state.buffers), "batches": len(state.batches),
        "paused": sorted(state.paused), "oldest_due": oldest_due(state, state.now),
        "actions": by_action(state, MOST),
        "endpoints": {one.name: _shown(one, state.now) for one in busiest},
    }  # fmt: skip


def _busyness(endpoint: Endpoint) -> tuple[int, int, str]:
    return len(endpoint.flying), len(endpoint.ready), endpoint.name


def _shown(endpoint: Endpoint, now: int) -> dict[str, object]:
    """Times are milliseconds since 1970, 0 where there is none; tokens are those of a rate."""
    tokens = None if endpoint.limits.per_second is None else int(endpoint.bucket.tokens)
    return {
        "in_flight": len(endpoint.flying), "ready": len(endpoint.ready), "held": endpoint.held,
        "waiting": endpoint.resting, "tokens": tokens,
        "circuit": circuit_state(endpoint, now), "open_until": endpoint.circuit.open_until,
        "blocked_until": endpoint.blocked_until,
        "paused": endpoint.paused, "held_back": endpoint.held_back, "waits": dict(endpoint.waits),
    }  # fmt: skip
