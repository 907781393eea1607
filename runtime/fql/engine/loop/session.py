"""The engine's session in the store: its lease, and commits whose end is doubtful.

A lease by time is judged by this process's steady clock, counted from before a commit or renewal
was sent: so it never lasts longer here than in the store. Decision 0090.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from fql.engine.loop.clock import steady_clock
from fql.engine.loop.sharing.part import CALM, Sharing
from fql.engine.loop.sharing.verdicts import ConflictError, FencedError, StaleError
from fql.engine.program.bulkhead import fault_of
from fql.errors import StoreError, StoreFull, StoreGone, StoreRewound
from fql.observe.events import Lifecycle, StoreTrouble
from fql.store.port import Store
from fql.store.records import Mutations
from fql.store.sharing.port import ANY_PLAN, NO_PLAN

TROUBLE_PAUSE = 1.0
"""Seconds between tries while the store takes no commit."""
LONGEST_PAUSE = 30.0
"""Seconds that an engine at most leaves a store to the one that has taken it over."""

MARGIN = 2.0
"""Seconds before the end of a lease from which on nothing is sent: a request takes a while to reach
its receiver. At most a quarter of the lease."""


class Session(Sharing):
    """One engine's hold on its store, or on the shards of it that are `mine`; `tell` hears of
    trouble. While `leaving`, nothing waits for a store that does not answer."""

    def __init__(
        self,
        store: Store,
        holder: str,
        tell: Callable[[Lifecycle], None],
        steady: Callable[[], int] = steady_clock,
    ) -> None:
        super().__init__(store, tell)
        self._steady = steady
        self._holder = holder
        self._commits = 0
        self._fenced = 0
        self._fenced_at = 0.0
        self._moves = 0
        self.leaving = False
        self.lost = False

    @property
    def number(self) -> int:
        """Counts the sessions of this store; 0 before the first."""
        return self._lease.session

    @property
    def first_id(self) -> int:
        """The least number that this session may give to what it makes."""
        return self._lease.session << 32

    @property
    def time(self) -> int | None:
        """When it began by the store's own clock, if that has one."""
        return self._lease.now

    async def begin(self) -> None:
        """Take the store over, or begin to work beside others. Raises StoreError, StoreLocked."""
        self._active = None
        sent = self._steady()
        self._lease = await self._store.acquire(self._holder)
        self._commits, self._held_at, self.lost = 0, sent, False
        self._share, self._heard, self._told = None, None, 0
        self._asking.begin()
        self.mine = frozenset(range(self._lease.shards))
        if self._shared is not None:
            self.mine = frozenset()
            await self.renew()
            if self._share is not None:
                self.mine = self._share.mine
            if self._active is None or self._active.generation < self.generation:
                self.generation = NO_PLAN  # the store went back

    def may_send(self) -> bool:
        """Whether the store is surely still ours, and is for as long as a request needs to get
        out. Asked before each."""
        seconds = self._lease.seconds
        if seconds is None:
            return True
        lasts = seconds - min(MARGIN, seconds / 4)
        return self._steady() - self._held_at < lasts * 1000

    async def renew(self) -> None:
        """Hold the store for another lease; sets `lost` where it is somebody else's by now. Raises
        StoreError."""
        lease, sent, moves = self._lease, self._steady(), self._moves
        live, share = True, None
        if self._shared is None:
            live = await self._store.renew(lease)
        else:
            share = await self._shared.share(lease)
            live = share is not None
        if lease is not self._lease:
            return  # a session of its own has begun meanwhile
        if share is not None and moves == self._moves:  # else it may know of shards given back
            self._share = self._heard = share
            self._live, self._active = share.live, share.active
        self.lost = not live
        if live:
            self._held_at = max(self._held_at, sent)
            self._shared_at = sent

    async def keep(self, wake: Callable[[], None]) -> None:
        """Renew the lease for ever, whenever no commit did for a third of its time. Calls `wake`
        when it is `lost`."""
        while True:
            third = self._patience()
            left = third - (self._steady() - self._renewed()) / 1000
            if self._lease.seconds is None or self.lost or left > 0:
                await asyncio.sleep(left if 0 < left < third else third)
                continue
            try:
                await self.renew()
            except StoreError as problem:
                self._tell(StoreTrouble(problem.message))
                await asyncio.sleep(min(TROUBLE_PAUSE, third))
            if self.lost or self._share is not None:
                wake()

    async def release(self, *, clean: bool) -> None:
        """Give the store back. Raises StoreError."""
        await self._store.release(self._lease, clean=clean)

    async def commit(self, mutations: Mutations) -> None:
        """Durable on return. A commit whose end is unknown is settled: it has counted, or it never
        will. Raises FencedError, StoreFull, StoreGone, StoreError; then it did not count."""
        problem = StoreError("the reply to a commit was lost, and it did not count")
        sent = self._steady()
        self._moves += bool(mutations.released)
        mutations.generation = ANY_PLAN if self.leaving else self.generation
        try:
            verdict = await self._store.commit(self._lease, mutations)
        except (StoreFull, StoreGone):
            raise
        except StoreError as unknown:
            verdict, problem = "ambiguous", unknown
        except Exception as fault:  # noqa: BLE001 - a bulkhead: decision 0046
            verdict, problem = "ambiguous", StoreError(f"the store raised {fault_of(fault).text}")
        counted: bool | None = True
        if verdict == "ambiguous":
            sent, counted = await self._settled()
        if verdict == "fenced" or counted is None:
            raise await self._fence()
        if verdict == "conflict":
            raise ConflictError
        if verdict == "stale":
            raise StaleError
        self._commits, self._held_at = self._commits + 1, sent
        if not counted:
            raise problem
        self.mine = self.mine.difference(mutations.released)

    async def _settled(self) -> tuple[int, bool | None]:
        """When it was asked, and whether the commit counted; asked until the store answers or is
        gone. Raises FencedError."""
        while True:
            sent = self._steady()
            try:
                return sent, await self._store.settle(self._lease, self._commits)
            except StoreGone:
                raise
            except StoreRewound as problem:
                raise FencedError(problem.message) from None
            except StoreError as problem:
                if self.leaving:
                    raise
                self._tell(StoreTrouble(problem.message))
                await asyncio.sleep(TROUBLE_PAUSE)

    async def _fence(self) -> FencedError:
        """Why a commit was fenced: a store that went back says how far."""
        try:
            await self._store.settle(self._lease, self._commits)
        except StoreRewound as problem:
            return FencedError(problem.message)
        except StoreError:
            pass
        return FencedError()

    async def breathe(self) -> None:
        """Between two tries of what has just failed."""
        await asyncio.sleep(TROUBLE_PAUSE)

    async def regain(
        self, load: Callable[[], Awaitable[None]], *, pause: bool, fenced: bool
    ) -> None:
        """After a commit that failed: `load` until it succeeds, in a session of its own where this
        one was fenced, at first after a `pause`. Raises StoreGone, and StoreError while leaving."""
        seconds = self._after_fence() if fenced else TROUBLE_PAUSE if pause else 0.0
        while True:
            await asyncio.sleep(seconds)
            try:
                if fenced:
                    await self.release(clean=True)
                    await self.begin()
                    fenced = False
                await load()
            except StoreGone:
                raise
            except StoreError as again:
                self._tell(StoreTrouble(again.message))
                if self.leaving:
                    raise
                seconds = min(2 * seconds, LONGEST_PAUSE) if fenced else TROUBLE_PAUSE
            else:
                return

    def _after_fence(self) -> float:
        """How long to leave the store to whoever took it over: two engines that take it from each
        other at once would send all their work again and again. Each time is twice as long."""
        now = asyncio.get_running_loop().time()
        again = self._fenced_at > 0 and now - self._fenced_at < CALM
        self._fenced = self._fenced + 1 if again else 0
        pause: float = min(TROUBLE_PAUSE * 2**self._fenced, LONGEST_PAUSE)
        self._fenced_at = now + pause
        words = f"this engine no longer holds the store, and tries to take it back in {pause:g} s"
        self._tell(StoreTrouble(words))
        return pause
