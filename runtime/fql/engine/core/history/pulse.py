"""What an engine says of itself each second while somebody watches; else it says nothing, and a
step pays for one comparison."""

from __future__ import annotations

from fql.engine.core.held.endpoints import Endpoint
from fql.engine.core.held.state import State
from fql.engine.core.history.present import by_action, oldest_due
from fql.engine.core.history.unmatched import history_of
from fql.exact.writing import json_text
from fql.store.history.rows import PulseRow

WATCHED = 15_000
"""Milliseconds that a command to watch counts for; who watches gives it every ten seconds."""
EVERY = 1_000
"""Milliseconds from one time to the next."""
MOST = 500
"""Endpoints and actions that are told of, those with most to do."""


def watch(state: State) -> None:
    """Somebody watches from now on."""
    state.tally.watched_until = state.now + WATCHED


def beat(state: State) -> None:
    """Say how things are, if the last time is a second ago. Called while somebody watches."""
    tally = state.tally
    if state.now - tally.pulsed_at >= EVERY:
        tally.pulsed_at = state.now
        session = state.next_number >> 32
        history_of(state).pulse = PulseRow(session, state.now, "", json_text(_body(state)))


def _body(state: State) -> dict[str, object]:
    busiest = sorted(state.endpoints.values(), key=_busyness, reverse=True)[:MOST]
    return {
        "in_flight": len(state.in_flight), "runs": len(state.runs),
        "open_runs": state.tally.open_runs, "sent": state.tally.sent,
        "buffers": len(state.buffers), "batches": len(state.batches),
        "paused": sorted(state.paused), "oldest_due": oldest_due(state, state.now),
        "actions": by_action(state, MOST),
        "endpoints": {one.name: _shown(one) for one in busiest},
    }  # fmt: skip


def _busyness(endpoint: Endpoint) -> tuple[int, int, str]:
    return len(endpoint.flying), len(endpoint.ready), endpoint.name


def _shown(endpoint: Endpoint) -> dict[str, object]:
    """Times are milliseconds since 1970, 0 where there is none; tokens are those of a rate."""
    tokens = None if endpoint.limits.per_second is None else int(endpoint.bucket.tokens)
    return {
        "in_flight": len(endpoint.flying), "ready": len(endpoint.ready), "held": endpoint.held,
        "waiting": endpoint.resting, "tokens": tokens,
        "open_until": endpoint.circuit.open_until, "blocked_until": endpoint.blocked_until,
        "paused": endpoint.paused, "held_back": endpoint.held_back, "waits": dict(endpoint.waits),
    }  # fmt: skip
