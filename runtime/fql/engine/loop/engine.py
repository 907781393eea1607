"""The engine: what others hand in, and how its loop begins and ends."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Unpack

from fql.engine.core.held.inputs import Marks, Misfit, NewEvent, Order, Stranger
from fql.engine.core.history.unmatched import A_SECOND
from fql.engine.loop.cycle import Group
from fql.engine.loop.cycles import Cycles
from fql.engine.loop.settings import Parts
from fql.engine.program.bulkhead import Fault, fault_of
from fql.engine.program.model import Program
from fql.errors import StoreError, StoreGone
from fql.observe.events import EngineStopped, EventsTaken, StoreTrouble
from fql.observe.logs import logger
from fql.store.history.rows import History
from fql.store.port import Store
from fql.store.records import Command, Mutations
from fql.store.sharing.homes import FIRST, home
from fql.store.sharing.port import Active

LOADED_AGAIN = "their commit failed, and the runs they belong to were not read again"
LAST_TRIES = 20
"""Cycles in which what is left at the end may be stored, should something raise in one."""

Stamp = Callable[[dict[str, str], str], None]
"""Changes an event's context in place; gets its name, such as `Order.insert`, besides."""


class Engine(Cycles):
    """A writer of its store; the only one, unless that is shared. `stamp` gives an event that is
    handed in its place in a trace."""

    def __init__(
        self,
        store: Store,
        program: Program,
        *,
        stamp: Stamp | None = None,
        **parts: Unpack[Parts],
    ) -> None:
        super().__init__(store, program, **parts)
        self._stamp = stamp
        self._uncommitted = 0
        self._room = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._keeper: asyncio.Task[None] | None = None
        self._over = False
        self._given_back = False
        self._problem: BaseException | None = None

    async def start(self, prepare: Callable[[], Awaitable[None]] | None = None) -> None:
        """Take the store over and go on with what is in it, after `prepare`. Raises StoreError,
        StoreLocked, and PlanError when the plan cannot be used; then the store is given back."""
        await self._session.begin()
        try:
            await self._load()
            if prepare is not None:
                await prepare()
            self._waiting.program = self._program
            self._wake.set()
            loop = asyncio.get_running_loop()
            self._keeper = loop.create_task(self._session.keep(self._wake.set))
            self._task = loop.create_task(self._run_cycles())
            self._task.add_done_callback(self._on_end)
            await self.submit(())  # the plan is stored before anybody is told that we run
        except BaseException:
            await self.abandon()
            raise

    # What others hand in.

    async def submit(
        self,
        events: Sequence[NewEvent],
        misfits: Sequence[Misfit] = (),
        source: str = "",
        shard: int | None = None,
    ) -> None:
        """Hand events in; returns when they are durable, and fills in their receipts. Waits while
        too many are not committed yet. Raises StoreFull, StoreError when nothing was stored.
        `source` is the name under which they are counted, `shard` that of a source which one engine
        reads."""
        if self._over:
            raise self._ended()
        if self._stamp is not None:
            for new in events:
                self._stamp(new.event.context, f"{new.event.entity}.{new.event.kind}")
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        group, generation = Group(events, misfits, done, source, shard), self.generation
        while self._uncommitted >= self._settings.max_uncommitted:
            self._room.clear()
            await self._room.wait()
            if self._over:
                raise self._ended()
        if generation != self.generation and group.comes_again():
            raise StoreError("what is stored was loaded again meanwhile", hint="read it again")
        self._uncommitted += len(events)
        self._waiting.groups.append(group)
        self._wake.set()
        try:
            await done
        finally:
            self._uncommitted -= len(events)
            self._room.set()

    def ignore(self, source: str, entity: str) -> None:
        """Count an event of an entity that the plan does not know."""
        self.state.tally.unknown += 1
        self.tell(EventsTaken(source, unknown=1))
        self.note(Stranger(source, entity, "unknown"))

    def note(self, stranger: Stranger) -> None:
        """Keep what is known of an event that was not taken in, for whoever asks."""
        if len(self._waiting.strangers) < A_SECOND:
            self._waiting.strangers.append(stranger)
            self._wake.set()
        else:
            self.state.tally.kept += 1

    def forget(self, ids: Sequence[bytes]) -> None:
        """These rows of outboxes are gone there, so the store need not know them any longer. They
        go with the next commit, whenever that is."""
        self._waiting.forgotten.extend(ids)

    def order(self, *orders: Order) -> None:
        """Hand commands in; they are carried out in the next commit."""
        self._waiting.orders.extend(orders)
        self._wake.set()

    async def mark(self, marks: Marks, seen: tuple[int, int]) -> None:
        """Mark dead letters of a bulk; returns when that is durable. `seen` are `generation` and
        `tenure` from before the letters were read. Raises StoreError when nothing was marked."""
        if self._over:
            raise self._ended()
        if seen != (self.generation, self.tenure):
            raise StoreError("what is stored was loaded again meanwhile", hint="read it again")
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.groups.append(Group((), (), done, shard=FIRST, marks=marks))
        self._wake.set()
        await done

    def work_by(self, active: Active) -> None:
        """This plan, which `switch` makes ready, is active on a store that engines share."""
        self._session.work_by(active)

    def flush(self) -> None:
        """Seal all batches now."""
        self._waiting.flush = True
        self._wake.set()

    def hurry(self) -> None:
        """Store now what may wait for a commit to go with."""
        if self._waiting.outcomes:
            self._wake.set()

    def lose(self, problem: StoreGone) -> None:
        """The store is gone: end with this problem."""
        self._lost = problem
        self._wake.set()

    def home(self, name: str) -> int:
        """The shard of a source of this name."""
        return home(name, self._session.shards)

    def owns(self, shard: int) -> bool:
        """Whether this engine has that part of the work, and is not about to give it away."""
        return self.state.shards.stays(shard)

    async def fetch(self, limit: int, but: frozenset[int]) -> Sequence[Command]:
        """Commands in the inbox that are for this engine. Raises StoreError."""
        return await self._session.fetch(limit, but)

    async def shared_clock(self) -> int:
        """The clock of a store that engines share; 0 on others. Raises StoreError."""
        return await self._session.shared_clock()

    async def is_busy_elsewhere(self, since: int) -> bool:
        """Whether another engine of the store still has work, or has not been heard `since` that
        time of its clock: what it has to do, somebody else may have yet to take over. Raises
        StoreError."""
        return await self._session.is_busy(since)

    def watch(self, run: int) -> asyncio.Future[str]:
        """A future that gives the state of this run when it next ends."""
        self.hurry()
        return self._herald.watch(run)

    @property
    def bulk_begun(self) -> asyncio.Event:
        """Set when a bulk replay has begun; whoever looks clears it."""
        return self._memory.bulk_begun

    @property
    def session(self) -> int:
        """The number of this engine's session in the store."""
        return self._session.number

    @property
    def uncommitted(self) -> int:
        """Events handed in that are not durable yet."""
        return self._uncommitted

    @property
    def is_crowded(self) -> bool:
        """Whether `submit` would wait, as too many events are not durable yet."""
        return self._uncommitted >= self._settings.max_uncommitted

    @property
    def drain(self) -> float:
        """Seconds that what is on the wire may take to end."""
        return self._settings.drain

    def idle(self) -> bool:
        """Nothing waits, nothing is under way."""
        return not self._busy and not self._waiting and self.state.is_idle()

    def failed(self) -> BaseException | None:
        """Why the loop has ended by itself, if it has."""
        if self._task is None or not self._task.done() or self._task.cancelled():
            return None
        return self._task.exception()

    async def stop(self) -> None:
        """Drain: what is on the wire ends within the deadline, the rest stays stored. Cancelled, it
        leaves at once, as `abandon` does."""
        if self._task is None or self._task.done():
            await self._cut()
            return
        clean = True
        try:
            clean = await self._drained(self._task)
        finally:
            await self.abandon(clean=clean)

    async def _drained(self, task: asyncio.Task[None]) -> bool:
        """Whether what ended last is stored; if not, the next engine sends it again."""
        self.state.draining = True
        self._unstarted = self._senders.unstarted()
        await self._senders.drain(self._settings.drain)
        self._session.leaving = True
        self._wake.set()
        await asyncio.wait({task}, timeout=self._settings.drain)
        reason = self.trouble
        if not task.done():
            reason = reason or "the store does not answer"
        elif not reason:
            reason = await self._last_cycles()
        if reason:
            self.tell(StoreTrouble(f"what ended last could not be stored: {reason}"))
        else:
            await self._store_minutes()
        return not reason

    async def _store_minutes(self) -> None:
        """Store what was counted since the last time. Without it nothing goes wrong."""
        if rows := self._memory.minutes.rows():
            with suppress(StoreError):
                await self._session.commit(Mutations(history=History(minutes=rows)))

    async def _last_cycles(self) -> str:
        """Store what is left: in one cycle, or in some if something raises. Gives why not."""
        self._unstarted += self._senders.unstarted()
        fault: Fault | None = None
        for _ in range(LAST_TRIES):
            try:
                if fault is not None:
                    await self._mend(fault)
                await self._cycle(last=True)
            except StoreError as problem:
                return problem.message
            except Exception as problem:  # noqa: BLE001 - a bulkhead: decision 0046
                fault = fault_of(problem)
            else:
                return LOADED_AGAIN if self._memory.rescue.kept else ""
        return "" if fault is None else fault.text

    async def abandon(self, *, clean: bool = True) -> None:
        """End now: nothing is sent or taken any more, and the store is given back. `clean` says
        that what was on the wire does not count as a crash."""
        await self._cut()
        self._refuse_all()
        if self._given_back:
            return
        self._given_back = True
        clean = clean and self._problem is None
        with suppress(StoreError):
            await self._session.release(clean=clean)
        self.tell(EngineStopped(clean=clean))

    async def kill(self) -> None:
        """Stop at once, as a crash would (for tests): nothing is released, nothing is written, so
        that the next engine counts a crash."""
        self._given_back = True
        await self._cut()

    async def _cut(self) -> None:
        tasks = [task for task in (self._keeper, self._task) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._senders.abort()

    def _on_end(self, task: asyncio.Task[None]) -> None:
        """By itself the loop ends only when its store is gone, or with what is not an Exception."""
        if not task.cancelled() and (problem := task.exception()) is not None:
            self._problem = problem
            self._refuse_all()
            logger.error("%s", self._ended().message)

    def _refuse_all(self) -> None:
        """Nobody will take up what is handed in any more."""
        self._over = True
        self._settled().reject(
            StoreError(
                "the engine ended while this was being stored, and whether it was is not known",
                hint="repeat it with the same `key`: if it is stored, that is acknowledged",
            )
        )
        self._waiting.reject(self._ended())
        self._room.set()

    def _ended(self) -> StoreError:
        """What callers are told from now on: that, and why."""
        problem, hint = self._problem, "nothing of this was stored"
        if problem is None:
            return StoreError("the engine has ended", hint=hint)
        if isinstance(problem, StoreGone):
            return StoreGone(f"the engine has ended: {problem.message}", hint=problem.hint)
        return StoreError(f"the engine has ended: {fault_of(problem).text}", hint=hint)
