"""The loop: gather what waits, step, one commit, release what is to be sent. Then again."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from fql.engine.clock import Clock
from fql.engine.core import step
from fql.engine.cycle import Group, Waiting
from fql.engine.graph import STATE_NAMES
from fql.engine.inputs import CoreSettings, Inputs, Misfit, NewEvent, Order, Performed, Step
from fql.engine.keys import run_name
from fql.engine.programs import Program
from fql.engine.recover import restore
from fql.engine.senders import Senders, first_event, owner_name
from fql.engine.state import State
from fql.engine.states import Work
from fql.errors import FqlError, StoreError, StoreFull
from fql.observe.events import (
    AttemptEnded,
    CycleCommitted,
    DeadLetterClosed,
    DeadLetterWritten,
    EngineStarted,
    EngineStopped,
    EventsTaken,
    Lifecycle,
    Listener,
    PlanSwitched,
    RunFinished,
    StoreTrouble,
    hears,
)
from fql.store.port import Lease, Store
from fql.store.records import Mutations, StoredPlan

TROUBLE_PAUSE = 1.0
"""Seconds between tries while the store takes no commit."""


@dataclass(frozen=True, slots=True)
class LoopSettings:
    """`drain` is how long, in seconds, what is on the wire may take to end when leaving."""

    core: CoreSettings = field(default_factory=CoreSettings)
    max_uncommitted: int = 1000
    drain: float = 30.0
    holder: str = ""


Stamp = Callable[[dict[str, str], str], None]
"""Changes an event's context in place; gets its name, such as `Order.insert`, besides."""


class Engine:
    """The only writer of its store. `plans` makes programs of stored plans that open work needs;
    `stamp` gives an event that is handed in its place in a trace."""

    def __init__(
        self,
        store: Store,
        program: Program,
        *,
        clock: Clock,
        plans: Callable[[Sequence[StoredPlan]], Mapping[str, Program]],
        settings: LoopSettings | None = None,
        chance: Callable[[], float] = random.random,
        listeners: Sequence[Listener] = (),
        stamp: Stamp | None = None,
    ) -> None:
        self._store = store
        self._program = program
        self._clock = clock
        self._plans = plans
        self._settings = settings or LoopSettings()
        self._chance = chance
        self._listeners = tuple(listeners)
        self._stamp = stamp
        self._waiting = Waiting()
        self._wake = asyncio.Event()
        self._wake_at: int | None = None
        self._uncommitted = 0
        self._room = asyncio.Event()
        self._senders = Senders(clock.now, self._report)
        self._rescued: list[Performed] = []
        self._watchers: dict[int, list[asyncio.Future[str]]] = {}
        self._task: asyncio.Task[None] | None = None
        self._stopping = False
        self._busy = False
        self._over = False
        self._under_way = Waiting()
        self._commits = 0
        self._next_id = 0
        self._lease = Lease(0)
        self._state: State | None = None
        self.positions: dict[str, int] = {}
        self.generation = 0
        self.recovering = False

    @property
    def program(self) -> Program:
        """The program that new events are checked and matched with."""
        return self._program

    @property
    def state(self) -> State:
        """The state in memory, once started."""
        if self._state is None:
            raise StoreError("the engine has not been started", hint="use `async with`")
        return self._state

    async def start(self) -> None:
        """Take the store over and go on with what is in it. Raises StoreError, StoreLocked."""
        await self._begin_session()
        await self._load()
        self._waiting.program = self._program
        self._wake.set()
        self._task = asyncio.get_running_loop().create_task(self._run())
        self._task.add_done_callback(self._on_end)
        try:
            await self.submit(())  # the plan is stored before anybody is told that we run
        except StoreError:
            await self.kill()
            raise

    async def _begin_session(self) -> None:
        self._lease = await self._store.acquire(self._settings.holder)
        self._next_id, self._commits = self._lease.session << 32, 0

    async def _load(self, *, again: bool = False) -> None:
        snapshot = await self._store.load(self._lease)
        if self._state is not None:
            self._next_id = max(self._next_id, self._state.next_number)
        core = self._settings.core
        state = State(self._program, core, self._chance, self._next_id, self._clock.now())
        state.programs.update(self._plans(snapshot.plans))
        state.programs[self._program.short] = self._program
        if self._state is not None:
            state.tally, state.draining = self._state.tally, self._state.draining
        snapshot.clean = snapshot.clean or again
        state.aloft = self._senders.under_way()
        restore(state, snapshot)
        self._state = state
        self.positions.update(snapshot.positions)
        self.tell(EngineStarted(self._lease.session, snapshot.clean, len(snapshot.lanes)))

    # What others hand in.

    async def submit(
        self, events: Sequence[NewEvent], misfits: Sequence[Misfit] = (), source: str = ""
    ) -> None:
        """Hand events in; returns when they are durable, and fills in their receipts. Waits while
        too many are not committed yet. Raises StoreFull, StoreError when nothing was stored.
        `source` is the name under which they are counted."""
        if self._over:
            raise _ended()
        if self._stamp is not None:
            for new in events:
                self._stamp(new.event.context, f"{new.event.entity}.{new.event.kind}")
        while self._uncommitted >= self._settings.max_uncommitted:
            self._room.clear()
            await self._room.wait()
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._uncommitted += len(events)
        self._waiting.groups.append(Group(events, misfits, done))
        self._wake.set()
        try:
            await done
        finally:
            self._uncommitted -= len(events)
            self._room.set()
        if source and self._is_heard(EventsTaken):
            known = sum(new.duplicate for new in events)
            self.tell(EventsTaken(source, len(events) - known, known, len(misfits)))

    def ignore(self, source: str) -> None:
        """Count an event of an entity that the plan does not know."""
        self.state.tally.unknown += 1
        self.tell(EventsTaken(source, unknown=1))

    def order(self, *orders: Order) -> None:
        """Hand commands in; they are carried out in the next commit."""
        self._waiting.orders.extend(orders)
        self._wake.set()

    def switch(self, program: Program, others: Mapping[str, Program]) -> None:
        """Use another plan from the next commit on; `others` are the programs of stored plans,
        made anew with its endpoints."""
        self._program = program
        self._waiting.program, self._waiting.others = program, others
        self._wake.set()

    def flush(self) -> None:
        """Seal all batches now."""
        self._waiting.flush = True
        self._wake.set()

    def watch(self, run: int) -> asyncio.Future[str]:
        """A future that gives the state of this run when it next ends."""
        future: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._watchers.setdefault(run, []).append(future)
        return future

    @property
    def session(self) -> int:
        """The number of this engine's session in the store."""
        return self._lease.session

    @property
    def uncommitted(self) -> int:
        """Events handed in that are not durable yet."""
        return self._uncommitted

    def idle(self) -> bool:
        """Nothing waits, nothing is under way."""
        return not self._busy and not self._waiting and self.state.is_idle()

    def failed(self) -> BaseException | None:
        """Why the loop has ended by itself, if it has."""
        if self._task is None or not self._task.done() or self._task.cancelled():
            return None
        return self._task.exception()

    async def stop(self) -> None:
        """Drain: what is on the wire ends within the deadline, the rest stays stored."""
        if self._task is None or self._task.done():
            await self._senders.abort()
            return
        self.state.draining = True
        taken_back = self._senders.unstarted()
        await self._senders.drain(self._settings.drain)
        self._stopping = True
        self._wake.set()
        await asyncio.wait({self._task}, timeout=self._settings.drain)
        clean = await self._ends_well(taken_back)
        self._task.cancel()
        self._refuse_all()
        with suppress(StoreError):
            await self._store.release(self._lease, clean=clean)
        self.tell(EngineStopped(clean=clean))

    async def _ends_well(self, unstarted: list[Work]) -> bool:
        """Whether what ended last is stored; if not, the next engine sends it again."""
        reason = "the store takes no commit"
        if not self.recovering:
            try:
                await self._last_cycle(unstarted + self._senders.unstarted())
            except StoreError as problem:
                reason = problem.message
            else:
                return True
        self.tell(StoreTrouble(f"what ended last could not be stored: {reason}"))
        return False

    async def _last_cycle(self, unstarted: list[Work]) -> None:
        waiting, self._waiting = self._waiting, Waiting()
        inputs = waiting.inputs()
        inputs.unstarted = unstarted
        keys = _keys(inputs)
        try:
            if keys:
                inputs.known = await self._store.known(keys)
            result = step(self.state, inputs, self._clock.now())
            await self._commit(result)
        except StoreError as problem:
            waiting.reject(problem)
            raise
        waiting.resolve()
        self._announce(result)

    def _refuse_all(self) -> None:
        """Nobody will take up what is handed in any more."""
        self._over = True
        self._under_way.reject(_ended())
        self._waiting.reject(_ended())

    def _on_end(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and task.exception() is not None:
            self._refuse_all()

    async def kill(self) -> None:
        """Stop at once, as a crash would (for tests): nothing is released, nothing is written."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await self._senders.abort()

    # The cycle.

    async def _run(self) -> None:
        while True:
            await self._sleep()
            if self._stopping:
                return
            self._busy = True
            try:
                await self._cycle()
            finally:
                self._busy = False

    async def _sleep(self) -> None:
        """Until something comes in or the next time is due. One turn of the event loop lets what
        arrives together go into one commit."""
        if self._wake_at is not None and not self._wake.is_set():
            delay = (self._wake_at - self._clock.now()) / 1000
            if delay > 0:
                timer = asyncio.get_running_loop().call_later(delay, self._wake.set)
                await self._wake.wait()
                timer.cancel()
        else:
            await self._wake.wait()
        self._wake.clear()
        await asyncio.sleep(0)

    async def _cycle(self) -> None:
        waiting, self._waiting = self._waiting, Waiting()
        self._under_way = waiting
        inputs = waiting.inputs()
        keys = _keys(inputs)
        try:
            if keys:
                inputs.known = await self._store.known(keys)
            self._rescue(inputs.outcomes)
            result = step(self.state, inputs, self._clock.now())
            await self._commit(result)
        except StoreError as problem:
            waiting.reject(problem)
            self.recovering = True
            await self._recover(waiting, problem)
            self.recovering = False
            return
        self._wake_at = result.wake
        self._senders.send(result.sends)
        waiting.resolve()
        self._forget_rescued(result)
        self.positions.update(result.mutations.positions)
        self._announce(result)
        if waiting.program is not None:
            self.tell(PlanSwitched(waiting.program.digest))
        await self._read_pages(result)

    async def _commit(self, result: Step) -> None:
        if not result.mutations:
            return
        began = time.perf_counter()
        await self._commit_once(result.mutations)
        if self._listeners:
            changed = result.mutations
            took = (time.perf_counter() - began) * 1000
            runs = len(changed.runs) + len(changed.patches)
            self.tell(CycleCommitted(len(changed.events), runs, len(changed.attempts), took))

    async def _commit_once(self, mutations: Mutations) -> None:
        """A commit whose end is unknown is settled by the session row: it counts commits."""
        problem = StoreError("the reply to a commit was lost, and it did not count")
        try:
            verdict = await self._store.commit(self._lease, mutations)
        except StoreFull:
            raise
        except StoreError as unknown:
            verdict, problem = "ambiguous", unknown
        if verdict == "ambiguous":
            counted = await self._counted()
            if counted == self._commits:
                raise problem
            verdict = "fenced" if counted is None else "ok"
        if verdict == "fenced":
            raise _FencedError
        self._commits += 1

    async def _counted(self) -> int | None:
        """How many commits of this session are stored; asked until the store answers."""
        while True:
            try:
                return await self._store.cycle(self._lease)
            except StoreError as problem:
                if self._stopping:
                    raise
                self.tell(StoreTrouble(problem.message))
                await asyncio.sleep(TROUBLE_PAUSE)

    async def _read_pages(self, result: Step) -> None:
        for page in result.wants:
            self._waiting.pages.append(await self._store.page(page))
        if result.wants:
            self._wake.set()

    async def _recover(self, waiting: Waiting, problem: FqlError) -> None:
        """The commit failed: the state in memory is ahead of what is stored, so it is thrown away
        and loaded anew. Outcomes are kept: they find the twins of their work."""
        self.tell(StoreTrouble(problem.message))
        fenced = isinstance(problem, _FencedError)
        pause = 0.0 if fenced else TROUBLE_PAUSE
        while True:
            await asyncio.sleep(pause)
            pause = TROUBLE_PAUSE
            try:
                if fenced:
                    await self._store.release(self._lease, clean=True)
                    await self._begin_session()
                    fenced = False
                await self._load(again=True)
                break
            except StoreError as again:
                self.tell(StoreTrouble(again.message))
        self._rescue(waiting.outcomes, everything=True)
        self._waiting.outcomes[:0] = self._rescued
        self._waiting.orders.clear()
        self.generation += 1
        self._waiting.program = self._waiting.program or waiting.program
        self._wake.set()

    def _rescue(self, outcomes: Sequence[Performed], *, everything: bool = False) -> None:
        """Keep outcomes that a state loaded anew may take up only some steps later."""
        for one in outcomes:
            late = everything or one.work not in self.state.in_flight
            if late and one not in self._rescued:
                self._rescued.append(one)

    def _forget_rescued(self, result: Step) -> None:
        """Outcomes that survived a failed commit are safe once their attempt is stored."""
        if self._rescued:
            stored = {(row.owner, row.node, row.number) for row in result.mutations.attempts}
            self._rescued = [
                one
                for one in self._rescued
                if (one.work.owner.id, one.work.spec.name, one.number) not in stored
            ]

    # Telling.

    def _report(self, performed: Performed) -> None:
        self._waiting.outcomes.append(performed)
        self._wake.set()

    def _announce(self, result: Step) -> None:
        for ended in result.ended:
            for future in self._watchers.pop(ended.run, ()):
                if not future.done():
                    future.set_result(ended.state)
        for ended in result.ended if self._is_heard(RunFinished) else ():
            self.tell(
                RunFinished(
                    ended.observer, run_name(ended.run), ended.state, ended.event_id,
                    ended.started, ended.ended, ended.traceparent,
                )
            )  # fmt: skip
        for how, name in result.mutations.letter_states:
            if how != "replaying":
                self.tell(DeadLetterClosed(name, how))
        for row in result.dead:
            run = "" if row.run is None else run_name(row.run)
            self.tell(
                DeadLetterWritten(
                    row.id, row.observer, row.action, run, row.error_class, row.reason
                )
            )
        if self._is_heard(AttemptEnded):
            self._announce_attempts(result.attempted)

    def _announce_attempts(self, attempted: Sequence[tuple[Work, Performed]]) -> None:
        """Those that this commit has stored: an outcome that comes again after a failed commit is
        told once."""
        for work, one in attempted:
            outcome, spec, event = one.outcome, work.spec, first_event(work)
            self.tell(
                AttemptEnded(
                    spec.observer, spec.name, spec.endpoint, owner_name(work), one.number,
                    outcome.status, outcome.failure, outcome.duration_ms, STATE_NAMES[work.state],
                    event.id, event.context.get("traceparent", ""),
                )
            )  # fmt: skip

    def _is_heard(self, kind: type[Lifecycle]) -> bool:
        return any(hears(listener, kind) for listener in self._listeners)

    def tell(self, event: Lifecycle) -> None:
        """Let everyone who listens know."""
        for listener in self._listeners:
            listener(event)


class _FencedError(StoreError):
    """Another engine took the store over, so the commit did not count."""

    def __init__(self) -> None:
        super().__init__("the commit to the store is fenced: this engine lost its lease")


def _ended() -> StoreError:
    return StoreError("the engine has ended", hint="what was not acknowledged was not stored")


def _keys(inputs: Inputs) -> list[bytes]:
    """The hashes of keys that these inputs bring."""
    brought: list[NewEvent | Misfit] = [*inputs.events, *inputs.misfits]
    return [one.dedup for one in brought if one.dedup is not None]
