"""Engines that come, go, crash and sleep while work moves between them. One thread, one seed."""

from __future__ import annotations

import random
from collections.abc import Set
from dataclasses import dataclass, field

from fql.actions.port import Outcome
from fql.engine.core.held.inputs import (
    Attempt,
    CoreSettings,
    Inputs,
    NewEvent,
    Performed,
    Step,
)
from fql.engine.core.held.keys import dedup_hash
from fql.engine.core.held.runs import Run, Work
from fql.engine.core.held.shards import Shards
from fql.engine.core.held.state import State
from fql.engine.core.step import step
from fql.engine.core.taking import restore
from fql.engine.program.model import Program
from fql.store.records import Mutations, Snapshot
from fql.store.sharing.homes import FIRST
from fql.store.works import ALONE, ARMED, DONE, TERMINAL, decode_works
from fql.testing.clock import VirtualClock
from tests.engine.programs import event
from tests.simulation.moving.engine import Engine
from tests.simulation.moving.shared import LEASE, SHARDS, Shared
from tests.simulation.world import FAULTS, OK, Arrival

MOST = 4
"""Engines at once."""
NAMES = ("one", "two", "o0")
"""The endpoints, and an observer: what people pause."""


@dataclass
class Moving:
    """`fates` are the odds of what happens before each step, `doubts` those of a commit without a
    reply: it has counted, or is lost, or comes late."""

    program: Program
    seed: int
    settings: CoreSettings
    failure_rate: float = 0.0
    fates: dict[str, float] = field(default_factory=dict)
    doubts: float = 0.0
    keeps = Shared
    limited = False

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)
        self.clock = VirtualClock()
        self.store = self.keeps(self.clock.now)
        self.engines: list[Engine] = []
        self.ledger: list[Arrival] = []
        self.unsent: list[NewEvent] = []
        self.late: list[tuple[int, int, Mutations]] = []
        self.touched: set[int] = set()
        self.emitted = self.crashes = self.moved = self.forgotten = 0
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
        shards = Shards(SHARDS, (), shared=self.limited)
        self.engines.append(Engine(session, self.state_of(session << 32, Snapshot(), shards)))
        self.tell(f"join {session}")

    def state_of(
        self, first_id: int, snapshot: Snapshot, shards: Shards, aloft: Set[Attempt] = frozenset()
    ) -> State:
        """What an engine has in memory, made of what is stored of its shards."""
        now = self.clock.now()
        chance = self.random.random
        state = State(self.program, self.settings, chance, first_id, now, shards=shards)
        state.aloft, snapshot.shards = set(aloft), shards.mine
        restore(state, snapshot)
        return state

    def begin_again(self, engine: Engine, inputs: Inputs) -> None:
        """A commit did not count: memory is ahead, and is loaded again in the same session."""
        self.forgotten += 1
        engine.rescue.keep_all(inputs.outcomes)
        kept, mine = list(engine.rescue.kept), self.store.mine(engine.session)
        aloft = {(one.owner.id, one.spec.name, one.sends) for one in engine.wire}
        snapshot, before = self.store.load(mine), engine.state
        snapshot.clean = True
        aloft |= {one.attempt for one in kept}
        shards = Shards(SHARDS, mine, shared=self.limited, asked=engine.asked)
        engine.state = self.state_of(before.next_number, snapshot, shards, aloft)
        engine.state.draining = before.draining
        engine.inputs, engine.entries, engine.wake = Inputs(outcomes=kept), set(), self.clock.now()
        self.tell(f"again {engine.session}")

    def ask(self) -> None:
        """Somebody cancels a run, replays a dead letter, pauses or resumes."""
        kind = self.random.choice(("cancel", "replay", "replay", "pause", "resume"))
        runs = sorted(self.store.tables.open)
        letters = sorted(self.store.tables.letters.values(), key=lambda one: one.id)
        if kind in ("pause", "resume"):
            self.store.ask(kind, FIRST, name=self.random.choice(NAMES))
        elif kind == "cancel" and runs:
            self._ask_of(self.random.choice(runs), kind)
        elif kind == "replay" and letters:
            letter = self.random.choice(letters)
            more = {"node": letter.node, "letter": letter.id, "force": True}
            self._ask_of(letter.run or 0, kind, **more, original=self.random.random() < 0.5)
        self.tell(kind)

    def _ask_of(self, run: int, kind: str, **more: object) -> None:
        self.touched.add(run)
        self.store.ask(kind, self.store.tables.runs[run].shard, run=run, **more)

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
            self.crashes += bool(engine.rescue.kept)  # its last commit did not count
            self.store.end(engine.session)
            self.tell(f"leave {engine.session}")

    # A step of one engine.

    def tick(self) -> None:
        for name, odds in self.fates.items():
            if self.random.random() < odds:
                getattr(self, name)()
        if self.random.random() < 0.2:
            self.deliver()
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
        new_entries = self.store.entries(share.mine)
        inputs.orders = [one for one in new_entries if one.consumed not in engine.entries]
        engine.entries |= {one.consumed or 0 for one in inputs.orders}
        inputs.events = [NewEvent(one.event, one.dedup) for one in self.unsent]
        inputs.known = self.store.tables.known(inputs.keys())
        engine.rescue.keep_late(inputs.outcomes, engine.state.in_flight)
        result = step(engine.state, inputs, self.time(engine))
        counted = self.commit(engine, result.mutations)
        if counted is None:
            self._gone(engine)
            return
        engine.commits += 1
        if not counted:
            self.begin_again(engine, inputs)
            return
        engine.rescue.forget(engine.state.late)
        engine.asked |= {wish.endpoint for wish in result.wishes}
        engine.entries -= {*result.mutations.consumed, *result.turned_away}
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

    def commit(self, engine: Engine, mutations: Mutations) -> bool | None:
        """Whether it counted; None where the session is fenced. A reply that was lost is settled,
        and what comes late after that is refused."""
        statement = (engine.session, engine.commits, mutations)
        if self.random.random() >= self.doubts:
            return self.store.commit(*statement) or None
        if self.random.random() < 0.5:
            self.store.commit(*statement)
        else:
            self.late.append(statement)
        return self.store.settle(engine.session, engine.commits)

    def deliver(self) -> None:
        """Statements that were on their way arrive."""
        for statement in self.late:
            assert not self.store.commit(*statement), "it was settled, or its session is fenced"
        self.late.clear()

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
            names = {work.spec.endpoint, work.spec.observer}
            assert not names & self.store.tables.pauses.keys(), "sent while paused"
            for edge in [] if run.id in self.touched else run.spec.graph.incoming[work.spec.index]:
                assert edge.source is None or stored[edge.source].state in TERMINAL, "in order"
            self._alone_in_its_queue(run, row.order_key)
        self.ledger.append(
            Arrival(
                work.delivery(), tuple(run.id for run in runs), work.spec.observer, work.spec.name,
                work.sends, self.clock.now(), work.redelivery,
                tuple(int(run.event.position) for run in runs),
                ok=self.random.random() >= self.failure_rate,
                batch=0 if isinstance(owner, Run) else owner.id,
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
        self.fates, self.doubts = {}, 0.0
        self.deliver()
        for name in NAMES:
            self.store.ask("resume", FIRST, name=name)
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
            intents.setdefault(one.key, set()).add(
                (one.members, one.observer, one.node, bool(one.batch))
            )  # fmt: skip
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
