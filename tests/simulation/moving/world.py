"""Engines that come, go, crash and sleep while work moves between them. One thread, one seed."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

from fql.actions.port import Outcome
from fql.engine.core.held.inputs import CoreSettings, Inputs, NewEvent, Performed, Step
from fql.engine.core.held.keys import dedup_hash
from fql.engine.core.held.runs import Run, Work
from fql.engine.core.held.shards import Shards
from fql.engine.core.held.state import State
from fql.engine.core.step import step
from fql.engine.core.taking import restore
from fql.engine.program.model import Program
from fql.store.records import Snapshot
from fql.store.works import ALONE, ARMED, DONE, TERMINAL, decode_works
from fql.testing.clock import VirtualClock
from tests.engine.programs import event
from tests.simulation.moving.shared import LEASE, SHARDS, Shared
from tests.simulation.world import FAULTS, OK, Arrival

MOST = 4
"""Engines at once."""


@dataclass
class Engine:
    """One process: its session, its memory, what it has on the wire."""

    session: int
    state: State
    inputs: Inputs = field(default_factory=Inputs)
    wire: list[Work] = field(default_factory=list)
    commits: int = 0
    wake: int | None = 0


@dataclass
class Moving:
    """`fates` are the odds of what happens before each step."""

    program: Program
    seed: int
    settings: CoreSettings
    failure_rate: float = 0.0
    fates: dict[str, float] = field(default_factory=dict)
    keeps = Shared
    limited = False

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)
        self.clock = VirtualClock()
        self.store = self.keeps(self.clock.now)
        self.engines: list[Engine] = []
        self.ledger: list[Arrival] = []
        self.unsent: list[NewEvent] = []
        self.emitted = self.crashes = self.moved = 0
        self.trace: list[str] = []
        self._answers: dict[tuple[int, int], Arrival] = {}
        self.join()

    def tell(self, what: str) -> None:
        self.trace.append(f"{self.clock.now()} {what}")

    def emit(self) -> None:
        self.emitted += 1
        number = self.emitted
        self.unsent.append(NewEvent(event(number), dedup_hash("s", str(number))))

    # What happens.

    def join(self) -> None:
        """One more engine."""
        if len(self.engines) == MOST:
            return
        session = self.store.begin()
        state = State(
            self.program, self.settings, self.random.random, session << 32, self.clock.now(),
            shards=Shards(SHARDS, (), shared=self.limited),
        )  # fmt: skip
        restore(state, Snapshot(shards=frozenset()))
        self.engines.append(Engine(session, state))
        self.tell(f"join {session}")

    def crash(self) -> None:
        """A process is gone. Its shards are free once its lease is over."""
        if self.engines:
            self._gone(self.random.choice(self.engines))

    def _gone(self, engine: Engine) -> None:
        self.engines.remove(engine)
        self.crashes += 1
        self.tell(f"gone {engine.session}")

    def sleep(self) -> None:
        """All but one stand still for longer than a lease, and go on."""
        if self.engines:
            engine = self.random.choice(self.engines)
            for _ in range(3):
                self.clock.advance(LEASE // 2)
                if engine in self.engines:
                    self.cycle(engine)

    def leave(self) -> None:
        """An engine ends well."""
        if len(self.engines) < 2:
            return
        engine = self.random.choice(self.engines)
        engine.state.draining = True
        while engine.wire and engine in self.engines:
            self.answer(engine)
            self.cycle(engine)
        if engine in self.engines:
            self.cycle(engine)
        if engine in self.engines:
            self.engines.remove(engine)
            self.store.end(engine.session)
            self.tell(f"leave {engine.session}")

    # A step of one engine.

    def tick(self) -> None:
        for name, odds in self.fates.items():
            if self.random.random() < odds:
                getattr(self, name)()
        if not self.engines:
            self.clock.advance(LEASE + 1)
            self.join()
        engine = self.random.choice(self.engines)
        if self.random.random() < 0.7:
            self.answer(engine)
        self.clock.advance(self.random.randint(0, 50))
        self.cycle(engine)

    def cycle(self, engine: Engine) -> None:
        """Shares, inbox, events, step, commit, sends."""
        share = self.store.share(engine.session)
        if share is None:
            self._gone(engine)
            return
        inputs, engine.inputs = engine.inputs, Inputs()
        new = share.mine - engine.state.shards.mine
        inputs.share, inputs.gained = share, self.store.load(new) if new else None
        self.moved += len(new)
        inputs.orders = self.store.entries(share.mine)
        inputs.events = [NewEvent(one.event, one.dedup) for one in self.unsent]
        inputs.known = self.store.tables.known(inputs.keys())
        result = step(engine.state, inputs, self.time(engine))
        if not self.store.commit(engine.session, engine.commits, result.mutations):
            self._gone(engine)
            return
        engine.commits += 1
        self.unsent, engine.wake = [], result.wake
        self.tell(f"commit {engine.session} {sorted(share.mine)} {result.mutations.released}")
        for work in result.sends:
            self.receive(engine, work)
        engine.wire += result.sends
        for work in engine.wire:
            assert work.owner.shard in self.store.mine(engine.session), "moved while on the wire"
        engine.inputs.pages = [self.store.page(page) for page in result.wants]
        self.stored(engine, result)

    def time(self, engine: Engine) -> int:
        """What its clock shows."""
        del engine
        return self.clock.now()

    def stored(self, engine: Engine, result: Step) -> None:
        """What else follows from a step."""

    def receive(self, engine: Engine, work: Work) -> None:
        """Whatever leaves is armed in the store, of a shard of its engine, in order, one a key."""
        owner = work.owner
        runs = [owner] if isinstance(owner, Run) else owner.members
        assert owner.shard in self.store.mine(engine.session), "another engine's"
        for run in runs:
            row = self.store.tables.runs[run.id]
            stored = decode_works(row.works)
            mine = stored[work.spec.index]
            if isinstance(owner, Run):
                assert mine.state in (ARMED, ALONE), "armed"
            assert row.ended is None, "nothing starts in a run that has ended"
            for edge in run.spec.graph.incoming[work.spec.index]:
                assert edge.source is None or stored[edge.source].state in TERMINAL, "in order"
            self._alone_in_its_queue(run, row.order_key)
        self.ledger.append(
            Arrival(
                work.delivery(), tuple(run.id for run in runs), work.spec.observer, work.spec.name,
                work.sends, self.clock.now(), work.redelivery,
                tuple(int(run.event.position) for run in runs),
                ok=self.random.random() >= self.failure_rate,
            )
        )  # fmt: skip
        self._answers[id(work), work.sends] = self.ledger[-1]
        self.tell(f"sent {engine.session} {work.spec.observer}.{work.spec.name} {work.delivery()}")

    def _alone_in_its_queue(self, run: Run, order_key: str | None) -> None:
        for engine in self.engines:
            live = self.store.sessions[engine.session].state == "live"
            for other in engine.wire if order_key and live else ():
                if isinstance(other.owner, Run) and other.owner.id != run.id:
                    theirs = self.store.tables.runs[other.owner.id].order_key
                    assert theirs != order_key, "one run at a time for a key"

    def answer(self, engine: Engine) -> None:
        """Some receivers answer, in any order."""
        self.random.shuffle(engine.wire)
        count = self.random.randint(1, max(1, len(engine.wire)))
        landing, engine.wire = engine.wire[:count], engine.wire[count:]
        for work in landing:
            arrival = self._answers[id(work), work.sends]
            outcome: Outcome = OK if arrival.ok else self.random.choice(FAULTS)
            done = Performed(work, outcome, work.sends, arrival.at, "{}")
            engine.inputs.outcomes.append(done)

    # The end.

    def settle(self, limit: int = 3000) -> None:
        """Nothing happens any more but work: all of it comes to rest."""
        self.fates = {}
        for _ in range(limit):
            if not self.engines:
                self.join()
            for engine in list(self.engines):
                self.answer(engine)
                self.cycle(engine)
            if self._rests():
                return
            self.clock.advance(self._pause())
        raise AssertionError("the engines do not come to rest")

    def _pause(self) -> int:
        """Until somebody wants to be woken, but no longer than a third of a lease."""
        busy = any(one.wire or one.inputs for one in self.engines)
        wakes = [one.wake for one in self.engines if one.wake is not None]
        wait = min(wakes, default=self.clock.now() + LEASE) - self.clock.now()
        return 1 if busy else max(1, min(LEASE // 3, wait))

    def _rests(self) -> bool:
        owned = [shard for one in self.engines for shard in self.store.mine(one.session)]
        if self.unsent or self.store.inbox or len(owned) < SHARDS:
            return False
        quiet = all(not one.wire and not one.inputs and one.wake is None for one in self.engines)
        return quiet and all(one.state.is_idle() for one in self.engines)

    def check(self) -> None:
        """Nothing is lost, one key for each intent, what is done was acknowledged, and only a
        crash is a reason for a repetition."""
        runs = self.store.tables.runs.values()
        assert len(runs) == self.emitted * len(self.program.observers), "nothing lost"
        intents: dict[str, set[object]] = {}
        for one in self.ledger:
            intents.setdefault(one.key, set()).add((one.members, one.observer, one.node))
        assert all(len(found) == 1 for found in intents.values()), "a key is one intent"
        assert len(intents) == len(set().union(*intents.values())), "an intent has one key"
        ok = {(run, one.node) for one in self.ledger if one.ok for run in one.run}
        for run in runs:
            spec = self.program.observers[run.observer]
            blocked = run.order_key is not None and spec.block_on_dead
            assert run.ended is not None or blocked, (run.id, run.works)
            for node, stored in zip(spec.nodes, decode_works(run.works), strict=True):
                assert stored.state != DONE or (run.id, node.name) in ok, "done is acknowledged"
        if not self.crashes:
            assert not any(one.redelivery for one in self.ledger), "a move repeats nothing"
