"""What an endpoint may get: a token bucket, a concurrency limit, a circuit, and its own wish.

Waiting here spends no attempts. A bucket of `burst` tokens is refilled at `per_second`; counts of
what is in flight are kept as sets of what is armed, never as numbers that can leak.
"""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from fql.engine.program.limits import NEVER, EndpointLimits
from fql.store.sharing.limits import UNKNOWN, Known
from fql.store.works import READY

if TYPE_CHECKING:
    from fql.engine.core.held.runs import Work

KEEP = 1_000
"""Milliseconds after which tokens of the store that were not used go back."""
LIMITS = ("rate", "concurrency", "circuit", "retry_after", "paused")
"""What can hold ready work back at its endpoint."""


@dataclass(slots=True)
class Bucket:
    """Tokens at a time. Where they are `granted` by the store, none are made here, and `at` is when
    those here were asked for: they are used within a second or not at all. `again_at` says from
    when on it makes sense to ask for more."""

    tokens: float
    at: int
    granted: bool = False
    again_at: int = 0

    def refill(self, limits: EndpointLimits, now: int) -> None:
        """Add what came in since the last look."""
        if self.granted:
            return
        if limits.per_second is not None and now > self.at:
            gained = (now - self.at) / 1000 * limits.per_second
            self.tokens = min(limits.burst, self.tokens + gained)
        self.at = max(self.at, now)

    def is_old(self, now: int) -> bool:
        """Whether the store has granted these too long ago for them to be used."""
        return self.granted and now - self.at >= KEEP

    def next_at(self, limits: EndpointLimits) -> int:
        """When a whole token will be there."""
        if limits.per_second is None or self.tokens >= 1:
            return self.at
        if self.granted:
            return self.again_at
        return self.at + int((1 - self.tokens) / limits.per_second * 1000) + 1


@dataclass(slots=True)
class Slots:
    """How many requests may be under way at once, where engines share that. Of what the store has
    `granted`, this engine has `count`, and what it owes to others it uses no more.

    - `unsure`: the store may hold more for us than we count, which it must be told.
    - `stale`: what has been asked for is of no use, as the circuit has turned meanwhile.
    - `owed`: how many others lack that we have beyond our share; `wanted`: how many they lack.
    - `peak`: how many were used at once since `looked_at`; `held_since`: since when there are any.
    - `asking`: more have been asked for; `again_at`: from when on it makes sense to ask again.
    """

    granted: bool = False
    asking: bool = False
    count: int = 0
    unsure: bool = False
    stale: bool = False
    owed: int = 0
    wanted: int = 0
    peak: int = 0
    looked_at: int = 0
    held_since: int = 0
    again_at: int = 0


@dataclass(slots=True)
class Circuit:
    """Closed, open until a time, or half open with a few probes. `failing` are the works that have
    failed since something last succeeded: each counts once, so that one which no receiver would
    take does not close a receiver to all others. `told` is what other engines know of
    `open_until`, `telling` whether that is under way to them."""

    failing: set[tuple[int, int]] = field(default_factory=set)
    open_until: int = 0
    told: int = 0
    telling: bool = False

    @property
    def is_open(self) -> bool:
        """Whether the endpoint is held to be down (probes included)."""
        return self.open_until > 0

    def record(self, work: Work, limits: EndpointLimits, now: int, *, ok: bool) -> None:
        """Take note of an outcome that says something about the endpoint's health."""
        if ok:
            self.failing.clear()
            self.open_until = 0
        elif limits.failures:
            if len(self.failing) < limits.failures:
                self.failing.add((work.owner.id, work.spec.index))
            if self.is_open or len(self.failing) >= limits.failures:
                self.open_until = now + limits.open_for


@dataclass(slots=True)
class Endpoint:
    """One receiver: its limits, what is ready for it, what is in flight, what is stored for it.
    Times are milliseconds since 1970. The core alone changes it, on the engine's thread.

    - `limits`: what its policies say; a reload changes them.
    - `bucket`, `slots`, `circuit`: tokens of its rate, how many requests may be under way, and
      whether it is held to be down.
    - `blocked_until`: its own wish, from Retry-After; `finish` sets it. `blocked_told` is what
      other engines know of that.
    - `paused`: a person has paused it, or its limits cannot be judged.
    - `ready`: work that may be sent, in order; `flying`: what is armed and has no outcome yet.
    - `suspects`: ready as well, but on the wire in too many crashes: each is sent `alone`, while
      nothing else is under way to this endpoint. Between two of them as many `others` may go as
      this still says, lest many that hang hold up for long what is ready besides.
    - `held`: how many runs in memory do their next step here, now or as soon as they may;
      `resting`: how many besides only wait for a time, which comes soon.
    - `stored_due`: when the first of its work in the store is due, 0 where that could go at once,
      or NEVER; `stored_since`: since when the oldest of it could have gone, or NEVER; `asked`: a
      page of that is being read; what is due later than `unsure` milliseconds from now (0:
      nothing) may have been stored by a clock that was ahead of ours.
    - `seeking`: a probe looks for work in the store that has not failed; `sought`: it has looked.
    - `landed`: when the last request to it came back; 0 before the first one.
    - `known`: what the store has last said of it; `wished`: the store has yet to answer.
    - `waits`: how often ready work came to a stop before a limit, by its name; `held_back`: the
      limit it waits for now.
    """

    name: str
    limits: EndpointLimits
    bucket: Bucket
    slots: Slots = field(default_factory=Slots)
    circuit: Circuit = field(default_factory=Circuit)
    blocked_until: int = 0
    blocked_told: int = 0
    paused: bool = False
    ready: deque[Work] = field(default_factory=deque)
    flying: set[Work] = field(default_factory=set)
    suspects: deque[Work] = field(default_factory=deque)
    alone: Work | None = None
    others: int = 0
    held: int = 0
    resting: int = 0
    stored_due: int = NEVER
    stored_since: int = NEVER
    asked: bool = False
    seeking: bool = False
    sought: bool = False
    unsure: int = 0
    landed: int = 0
    waits: Counter[str] = field(default_factory=Counter)
    held_back: str = ""
    known: Known = UNKNOWN
    wished: bool = False

    def may_send(self, now: int) -> bool:
        """Whether one more request may leave now, as far as this endpoint goes."""
        limit = self._obstacle(now)
        if limit and limit != self.held_back:
            self.waits[limit] += 1
        self.held_back = limit
        return not limit

    def _obstacle(self, now: int) -> str:
        """The limit that holds the next request back, or none."""
        if self.paused:
            return "paused"
        if now < self.blocked_until:
            return "retry_after"
        crowd = self._crowd(now)
        if crowd or self.limits.per_second is None:
            return crowd
        self.bucket.refill(self.limits, now)
        return "rate" if self.bucket.tokens < 1 or self.bucket.is_old(now) else ""

    def _crowd(self, now: int) -> str:
        """Whether as many are under way as may be."""
        used = len(self.flying)
        if used >= self.limits.concurrency:
            return "concurrency"
        if self.circuit.open_until and not self._may_probe(now):
            return "circuit"
        if used >= self.room():
            return "circuit" if self.circuit.is_open else "concurrency"
        return ""

    def cap(self) -> int:
        """How many requests of all engines together may be under way: probes while the circuit is
        open; NEVER for any number."""
        limits = self.limits
        most = limits.probes if self.circuit.is_open else NEVER
        return min(most, limits.concurrency)

    def room(self) -> int:
        """How many requests this engine has slots for."""
        if not self.slots.granted or self.cap() >= NEVER:
            return NEVER
        return self.slots.count - self.slots.owed

    def lacks_slots(self) -> bool:
        """Whether one more request would need a slot that this engine has not got."""
        return self.room() <= len(self.flying) < self.cap()

    def surrender(self) -> None:
        """Use no slot from now on but those of requests under way: the circuit has turned, and a
        probe needs a new one."""
        if self.slots.granted:
            self.slots.count, self.slots.owed = len(self.flying), 0
            self.slots.stale, self.slots.unsure = self.wished, True

    def _may_probe(self, now: int) -> bool:
        return now >= self.circuit.open_until and len(self.flying) < self.limits.probes

    def suspect_is_next(self) -> bool:
        """Whether the next request is that of a suspect, once nothing else is under way."""
        return bool(self.suspects) and not (self.others and self.ready)

    def prefer_fresh(self) -> bool:
        """Before a probe: put work that has not failed yet first, for what has failed already says
        little about the receiver. False where some may be in the store, which is asked first."""
        for place, work in enumerate(self.ready):
            if not work.failed and work.state == READY:
                del self.ready[place]
                self.ready.appendleft(work)
                return True
        self.seeking = self.stored_due == 0 and not self.sought
        return not self.seeking

    def take(self, work: Work) -> None:
        """One request is armed."""
        self.flying.add(work)
        self.slots.peak = max(self.slots.peak, len(self.flying))
        self.others = max(0, self.others - 1)
        if self.limits.per_second is not None:
            self.bucket.tokens -= 1

    def give_back(self) -> None:
        """What was armed could not be sent."""
        if self.limits.per_second is not None:
            self.bucket.tokens = min(self.bucket.tokens + 1, float(self.limits.burst))

    def opens_at(self) -> int:
        """When waiting alone will let something through; NEVER if an outcome or an answer of the
        store must come first."""
        if self.paused or len(self.flying) >= self.cap():
            return NEVER
        if self.alone is not None or (self.flying and self.suspect_is_next()):
            return NEVER
        lacks = self.lacks_slots()
        if self.wished and (lacks or self.bucket.tokens < 1 or self.held_back == "rate"):
            return NEVER
        again = self.slots.again_at if lacks else 0
        tokens = self.bucket.next_at(self.limits)
        return max(self.blocked_until, self.circuit.open_until, tokens, again)
