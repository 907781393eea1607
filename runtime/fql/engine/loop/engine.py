"""The loop: gather what waits, step, one commit, release what is to be sent. Then again."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial

from fql.engine.core.inputs import Inputs, Misfit, NewEvent, Order, Performed, Step
from fql.engine.core.recover import restore
from fql.engine.core.runs import Work
from fql.engine.core.state import State
from fql.engine.core.step import step
from fql.engine.loop.alarm import Alarm
from fql.engine.loop.clock import Clock
from fql.engine.loop.cycle import Group, Waiting
from fql.engine.loop.herald import Herald
from fql.engine.loop.rescue import Rescue
from fql.engine.loop.senders import Senders
from fql.engine.loop.session import FencedError, Session
from fql.engine.loop.settings import LoopSettings
from fql.engine.program.model import Program
from fql.errors import FqlError, StoreError, StoreGone
from fql.observe.events import (
    EngineStarted,
    EngineStopped,
    EventsTaken,
    Lifecycle,
    Listener,
    PlanSwitched,
    StoreTrouble,
)
from fql.store.port import Store
from fql.store.records import StoredPlan

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
        self._herald = Herald(listeners)
        self._stamp = stamp
        self._waiting = Waiting()
        self._wake = Alarm(clock)
        self._uncommitted = 0
        self._room = asyncio.Event()
        self._senders = Senders(clock.now, self._report)
        self._rescue = Rescue()
        self._task: asyncio.Task[None] | None = None
        self._busy = False
        self._over = False
        self._lost: StoreGone | None = None
        self._under_way = Waiting()
        self._session = Session(store, self._settings.holder, self._herald.tell)
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
        await self._session.begin()
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

    async def _load(self, *, again: bool = False) -> None:
        snapshot = await self._session.load()
        first = self._session.first_id
        if self._state is not None:
            first = max(first, self._state.next_number)
        state = State(self._program, self._settings.core, self._chance, first, self._clock.now())
        state.programs.update(self._plans(snapshot.plans))
        state.programs[self._program.short] = self._program
        if self._state is not None:
            state.tally, state.draining = self._state.tally, self._state.draining
        snapshot.clean = snapshot.clean or again
        state.aloft = self._senders.under_way()
        restore(state, snapshot)
        self._state = state
        self.positions.update(snapshot.positions)
        self.tell(EngineStarted(self.session, snapshot.clean, len(snapshot.lanes)))

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
        self._waiting.groups.append(Group(events, misfits, done, source))
        self._wake.set()
        try:
            await done
        finally:
            self._uncommitted -= len(events)
            self._room.set()

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

    def lose(self, problem: StoreGone) -> None:
        """The store is gone: end with this problem."""
        self._lost = problem
        self._wake.set()

    def watch(self, run: int) -> asyncio.Future[str]:
        """A future that gives the state of this run when it next ends."""
        return self._herald.watch(run)

    @property
    def session(self) -> int:
        """The number of this engine's session in the store."""
        return self._session.number

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
        self._session.leaving = True
        self._wake.set()
        await asyncio.wait({self._task}, timeout=self._settings.drain)
        clean = await self._ends_well(taken_back)
        self._task.cancel()
        self._refuse_all()
        with suppress(StoreError):
            await self._session.release(clean=clean)
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
        try:
            result = await self._commit_step(inputs)
        except StoreError as problem:
            waiting.reject(problem)
            raise
        waiting.resolve()
        self._herald.taken(waiting.groups)
        self._herald.announce(result)

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

    async def abandon(self) -> None:
        """Stop at once; who waits is told."""
        await self.kill()
        self._refuse_all()

    # The cycle.

    async def _run(self) -> None:
        while True:
            await self._wake.rings()
            if self._lost is not None:
                raise self._lost
            if self._session.leaving:
                return
            self._busy = True
            try:
                await self._cycle()
            finally:
                self._busy = False

    def _gathered(self) -> Waiting:
        waiting, self._waiting = self._waiting, Waiting()
        room = self.state.room(len(waiting.outcomes))
        if room is not None and (left := waiting.leave(room)):
            self._waiting.groups = left
            self._wake.set()
        return waiting

    async def _cycle(self) -> None:
        waiting = self._gathered()
        self._under_way = waiting
        try:
            result = await self._commit_step(waiting.inputs())
        except StoreError as problem:
            waiting.reject(problem)
            await self._recover(waiting, problem)
            return
        self._wake.at = result.wake
        self._senders.send(result.sends)
        waiting.resolve()
        self._rescue.forget(result)
        self.positions.update(result.mutations.positions)
        self._herald.taken(waiting.groups)
        self._herald.announce(result)
        if waiting.program is not None:
            self.tell(PlanSwitched(waiting.program.digest))
        try:
            await self._read_pages(result)
        except StoreError as problem:
            await self._recover(Waiting(), problem)

    async def _commit_step(self, inputs: Inputs) -> Step:
        """One step, stored. Raises StoreError; then the state is ahead of what is stored."""
        if keys := inputs.keys():
            inputs.known = await self._store.known(keys)
        self._rescue.keep_late(inputs.outcomes, self.state.in_flight)
        result = step(self.state, inputs, self._clock.now())
        if result.mutations:
            began = time.perf_counter()
            await self._session.commit(result.mutations)
            self._herald.committed(result.mutations, (time.perf_counter() - began) * 1000)
        return result

    async def _read_pages(self, result: Step) -> None:
        for page in result.wants:
            self._waiting.pages.append(await self._store.page(page))
        if result.wants:
            self._wake.set()

    async def _recover(self, waiting: Waiting, problem: FqlError) -> None:
        """A commit failed: the state in memory is ahead of what is stored, so it is thrown away
        and loaded anew. Outcomes are kept: they find the twins of their work. Or a page could not
        be read: then what waits in the store is found anew as well."""
        self.recovering = True
        self.tell(StoreTrouble(problem.message))
        fenced = isinstance(problem, FencedError)
        await self._session.regain(partial(self._load, again=True), fenced=fenced)
        self._rescue.keep_all(waiting.outcomes)
        self._waiting.outcomes[:0] = self._rescue.kept
        self._waiting.orders.clear()
        self._waiting.pages.clear()
        self.generation += 1
        self._waiting.program = self._waiting.program or waiting.program
        self.recovering = False
        self._wake.set()

    def _report(self, performed: Performed) -> None:
        self._waiting.outcomes.append(performed)
        self._wake.set()

    def tell(self, event: Lifecycle) -> None:
        """Let everyone who listens know."""
        self._herald.tell(event)


def _ended() -> StoreError:
    return StoreError("the engine has ended", hint="what was not acknowledged was not stored")
