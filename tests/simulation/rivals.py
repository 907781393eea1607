"""Engines on one database that take over from each other: one sleeps, replies are lost, statements
arrive late, and the database goes back to a backup. Sessions are the real ones."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from fql.actions.port import Outcome
from fql.engine.core.held.inputs import Inputs, NewEvent, Performed
from fql.engine.core.held.runs import Work
from fql.engine.core.held.state import State
from fql.engine.core.step import step
from fql.engine.loop.rescue import Rescue
from fql.engine.loop.session import Session
from fql.engine.loop.sharing.verdicts import FencedError
from fql.errors import StoreError, StoreLocked
from fql.store.choosing import RunFilter
from fql.store.memory import MemoryStore
from fql.store.port import Lease, Verdict
from fql.store.records import Mutations
from fql.store.tables import Tables
from tests.simulation.world import World, now

LEASE = 10.0
"""Seconds."""
STORED = ("_sessions", "_lease", "_clean", "tables", "_cycle", "_settled", "expires")


class Database(MemoryStore):
    """Leases by time; a commit is a statement that carries what its sender knew. `now` gives
    milliseconds since 1970."""

    def __init__(self, now: Callable[[], int]) -> None:
        super().__init__(seconds=lambda: now() / 1000)
        self.now = now
        self.expires = 0

    def extend(self) -> None:
        self.expires = self.now() + int(LEASE * 1000)

    async def acquire(self, holder: str) -> Lease:
        if self._lease is not None and self.now() < self.expires:
            raise StoreLocked(f"the store is used by {self._lease.holder}")
        if self._lease is not None:
            self._lease, self._clean = None, False
        self._lease = replace(await super().acquire(holder), seconds=LEASE)
        self.extend()
        return self._lease

    async def renew(self, lease: Lease) -> bool:
        live = await super().renew(lease)
        if live:
            self.extend()
        return live

    def serve(self, lease: Lease, count: int, mutations: Mutations) -> Verdict:
        """What the server does, whenever the statement arrives."""
        if self._lease != lease or self._cycle != count:
            return "fenced"
        self.apply(mutations)
        self._cycle += 1
        self.extend()
        return "ok"

    def saved(self) -> dict[str, Any]:
        """A backup: rows never change, so that copies of what holds them are enough."""
        return {name: _copied(getattr(self, name)) for name in STORED}

    def restore(self, backup: dict[str, Any]) -> None:
        for name, value in backup.items():
            setattr(self, name, _copied(value))


def _copied(value: Any) -> Any:
    if isinstance(value, Tables):
        made = Tables()
        for name, held in vars(value).items():
            setattr(made, name, _copied(held))
        return made
    if isinstance(value, dict) and not isinstance(value, Counter):
        return {key: _copied(one) for key, one in value.items()}
    return value.copy() if isinstance(value, Counter | set | list) else value


@dataclass
class Line:
    """One engine's connection: at times a reply is lost, and what was sent arrives late or not at
    all. `late` is on its way."""

    database: Database
    chance: random.Random
    doubts: float = 0.0
    count: int = 0
    late: list[tuple[Lease, int, Mutations]] = field(default_factory=list)

    async def acquire(self, holder: str) -> Lease:
        self.count = 0
        return await self.database.acquire(holder)

    async def commit(self, lease: Lease, mutations: Mutations) -> Verdict:
        statement = (lease, self.count, mutations)
        if self.chance.random() >= self.doubts:
            verdict = self.database.serve(*statement)
            self.count += verdict == "ok"
            return verdict
        if self.chance.random() < 0.5:
            self.database.serve(*statement)
        else:
            self.late.append(statement)
        return "ambiguous"

    async def settle(self, lease: Lease, expected: int) -> bool | None:
        assert expected == self.count, "engine and line count the same"
        if self.chance.random() < self.doubts:
            await self.database.settle(lease, expected)  # its reply is lost, and it is asked again
        counted = await self.database.settle(lease, expected)
        if counted is not None:
            self.count = expected + 1
            self.database.extend()
        return counted

    def __getattr__(self, name: str) -> Any:
        return getattr(self.database, name)


@dataclass
class Sleeper:
    """A process that was stopped, with all it had in memory."""

    session: Session
    state: State
    inputs: Inputs
    wire: list[Work]

    def wake(self, at: int) -> None:
        """It goes on as if nothing had happened: it sends nothing, and nothing of it counts."""
        assert not self.session.may_send(), "the store is another engine's"
        for work in self.wire:
            done = Performed(work, Outcome(status=200), work.sends, at, "{}")
            self.inputs.outcomes.append(done)
        result = step(self.state, self.inputs, at)
        if result.mutations:
            assert fenced(self.session, result.mutations)
            assert not self.session.may_send()
        now(self.session.renew())
        assert self.session.lost


def fenced(session: Session, mutations: Mutations) -> bool:
    try:
        now(session.commit(mutations))
    except FencedError:
        return True
    return False


@dataclass
class Rivals(World):
    """`doubts`, `sleeps`, `rewinds`: how often a commit, a tick, a tick is met by that."""

    doubts: float = 0.0
    sleeps: float = 0.0
    rewinds: float = 0.0
    told: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.rescue = Rescue()
        self.emitted: list[NewEvent] = []
        self.sleepers: list[Sleeper] = []
        self.backups: list[dict[str, Any]] = []
        self.lines: list[Line] = []
        self.late = self.rewound = self.forgotten = 0
        super().__post_init__()

    # Engine and database.

    @property
    def database(self) -> Database:
        assert isinstance(self.store, Database)
        return self.store

    def made_store(self) -> Database:
        return Database(self.clock.now)

    def acquired(self) -> Lease:
        """Of the next engine, once nobody else has the store."""
        line = Line(self.database, self.random, self.doubts)
        self.session = Session(line, "sim", lambda event: None, self.clock.now)
        self.lines.append(line)
        self.rescue = Rescue()
        while True:
            try:
                now(self.session.begin())
            except StoreLocked:
                self.clock.advance(700)
            else:
                return self.session._lease

    def crash(self) -> None:
        """What it had sent may arrive before the next one begins, or after."""
        self.crashes += 1
        if self.random.random() < 0.5:
            self.deliver()
        self.start()

    def deliver(self) -> None:
        """Statements that were on their way arrive; in the order they were sent."""
        for line in self.lines:
            late, line.late = line.late, []
            for statement in late:
                self.late += 1
                assert self.database.serve(*statement) == "fenced", "it was settled, or taken over"

    def _commit(self, mutations: Mutations) -> bool:
        if self._dies():
            return False
        self.rescue.keep_late(self.under_way.outcomes, self.state.in_flight)
        try:
            now(self.session.commit(mutations))
        except FencedError as problem:
            self.told.append(problem.message)
            self.fall()
            return False
        except StoreError:
            self.begin_again()
            return False
        self.rescue.forget(self.state.late)
        return not self._dies()

    def fall(self) -> None:
        """Another engine has the store, or it went back: everything is forgotten."""
        self.crashes += 1
        self.start()
        self.offer_again()

    def begin_again(self) -> None:
        """A commit did not count: memory is ahead, and is loaded again in the same session."""
        self.forgotten += 1
        self.rescue.keep_all(self.under_way.outcomes)
        kept = list(self.rescue.kept)
        aloft = {(work.owner.id, work.spec.name, work.sends) for work in self.wire}
        snapshot = now(self.session.load())
        snapshot.clean = True
        self.load(snapshot, self.state.next_number, aloft | {one.attempt for one in kept})
        self.inputs.outcomes = kept

    # Sources and receivers.

    def emit(self, number: int, **row: object) -> None:
        super().emit(number, **row)
        self.emitted.append(self.unsent[-1])

    def offer_again(self) -> None:
        """The source still has what the store has forgotten."""
        stored = {one.event.position for one in now(self.store.runs(RunFilter(limit=10**9)))}
        self.unsent = [new for new in self.emitted if new.event.position not in stored]
        self.accepted = {int(position) for position in stored}

    def receive(self, work: Work) -> None:
        assert self.session.may_send()
        super().receive(work)

    # What happens.

    def tick(self) -> None:
        chance = self.random.random()
        if chance < self.sleeps:
            self.sleep()
        elif chance < self.sleeps + self.rewinds:
            self.rewind()
        if self.random.random() < 0.2:
            self.deliver()
        if self.random.random() < 0.2:
            self.backups.append(self.database.saved())
        while self.sleepers and self.random.random() < 0.5:
            self.sleepers.pop().wake(self.clock.now())
        super().tick()

    def cycle(self) -> None:
        now(self.session.renew())
        super().cycle()

    def sleep(self) -> None:
        """Stopped for a while; another engine tries to take over, and succeeds if it was long."""
        self.clock.advance(self.random.randint(1, int(LEASE * 2000)))
        rival = Session(Line(self.database, self.random), "r", lambda event: None, self.clock.now)
        try:
            now(rival.begin())
        except StoreLocked:
            return
        now(rival.release(clean=False))
        self.sleepers.append(Sleeper(self.session, self.state, self.inputs, self.wire))
        self.crashes += 1
        self.start()

    def rewind(self) -> None:
        """A backup is put in the place of the database, under the engine at work. No statement
        outlives the server that it was sent to."""
        if not self.backups:
            return
        for line in self.lines:
            line.late.clear()
        self.sleepers.clear()  # the backup may know one of them as the engine
        self.clock.advance(1000 * len(self.lines))
        self.database.restore(self.random.choice(self.backups))
        self.rewound += 1

    def settle(self, limit: int = 20_000) -> None:
        self.sleeps = self.rewinds = 0.0
        self.deliver()
        for line in self.lines:
            line.doubts = 0.0
        self.doubts = 0.0
        for sleeper in self.sleepers:
            sleeper.wake(self.clock.now())
        self.sleepers.clear()
        super().settle(limit)
