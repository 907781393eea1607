"""Limits of endpoints that several engines keep together: the store grants tokens of a rate, and a
circuit, or the wish of a receiver to be left alone, is everybody's. Decision 0196."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil

from fql.engine.core.held.endpoints import Endpoint
from fql.engine.core.held.state import State
from fql.engine.program.limits import NEVER
from fql.store.sharing.limits import UNTOLD, Grant, Known, Wish

CHUNK = 0.1
"""Seconds worth of tokens that are asked for at once."""
KEEP = 1_000
"""Milliseconds after which tokens that were not used go back."""


def wishes(state: State) -> list[Wish]:
    """What this engine asks of the store now, and tells it."""
    if not state.shards.shared:
        return []
    made = (_wish(state, endpoint) for endpoint in state.endpoints.values())
    return [wish for wish in made if wish is not None]


def _wish(state: State, endpoint: Endpoint) -> Wish | None:
    bucket, limits = endpoint.bucket, endpoint.limits
    rate = limits.per_second or 0.0
    lacks = bool(rate and _waits(state, endpoint))
    spare = rate and bucket.tokens >= 1 and state.now - bucket.at >= KEEP
    turned = endpoint.circuit.open_until != endpoint.known.open_until
    news = turned or endpoint.blocked_until > endpoint.known.blocked_until
    if bucket.wished or not (lacks or spare or news):
        return None
    bucket.wished = True
    want = min(ceil(rate * CHUNK), limits.burst, len(endpoint.ready) + 1) if lacks else 0
    back = bucket.tokens if spare else 0.0
    bucket.tokens -= back
    known = Known(endpoint.blocked_until, endpoint.circuit.open_until if turned else UNTOLD)
    return Wish(endpoint.name, rate, limits.burst, max(1, want) if lacks else 0, back, known)


def _waits(state: State, endpoint: Endpoint) -> bool:
    """Whether only tokens are lacking."""
    bucket = endpoint.bucket
    ready = (endpoint.ready or endpoint.suspects) and not (endpoint.paused or state.draining)
    return bool(ready) and bucket.tokens < 1 and state.now >= bucket.again_at


def take_grants(state: State, grants: Sequence[Grant]) -> None:
    """What the store has answered."""
    for grant in grants:
        endpoint = state.endpoint(grant.endpoint)
        bucket = endpoint.bucket
        bucket.wished = False
        bucket.tokens = min(bucket.tokens + grant.tokens, float(endpoint.limits.burst))
        bucket.at, bucket.again_at = state.now, state.now + grant.wait
        if grant.known is not None:
            learn(endpoint, grant.known)


def learn(endpoint: Endpoint, known: Known) -> None:
    """What all engines know of an endpoint, unless this one has news that it has not told yet."""
    if endpoint.circuit.open_until in (endpoint.known.open_until, known.open_until):
        endpoint.circuit.open_until = known.open_until
        if endpoint.known.open_until and not known.open_until:
            endpoint.circuit.failing.clear()
        endpoint.known = known
    endpoint.blocked_until = max(endpoint.blocked_until, known.blocked_until)
    endpoint.known = endpoint.known._replace(blocked_until=known.blocked_until)


def next_look(state: State) -> int:
    """When tokens that nobody used go back."""
    if not state.shards.shared:
        return NEVER
    buckets = [one.bucket for one in state.endpoints.values() if one.limits.per_second is not None]
    return min((one.at + KEEP for one in buckets if one.tokens >= 1), default=NEVER)
