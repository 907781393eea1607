"""Limits of endpoints that several engines keep together: the store grants tokens of a rate and
slots of requests that are under way, and a circuit, or the wish of a receiver to be left alone, is
everybody's. Here is decided what to ask for and what to give back. Decisions 0196, 0227, 0228."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil

from fql.engine.core.held.endpoints import KEEP, Endpoint
from fql.engine.core.held.state import State
from fql.engine.program.limits import NEVER
from fql.store.sharing.limits import UNTOLD, Grant, Known, Wish
from fql.store.sharing.port import Share

CHUNK = 0.1
"""Seconds worth of tokens that are asked for at once."""
LOOK = 500
"""Milliseconds between looks for slots that were not used since the last one: those go back."""
TURN = 1_000
"""Milliseconds for which an engine may use a slot that others wait for, where there are fewer slots
than engines."""
ASK_AGAIN = 100
"""Milliseconds after which an engine that lacks slots asks once more."""


def wishes(state: State) -> list[Wish]:
    """What this engine asks of the store now, gives back and tells it."""
    if not state.shards.shared:
        return []
    made: list[Wish] = []
    for endpoint in state.endpoints.values():
        if not endpoint.wished and (wish := _wish(state, endpoint)) is not None:
            endpoint.wished = True
            made.append(wish)
    return made


def _wish(state: State, endpoint: Endpoint) -> Wish | None:
    slots, circuit = endpoint.slots, endpoint.circuit
    spare = _spare_slots(state, endpoint)
    more = _slots_to_ask(state, endpoint)
    want, back = _tokens_to_ask(state, endpoint), _spare_tokens(state, endpoint)
    turned = circuit.open_until != circuit.told
    blocked = endpoint.blocked_until > max(endpoint.blocked_told, state.now)
    tells = (turned or blocked or slots.unsure) and state.now >= slots.again_at
    if not (spare or more or want or back or tells):
        return None
    _give_back(endpoint, spare)
    slots.asking = more > 0
    endpoint.bucket.tokens -= back
    endpoint.bucket.at = state.now if want else endpoint.bucket.at
    circuit.told, circuit.telling = circuit.open_until, turned
    endpoint.blocked_told = endpoint.blocked_until
    limits, cap = endpoint.limits, endpoint.cap()
    return Wish(
        endpoint.name, limits.per_second or 0.0, limits.burst, want, back,
        limit=0 if cap >= NEVER else cap, keep=slots.count, more=more, fair=_fair(state, cap),
        blocked_for=max(0, endpoint.blocked_until - state.now) if blocked else 0,
        open_for=_open_for(state, endpoint) if turned else UNTOLD,
    )  # fmt: skip


def _give_back(endpoint: Endpoint, spare: int) -> None:
    """From now on these slots are not ours. Requests that had none, as there was no limit when they
    left, or as they are of a state that was thrown away, have theirs now."""
    slots, used = endpoint.slots, len(endpoint.flying)
    slots.count = 0 if endpoint.cap() >= NEVER else max(slots.count - spare, used)
    slots.owed, slots.wanted = max(0, slots.owed - spare), max(0, slots.wanted - spare)
    slots.unsure = False


def _open_for(state: State, endpoint: Endpoint) -> int:
    opens = endpoint.circuit.open_until
    return max(1, opens - state.now) if opens else 0


def _fair(state: State, cap: int) -> int:
    """How many slots an engine may have whatever others wish. Where there are fewer slots than
    engines, each has one in turn."""
    return max(1, cap // state.shards.live)


def _may_go(state: State, endpoint: Endpoint) -> bool:
    """Whether something is ready that only slots or tokens hold back."""
    if endpoint.paused or state.draining or state.now < endpoint.blocked_until:
        return False
    return bool(endpoint.ready or endpoint.suspects) and state.now >= endpoint.circuit.open_until


def _slots_to_ask(state: State, endpoint: Endpoint) -> int:
    slots, cap = endpoint.slots, endpoint.cap()
    if not (_may_go(state, endpoint) and endpoint.lacks_slots()) or state.now < slots.again_at:
        return 0
    if slots.owed:
        return 0  # others come first
    return min(ceil(cap / state.shards.live), cap - max(slots.count, len(endpoint.flying)))


def _spare_slots(state: State, endpoint: Endpoint) -> int:
    """How many slots go back now: those that were not used for a while, those beyond our share
    that others lack, and all where none are needed or the circuit is open."""
    slots, cap, used = endpoint.slots, endpoint.cap(), len(endpoint.flying)
    slots.owed = _owed(state, endpoint)
    spare = 0
    if state.now - slots.looked_at >= LOOK:
        spare = slots.count - max(slots.peak, used)
        slots.peak, slots.looked_at = used, state.now
    if cap >= NEVER:
        return slots.count
    if state.now < endpoint.circuit.open_until:
        spare = slots.count
    return max(0, min(slots.count - used, max(spare, slots.owed)))


def _owed(state: State, endpoint: Endpoint) -> int:
    slots, cap, live = endpoint.slots, endpoint.cap(), state.shards.live
    if not slots.granted or cap >= NEVER:
        return 0
    keeps = _fair(state, cap)
    if cap < live and state.now - slots.held_since >= TURN:
        keeps = 0
    return max(0, slots.count - cap, min(slots.wanted, slots.count - keeps))


def _tokens_to_ask(state: State, endpoint: Endpoint) -> int:
    bucket, limits = endpoint.bucket, endpoint.limits
    rate = limits.per_second
    if rate is None or bucket.tokens >= 1 or state.now < bucket.again_at:
        return 0
    if not _may_go(state, endpoint) or endpoint.lacks_slots():
        return 0
    return max(1, min(ceil(rate * CHUNK), limits.burst, len(endpoint.ready) + 1))


def _spare_tokens(state: State, endpoint: Endpoint) -> float:
    """Tokens that were not used within a second of being asked for."""
    bucket = endpoint.bucket
    limited = endpoint.limits.per_second is not None
    return bucket.tokens if limited and bucket.tokens >= 1 and bucket.is_old(state.now) else 0.0


def take_grants(state: State, grants: Sequence[Grant]) -> None:
    """What the store has answered."""
    for grant in grants:
        endpoint = state.endpoint(grant.endpoint)
        endpoint.wished = False
        _take_grant(state, endpoint, grant)


def _take_grant(state: State, endpoint: Endpoint, grant: Grant) -> None:
    bucket, slots = endpoint.bucket, endpoint.slots
    bucket.again_at = state.now + grant.wait
    if grant.known is None:  # nobody knows what it did with the wish: it is told all of it again
        slots.unsure, slots.stale, slots.again_at = True, False, state.now + grant.wait
        if endpoint.circuit.telling:
            endpoint.circuit.told = UNTOLD
        endpoint.blocked_told = 0
        return
    bucket.tokens = min(bucket.tokens + grant.tokens, float(endpoint.limits.burst))
    in_vain = slots.asking and not slots.stale
    if not slots.stale:
        slots.held_since = slots.held_since if slots.count else state.now
        slots.count = grant.slots
    slots.stale = False
    slots.again_at = state.now + ASK_AGAIN * (in_vain and endpoint.lacks_slots())
    learn(state, endpoint, grant.known, grant.now)
    _heed(state, endpoint, grant)


def _heed(state: State, endpoint: Endpoint, grant: Grant) -> None:
    """News that came before the answer to our own, and are newer than these, were not seen to be
    another's: now they are."""
    circuit, known = endpoint.circuit, endpoint.known
    overtaken = grant.known is not None and grant.known.turn < known.turn
    if overtaken and circuit.telling and circuit.open_until == circuit.told:
        ahead = state.now - grant.now
        _turn(state, endpoint, known.open_until + ahead if known.open_until else 0)


def hear(state: State, share: Share) -> None:
    """What the store tells each second. Of what it does not name, nothing has been said lately."""
    for name, known in share.known.items():
        if name in state.endpoints:
            learn(state, state.endpoints[name], known, share.now)
    for endpoint in state.endpoints.values():
        had = endpoint.known
        if endpoint.name not in share.known and (had.open_until or had.wanted):
            learn(state, endpoint, Known(had.blocked_until, turn=had.turn), share.now)


def learn(state: State, endpoint: Endpoint, known: Known, now: int) -> None:
    """What all engines know of an endpoint, said by the store at a time of its own clock: for how
    long from now on is what counts, so clocks may differ. News that this engine has not told yet
    are newer."""
    had, circuit = endpoint.known, endpoint.circuit
    if known.turn < had.turn:
        return
    endpoint.known, ahead = known, state.now - now
    endpoint.slots.wanted = known.wanted
    if known.blocked_until > max(had.blocked_until, now):
        longest = state.now + longest_wait(state, endpoint.name)
        until = min(known.blocked_until + ahead, longest)
        endpoint.blocked_until = max(endpoint.blocked_until, until)
        if endpoint.blocked_until == until:
            endpoint.blocked_told = until
    if known.open_until != had.open_until and circuit.open_until == circuit.told:
        _turn(state, endpoint, known.open_until + ahead if known.open_until else 0)


def _turn(state: State, endpoint: Endpoint, open_until: int) -> None:
    """Other engines have opened or closed the circuit."""
    circuit, longest = endpoint.circuit, state.now + endpoint.limits.open_for
    circuit.open_until = circuit.told = max(1, min(open_until, longest)) if open_until else 0
    if open_until:
        endpoint.surrender()
    else:
        circuit.failing.clear()


def longest_wait(state: State, endpoint: str) -> int:
    """How long an endpoint can be asked to wait, in milliseconds: a clock that has been set back
    makes it no longer."""
    return max((one.receivers.get(endpoint, 0) for one in state.programs.values()), default=0)


def next_look(state: State) -> int:
    """When something that nobody used goes back, or is told again."""
    if not state.shards.shared:
        return NEVER
    live = state.shards.live
    return min((_looks_at(one, live) for one in state.endpoints.values()), default=NEVER)


def _looks_at(endpoint: Endpoint, live: int) -> int:
    bucket, slots, times = endpoint.bucket, endpoint.slots, [NEVER]
    if endpoint.wished:
        return NEVER
    if endpoint.limits.per_second is not None and bucket.tokens >= 1:
        times.append(bucket.at + KEEP)
    if slots.count > len(endpoint.flying):
        times.append(slots.looked_at + LOOK)
        if slots.wanted and endpoint.cap() < live:
            times.append(slots.held_since + TURN)
    if slots.unsure or endpoint.circuit.open_until != endpoint.circuit.told:
        times.append(slots.again_at)
    return min(times)
