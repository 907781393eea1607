"""A world whose receivers answer as fate says, and whose limits are watched from outside."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from fql.actions.port import Outcome
from fql.engine.core.held.inputs import Order, Performed
from fql.engine.core.held.runs import Run, Work
from fql.engine.program.limits import EndpointLimits
from tests.simulation.reference import Fate, Flow
from tests.simulation.world import Arrival, World, now

UNWELL = (
    Outcome(status=503),
    Outcome(status=500),
    Outcome(failure="timeout", error="slow"),
    Outcome(failure="reset", error="gone"),
    Outcome(status=429, retry_after=150),
    Outcome(status=503, retry_after=90),
)
"""Answers that are tried again, as `Fate` counts them."""
Flows = Mapping[str, Mapping[str, Flow]]


@dataclass
class Fated(World):
    """So many failures that the store has recorded, then success. `flows` by plan and observer."""

    flows: Flows = field(default_factory=dict)
    fates: list[Fate] = field(default_factory=list)
    limits: Mapping[str, EndpointLimits] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.watches = {name: Watch(limits) for name, limits in self.limits.items()}
        self.stopped: set[str] = set()
        super().__post_init__()

    # Fate.

    def fate(self, plan: str, event: int, name: str, node: str) -> Fate:
        """A batch has one fate, whoever is in it."""
        event = 0 if node in self.flows[plan][name].batches else event
        place = event * 31 + ord(node) * 7 + int(name[1:]) * 3
        return self.fates[place % len(self.fates)]

    def named(self, event: int, node: str) -> bool:
        """Whether the answer to a batch names the member as failed."""
        return (event + ord(node)) % 5 == 0

    def answer_some(self) -> None:
        self.random.shuffle(self.wire)
        count = self.random.randint(1, max(1, len(self.wire)))
        landing, self.wire = self.wire[:count], self.wire[count:]
        for work in landing:
            outcome = self.outcome(work)
            self._answers[id(work), work.sends].ok = outcome.status == 200
            done = Performed(work, outcome, work.sends, self.clock.now(), "{}")
            self.inputs.outcomes.append(done)

    def outcome(self, work: Work) -> Outcome:
        owner = work.owner
        runs = [owner] if isinstance(owner, Run) else owner.members
        event = int(runs[0].event.position)
        wanted, final = self.fate(owner.spec.plan, event, work.spec.observer, work.spec.name)
        if self.failures(work) < wanted:
            return Outcome(status=404) if final else random_of(self.random)
        if isinstance(owner, Run):
            return Outcome(status=200)
        refused = tuple(
            (index, "no") for index, run in enumerate(runs)
            if self.named(int(run.event.position), work.spec.name)
        )  # fmt: skip
        return Outcome(status=200, failed_members=refused)

    def failures(self, work: Work) -> int:
        """Recorded ones: of the node, and of the batch that it was in."""
        rows = now(self.store.attempts([work.owner.id, *([work.batch] if work.batch else [])]))
        return sum(row.node == work.spec.name and row.status != 200 for row in rows)

    # Limits.

    def order(self, order: Order) -> None:
        if order.kind == "pause":
            self.stopped.add(order.name)
        elif order.kind == "resume":
            self.stopped.discard(order.name)
        super().order(order)

    def crash(self) -> None:
        super().crash()
        for watch in self.watches.values():
            watch.forget()

    def cycle(self) -> None:
        outcomes, before, crashes = self.inputs.outcomes, len(self.ledger), self.crashes
        super().cycle()
        for done in outcomes if self.crashes == crashes else ():
            self.watches[done.work.spec.endpoint].landed(done, self.clock.now())
        flying = Counter(work.spec.endpoint for work in self.wire)
        for arrival in self.ledger[before:]:
            assert not {arrival.endpoint, arrival.observer} & self.stopped, "sent while paused"
            if self.crashes == crashes:
                self.watches[arrival.endpoint].sent(arrival, flying[arrival.endpoint])


@dataclass
class Watch:
    """What an endpoint may get, reckoned from what it got and what it answered.

    The circuit and a wish to be left alone are told by outcomes that were recorded. A crash forgets
    the circuit; tokens outlive it.
    """

    limits: EndpointLimits
    failing: set[tuple[int, str]] = field(default_factory=set)
    open_until: int = 0
    left_alone_until: int = 0
    tokens: float = 0.0
    at: int | None = None

    def forget(self) -> None:
        self.failing.clear()
        self.open_until = self.left_alone_until = 0

    def landed(self, done: Performed, when: int) -> None:
        outcome = done.outcome
        status = outcome.status
        if status is None or status >= 500:
            self.failing.add((done.work.owner.id, done.work.spec.name))
            enough = self.open_until or len(self.failing) >= self.limits.failures
            if self.limits.failures and enough:
                self.open_until = when + self.limits.open_for
        else:
            self.failing.clear()
            self.open_until = 0
        if status in (429, 503) and outcome.retry_after:
            self.left_alone_until = max(self.left_alone_until, when + outcome.retry_after)

    def sent(self, arrival: Arrival, flying: int) -> None:
        """May this have been sent? `flying` counts what is on the wire to it after this cycle."""
        assert flying <= self.limits.concurrency, "concurrency"
        assert arrival.at >= self.left_alone_until, "Retry-After"
        if self.open_until:
            assert arrival.at >= self.open_until, "the circuit is open"
            assert flying <= self.limits.probes, "more than probes"
        if self.limits.per_second is not None:
            self._take_token(arrival.at, self.limits.per_second)

    def _take_token(self, when: int, rate: float) -> None:
        if self.at is None:
            self.tokens, self.at = float(self.limits.burst), when
        gained = (when - self.at) / 1000 * rate
        self.tokens, self.at = min(self.limits.burst, self.tokens + gained) - 1, when
        assert self.tokens >= -1e-6, "rate"


def random_of(rng: random.Random) -> Outcome:
    return rng.choice(UNWELL)
