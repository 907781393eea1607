"""Leading: this process becomes the engine of its store, at once or when another one ends."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Awaitable, Callable, Coroutine, Sequence

from fql.engine.loop.clock import Clock, SystemClock
from fql.engine.loop.engine import Engine
from fql.engine.process.arrivals.feeds import Feed, require_old_values
from fql.engine.process.arrivals.inbox import Inbox
from fql.engine.process.calls import Calls
from fql.engine.process.clockwatch import ClockWatch
from fql.engine.process.copies import Copier
from fql.engine.process.gauges import Watched
from fql.engine.process.housekeeping import Housekeeper
from fql.engine.process.keeping import keep_going, reason_of
from fql.engine.process.reception import Reception
from fql.engine.process.replays.bulks import Bulks
from fql.errors import FqlError, StoreGone, StoreLocked, WorkBlocked
from fql.intake.port import Consumer, Entrance, Source
from fql.observe.logs import logger
from fql.plan.model import Plan
from fql.store.history.rows import RUNNING
from fql.store.port import Store
from fql.store.sharing.homes import FIRST
from fql.store.works import run_name

TAKE_OVER_EVERY = 1.0
"""Seconds between tries to take a store over; it may tell earlier that it is free."""
LOOK_ELSEWHERE = 0.05
"""Seconds between looks at the work of another process."""


class Leading:
    """An engine and what works beside it: inbox, sources, housekeeping, copies.

    `plan` gives the current plan, once `prepare` has chosen it; `make_engine` and `make_keeper`
    make what is needed once this process leads; until then `engine` is None. `watched` gets the
    engine as well.
    """

    def __init__(
        self,
        store: Store,
        clock: Clock,
        sources: Sequence[Source],
        entrances: Sequence[Entrance],
        *,
        plan: Callable[[], Plan],
        prepare: Callable[[], Awaitable[None]],
        make_engine: Callable[[], Engine],
        make_keeper: Callable[[Engine], Housekeeper],
        copies: Copier | None,
        watched: Watched,
    ) -> None:
        self._store = store
        self._clock = clock
        self._sources = sources
        self._entrances = entrances
        self._plan = plan
        self._prepare = prepare
        self._make_engine = make_engine
        self._make_keeper = make_keeper
        self._copies = copies
        self._watched = watched
        self._tasks: list[asyncio.Task[None]] = []
        self._feeds: list[Feed] = []
        self._receptions: list[Reception] = []
        self._inbox: Inbox | None = None
        self._bulks: Bulks | None = None
        self._keeper: Housekeeper | None = None
        self.engine: Engine | None = None

    async def lead(self) -> None:
        """Become the engine of the store, and let callers in. Raises SettingsError, StoreError,
        StoreLocked."""
        await self._start()
        for reception in self._receptions:
            await reception.open()

    async def _start(self) -> None:
        await self._prepare()
        engine = self._make_engine()
        identity = await self._store.identity()
        consumer = Consumer(identity.id, identity.where)
        for source in self._sources:
            await source.open(self._plan(), consumer)
            require_old_values(self._plan(), source)
        inbox = Inbox(self._store, engine, self._clock)
        feeds = [Feed(source, engine, self._clock) for source in self._sources]
        keeper = self._make_keeper(engine)
        await engine.start(inbox.obey_pauses)
        self._inbox, self._feeds, self._keeper = inbox, feeds, keeper
        self._bulks = bulks = Bulks(self._store, engine, self._clock)
        self.engine = engine
        self._watched.lead(engine)
        self._keep("the inbox", inbox.run)
        self._keep("bulk replays", bulks.run)
        self._keep("housekeeping", keeper.run)
        if isinstance(self._clock, SystemClock):
            watch = ClockWatch(self._clock, engine.tell, engine.order)
            self._keep("watching the clocks", watch.run)
        for feed, source in zip(feeds, self._sources, strict=True):
            self._keep(f"source {source.name}", feed.run)
        if self._copies is not None:
            copies = self._copies
            self._keep("copying dead letters", lambda: copies.run(lambda: engine.owns(FIRST)))
        self._receptions = [self._reception(entrance, engine) for entrance in self._entrances]
        self._watched.arrivals = (*feeds, *self._receptions)

    def _reception(self, entrance: Entrance, engine: Engine) -> Reception:
        """Its events are numbered within a name that no other start has."""
        calls = Calls(self._store, self._clock, uuid.uuid4().hex, entrance.name)
        return Reception(entrance, engine, calls, self._clock)

    async def follow(self, plan: Plan) -> None:
        """Let the sources use another plan, all of them or none. Raises SettingsError."""
        if self.engine is None:
            return
        for number, source in enumerate(self._sources):
            try:
                require_old_values(plan, source)
                await source.follow(plan)
            except FqlError:
                for changed in self._sources[:number]:
                    await changed.follow(self._plan())
                raise

    def step_down(self, why: FqlError) -> None:
        """Give the work to other engines, as this process cannot work by the plan that is active;
        and come back once it can."""
        engine, self.engine, self._watched.engine = self.engine, None, None
        if engine is not None:
            logger.error("this process gives its work to the other engines: %s", why.message)
            self._spawn(self._leave(engine))

    async def _leave(self, engine: Engine) -> None:
        tasks, self._tasks = self._tasks, [task for task in self._tasks if _is_this(task)]
        await asyncio.gather(*(one.stop() for one in self._receptions))
        for task in tasks:
            if not _is_this(task):
                task.cancel()
        await engine.stop()
        await self._take_over()

    def lead_later(self) -> None:
        """Take over when the engine that has the store ends."""
        self._spawn(self._take_over())

    async def _take_over(self) -> None:
        """A try that fails, for whatever reason, is not the last one; each is reported once."""
        told = ""
        while self.engine is None:
            try:
                await self._store.until_free(TAKE_OVER_EVERY)
                await self._start()
            except StoreLocked:
                if told:
                    logger.warning("the store answers again; another process is its engine")
                told = ""
            except StoreGone:
                raise
            except Exception as problem:  # noqa: BLE001 - a bulkhead: decision 0046
                reason = reason_of(problem)
                if reason != told:
                    logger.error(
                        "this process cannot become the engine, and goes on trying: %s", reason
                    )
                told = reason
            else:
                logger.warning("the store is free: this process is its engine now")
                for reception in self._receptions:
                    self._keep(f"source {reception.name}", reception.open_patiently)

    def _keep(self, name: str, work: Callable[[], Awaitable[None]]) -> None:
        self._spawn(keep_going(name, work))

    def _spawn(self, work: Coroutine[object, object, None]) -> None:
        self._tasks.append(asyncio.get_running_loop().create_task(work))

    async def stop(self) -> None:
        """Take nothing new, and drain: what is on the wire ends, the rest stays stored."""
        await asyncio.gather(*(one.stop() for one in self._receptions))
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks.clear()
        if self.engine is not None:
            first = self.engine.owns(FIRST)
            await self.engine.stop()
            if self._copies is not None and first:
                await self._copies.copy()

    async def abandon(self) -> None:
        """End at once whatever still works: nothing is left running when `stop` was cancelled."""
        for task in self._tasks:
            task.cancel()
        if self.engine is not None:
            await self.engine.abandon()

    async def obey(self) -> None:
        """Carry out now what is in the inbox. Raises StoreError."""
        if self._inbox is not None and self.engine is not None:
            await self._inbox.read()
            await self.engine.submit(())

    async def prune(self) -> int:
        """One look of housekeeping; gives how much it removed."""
        return 0 if self._keeper is None else await self._keeper.prune()

    async def idle(self) -> None:
        """Until every source has ended or is quiet, and no work is left. Raises what stopped the
        engine or a source, and WorkBlocked where only such work is left that cannot go on."""
        quiet = since = 0
        while quiet < 2:
            self.raise_trouble()
            if self.engine is not None and not since:
                since = await self.engine.shared_clock()
            quiet = quiet + 1 if await self._is_calm(since) else 0
            await asyncio.sleep(LOOK_ELSEWHERE if self.engine is None else 0.01)
        if self.engine is not None and (stuck := self.engine.state.stuck):
            raise WorkBlocked({run_name(run): one.why for run, one in sorted(stuck.items())})

    async def _is_calm(self, since: int) -> bool:
        engine = self.engine
        if engine is None or self._inbox is None or self._bulks is None:
            return not await self.left_elsewhere()
        feeds_quiet = all(feed.quiet() for feed in self._feeds)
        feeds_quiet = feeds_quiet and all(one.quiet() for one in self._receptions)
        if self._no_more() and engine.state.buffers:
            engine.flush()
        engine.hurry()
        calm = feeds_quiet and engine.idle() and not self._bulks.waits()
        if not calm or await self._inbox.read() or self._inbox.waits():
            return False
        return not await engine.is_busy_elsewhere(since)

    async def left_elsewhere(self) -> int:
        """What the engine in another process has yet to do: entries of the inbox, open runs, what a
        bulk replay has not marked. It is counted as far as `Counts` goes."""
        bulks = [one for one in await self._store.bulks() if one.state == RUNNING]
        counts = await self._store.counts()
        left = counts.inbox + counts.runs.get("open", 0)
        return left + sum(max(1, one.total - one.marked) for one in bulks)

    def _no_more(self) -> bool:
        """There are sources, and all have ended: buffers need not wait for more."""
        return not self._receptions and bool(self._feeds) and all(f.ended for f in self._feeds)

    def raise_trouble(self) -> None:
        """Raises what stopped the engine or a source, if anything has."""
        for task in self._tasks:
            if task.done() and not task.cancelled() and (problem := task.exception()) is not None:
                raise problem
        if self.engine is not None and (stopped := self.engine.failed()) is not None:
            raise stopped


def _is_this(task: asyncio.Task[None]) -> bool:
    return task is asyncio.current_task()
