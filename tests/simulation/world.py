"""The whole engine on one thread: fake store faults, fake receivers, fake time, crashes.

Every choice is drawn from one seed, so a seed is a whole story and can be told again.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any, TypeVar

import orjson

from fql.actions.port import Outcome
from fql.engine.core.held.inputs import Attempt, CoreSettings, Inputs, NewEvent, Order, Performed
from fql.engine.core.held.keys import dedup_hash
from fql.engine.core.held.runs import Run, Work
from fql.engine.core.held.state import State
from fql.engine.core.step import step
from fql.engine.core.taking import restore
from fql.engine.program.model import Program
from fql.store.choosing import LetterFilter, RunFilter
from fql.store.memory import MemoryStore
from fql.store.port import Lease
from fql.store.records import Mutations, Snapshot
from fql.store.works import decode_works
from fql.testing.clock import VirtualClock
from tests.engine.programs import event

T = TypeVar("T")
OK = Outcome(status=200)


def now(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run what never really waits."""
    try:
        coroutine.send(None)
    except StopIteration as end:
        return end.value  # type: ignore[no-any-return]
    raise AssertionError("the memory store waited")


@dataclass
class Arrival:
    """One request as the receiver saw it."""

    key: str
    run: tuple[int, ...]
    observer: str
    node: str
    attempt: int
    at: int
    redelivery: bool
    members: tuple[int, ...]
    ok: bool = False
    endpoint: str = ""
    batch: int = 0


@dataclass
class World:
    """One engine after another on one store. `fate` decides each request's outcome."""

    program: Program
    seed: int
    settings: CoreSettings = field(default_factory=CoreSettings)
    crash_rate: float = 0.0
    leave_rate: float = 0.0
    failure_rate: float = 0.2
    others: dict[str, Program] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)
        self.clock = VirtualClock()
        self.store = self.made_store()
        self.ledger: list[Arrival] = []
        self.crashes = 0
        self.max_flying = 0
        self.most_at: Counter[str] = Counter()
        self.log: list[str] = []
        self.inputs = Inputs()
        self.wire: list[Work] = []
        self.unsent: list[NewEvent] = []
        self.accepted: set[int] = set()
        self.wake: int | None = None
        self.start()

    def made_store(self) -> MemoryStore:
        return MemoryStore(seconds=lambda: self.clock.now() / 1000)

    def start(self) -> None:
        """A new process takes the store over."""
        self.lease: Lease = self.acquired()
        self.load(now(self.store.load(self.lease)), self.lease.session << 32)
        self.wire = []

    def acquired(self) -> Lease:
        return now(self.store.acquire("sim"))

    def load(
        self,
        snapshot: Snapshot,
        first_id: int,
        aloft: set[Attempt] = frozenset(),  # type: ignore[assignment]
    ) -> None:
        """Make the state of what is stored; attempts that are `aloft` go on."""
        self.state = State(self.program, self.settings, self.random.random, first_id, self.time())
        self.state.programs.update(self.others)
        self.state.aloft = set(aloft)
        restore(self.state, snapshot)
        self.inputs = Inputs()
        self.wake = self.time()

    def time(self) -> int:
        """What the engine's clock says, in milliseconds since 1970."""
        return self.clock.now()

    def wait_for_wake(self) -> None:
        """Nothing happens until the engine wants to be woken."""
        assert self.wake is not None
        self.clock.advance(max(0, self.wake - self.time()))

    def crash(self) -> None:
        """The process is gone, and everything it had in memory with it."""
        self.crashes += 1
        self.log.append("crash")
        now(self.store.close())
        self.start()

    def leave(self, unstarted: list[Work]) -> None:
        """The process ends well: what is on the wire is answered, what was not begun is put back,
        and the next one starts."""
        self.log.append("leave")
        self.state.draining = True
        while self.wire:
            self.answer_some()
        inputs, self.inputs = self.inputs, Inputs()
        inputs.unstarted = unstarted
        result = step(self.state, inputs, self.time())
        assert not result.sends, "who leaves begins nothing"
        assert now(self.store.commit(self.lease, result.mutations)) == "ok"
        now(self.store.release(self.lease, clean=True))
        self.start()

    def emit(self, number: int, **row: object) -> None:
        new = NewEvent(event(number, **row), dedup_hash("s", str(number)))
        self.unsent.append(new)

    def order(self, order: Order) -> None:
        self.inputs.orders.append(order)

    # One cycle, with a chance to crash at each of its points.

    def cycle(self) -> None:
        for new in self.unsent:
            again = NewEvent(new.event, new.dedup)
            self.inputs.events.append(again)
        inputs, self.inputs = self.inputs, Inputs()
        inputs.known = now(self.store.known(inputs.keys()))
        self.under_way = inputs
        self.result = result = step(self.state, inputs, self.time())
        self.wake = result.wake
        if not self._commit(result.mutations):
            return
        done = {new.event.position for new in inputs.events}
        self.accepted |= {int(position) for position in done}
        self.unsent = [new for new in self.unsent if new.event.position not in done]
        if self._dies():
            return
        if self.leave_rate and self.random.random() < self.leave_rate:
            self.leave(result.sends)
            return
        for work in result.sends:
            self.receive(work)
        self.wire += result.sends
        self.max_flying = max(self.max_flying, len(self.wire))
        for name, count in Counter(work.spec.endpoint for work in self.wire).items():
            self.most_at[name] = max(self.most_at[name], count)
        for page in result.wants:
            self.inputs.pages.append(now(self.store.page(page)))

    def _commit(self, mutations: Mutations) -> bool:
        if self._dies():
            return False
        verdict = now(self.store.commit(self.lease, mutations))
        assert verdict == "ok"
        return not self._dies()

    def _dies(self) -> bool:
        if self.random.random() < self.crash_rate:
            self.crash()
            return True
        return False

    def receive(self, work: Work) -> None:
        """The receiver gets the request; its answer comes later, or never."""
        owner = work.owner
        runs = [owner] if isinstance(owner, Run) else owner.members
        self.ledger.append(
            Arrival(
                work.delivery(), tuple(run.id for run in runs), work.spec.observer, work.spec.name,
                work.sends, self.clock.now(), work.redelivery,
                tuple(int(run.event.position) for run in runs),
                ok=self.random.random() >= self.failure_rate,
                endpoint=work.spec.endpoint,
                batch=0 if isinstance(owner, Run) else owner.id,
            )
        )  # fmt: skip
        self._answers = getattr(self, "_answers", {})
        self._answers[id(work), work.sends] = self.ledger[-1]

    def answer_some(self) -> None:
        """Some receivers answer, in any order."""
        self.random.shuffle(self.wire)
        count = self.random.randint(1, max(1, len(self.wire)))
        landing, self.wire = self.wire[:count], self.wire[count:]
        for work in landing:
            arrival = self._answers[id(work), work.sends]
            outcome = OK if arrival.ok else self.random.choice(FAULTS)
            self.inputs.outcomes.append(
                Performed(work, outcome, work.sends, arrival.at, orjson.dumps({}).decode())
            )

    def tick(self) -> None:
        """Whatever comes next: answers, time, another cycle."""
        if self.wire and self.random.random() < 0.7:
            self.answer_some()
        elif not self.inputs and self.wake is not None:
            self.wait_for_wake()
        else:
            self.clock.advance(self.random.randint(0, 50))
        self.cycle()

    def settle(self, limit: int = 20_000) -> None:
        """Without further crashes, until nothing is left to do."""
        self.crash_rate = self.leave_rate = 0.0
        for _ in range(limit):
            self.cycle()
            if self.wire:
                self.answer_some()
            elif not self.inputs and not self.unsent:
                if self.wake is None:
                    break
                self.wait_for_wake()
        else:
            raise AssertionError("the engine does not come to rest")
        assert self.state.is_idle(), "at rest, but not idle"

    def settle_wire(self) -> None:
        """Until nothing is on the wire, whatever else waits."""
        while self.wire:
            self.answer_some()
            self.cycle()

    # What is stored.

    def runs(self) -> list[Any]:
        return [loaded.run for loaded in now(self.store.runs(RunFilter(limit=10**9)))]

    def letters(self) -> list[Any]:
        return now(self.store.letters(LetterFilter()))

    def states(self) -> dict[int, dict[str, str]]:
        """Node states by the position of the event."""
        found = {}
        for loaded in now(self.store.runs(RunFilter(limit=10**9))):
            spec = self.program.observers[loaded.run.observer]
            codes = [node.state for node in decode_works(loaded.run.works)]
            names = [node.name for node in spec.nodes]
            found[int(loaded.event.position)] = dict(zip(names, codes, strict=True))
        return found


FAULTS = [
    Outcome(status=503),
    Outcome(failure="timeout", error="slow"),
    Outcome(status=500),
    Outcome(status=429, retry_after=200),
    Outcome(status=404),
    Outcome(failure="reset", error="gone"),
]
