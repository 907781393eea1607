"""The engine's session in the store: its lease, and commits whose end is doubtful."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from fql.engine.program.bulkhead import fault_of
from fql.errors import StoreError, StoreFull, StoreGone
from fql.observe.events import Lifecycle, StoreTrouble
from fql.store.port import Lease, Store
from fql.store.records import Mutations, Snapshot

TROUBLE_PAUSE = 1.0
"""Seconds between tries while the store takes no commit."""
LONGEST_PAUSE = 30.0
"""Seconds that an engine at most leaves a store to the one that has taken it over."""
CALM = 60.0
"""Seconds after which being fenced is taken for news."""


class FencedError(StoreError):
    """Another engine took the store over, so the commit did not count."""

    def __init__(self) -> None:
        super().__init__("the commit to the store is fenced: this engine lost its lease")


class Session:
    """One engine's hold on its store; `tell` hears of trouble. While `leaving`, nothing waits for
    a store that does not answer."""

    def __init__(self, store: Store, holder: str, tell: Callable[[Lifecycle], None]) -> None:
        self._store = store
        self._holder = holder
        self._tell = tell
        self._lease = Lease(0)
        self._commits = 0
        self._fenced = 0
        self._fenced_at = 0.0
        self.leaving = False

    @property
    def number(self) -> int:
        """Counts the sessions of this store; 0 before the first."""
        return self._lease.session

    @property
    def first_id(self) -> int:
        """The least number that this session may give to what it makes."""
        return self._lease.session << 32

    async def begin(self) -> None:
        """Take the store over. Raises StoreError, StoreLocked."""
        self._lease = await self._store.acquire(self._holder)
        self._commits = 0

    async def load(self) -> Snapshot:
        """What is stored now. Raises StoreError."""
        return await self._store.load(self._lease)

    async def release(self, *, clean: bool) -> None:
        """Give the store back. Raises StoreError."""
        await self._store.release(self._lease, clean=clean)

    async def commit(self, mutations: Mutations) -> None:
        """Durable on return. A commit whose end is unknown is settled by the session row: it
        counts commits. Raises FencedError, StoreFull, StoreGone, StoreError; then it did not
        count."""
        problem = StoreError("the reply to a commit was lost, and it did not count")
        try:
            verdict = await self._store.commit(self._lease, mutations)
        except (StoreFull, StoreGone):
            raise
        except StoreError as unknown:
            verdict, problem = "ambiguous", unknown
        except Exception as fault:  # noqa: BLE001 - a bulkhead: decision 0046
            verdict, problem = "ambiguous", StoreError(f"the store raised {fault_of(fault).text}")
        if verdict == "ambiguous":
            counted = await self._counted()
            if counted == self._commits:
                raise problem
            verdict = "fenced" if counted is None else "ok"
        if verdict == "fenced":
            raise FencedError
        self._commits += 1

    async def _counted(self) -> int | None:
        """How many commits of this session are stored; asked until the store answers or is gone."""
        while True:
            try:
                return await self._store.cycle(self._lease)
            except StoreGone:
                raise
            except StoreError as problem:
                if self.leaving:
                    raise
                self._tell(StoreTrouble(problem.message))
                await asyncio.sleep(TROUBLE_PAUSE)

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
        words = f"another engine took the store over; this one tries to take it back in {pause:g} s"
        self._tell(StoreTrouble(words))
        return pause
