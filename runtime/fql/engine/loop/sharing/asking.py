"""Questions to the store that keeps limits for several engines, asked beside its commits."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from fql.errors import StoreError
from fql.observe.events import Lifecycle, StoreTrouble
from fql.store.port import Lease
from fql.store.sharing.limits import Grant, Wish
from fql.store.sharing.port import SharedStore


class Asking:
    """Of one engine. `tell` hears of trouble; whoever asks is told that there is no answer."""

    def __init__(self, store: SharedStore | None, tell: Callable[[Lifecycle], None]) -> None:
        self._store = store
        self._tell = tell
        self._tasks: set[asyncio.Task[list[Grant]]] = set()
        self._waited: set[asyncio.Task[list[Grant]]] = set()
        self._asked: set[str] = set()

    def begin(self) -> None:
        """A new session has no slots."""
        self._asked.clear()

    def forget_all(self) -> None:
        """Nobody waits any more for what is asked now."""
        self._waited.clear()

    def asked(self) -> frozenset[str]:
        """Endpoints of which this session may have slots."""
        return frozenset(self._asked)

    def ask(
        self, lease: Lease, wishes: Sequence[Wish], take: Callable[[list[Grant]], None]
    ) -> None:
        """Ask now, if there is anything to ask; `take` gets the answer later."""
        if not wishes:
            return
        self._asked.update(wish.endpoint for wish in wishes)
        task = asyncio.get_running_loop().create_task(self._answered(lease, wishes))
        self._tasks.add(task)
        self._waited.add(task)

        def taken(done: asyncio.Task[list[Grant]]) -> None:
            self._tasks.discard(done)
            if done in self._waited and not done.cancelled():
                take(done.result())
            self._waited.discard(done)

        task.add_done_callback(taken)

    async def _answered(self, lease: Lease, wishes: Sequence[Wish]) -> list[Grant]:
        if self._store is not None:
            try:
                return await self._store.reserve(lease, wishes)
            except StoreError as problem:
                self._tell(StoreTrouble(problem.message))
        return [Grant(wish.endpoint) for wish in wishes]
