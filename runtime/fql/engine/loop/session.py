"""The engine's session in the store: its lease, and commits whose end is doubtful."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from fql.errors import StoreError, StoreFull
from fql.observe.events import Lifecycle, StoreTrouble
from fql.store.port import Lease, Store
from fql.store.records import Mutations, Snapshot

TROUBLE_PAUSE = 1.0
"""Seconds between tries while the store takes no commit."""


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
        counts commits. Raises FencedError, StoreFull, StoreError; then it did not count."""
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
            raise FencedError
        self._commits += 1

    async def _counted(self) -> int | None:
        """How many commits of this session are stored; asked until the store answers."""
        while True:
            try:
                return await self._store.cycle(self._lease)
            except StoreError as problem:
                if self.leaving:
                    raise
                self._tell(StoreTrouble(problem.message))
                await asyncio.sleep(TROUBLE_PAUSE)

    async def regain(self, load: Callable[[], Awaitable[None]], *, fenced: bool) -> None:
        """After a commit that failed: `load` until it succeeds, in a session of its own where this
        one was fenced."""
        pause = 0.0 if fenced else TROUBLE_PAUSE
        while True:
            await asyncio.sleep(pause)
            pause = TROUBLE_PAUSE
            try:
                if fenced:
                    await self.release(clean=True)
                    await self.begin()
                    fenced = False
                await load()
            except StoreError as again:
                self._tell(StoreTrouble(again.message))
            else:
                return
