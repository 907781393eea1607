"""Copies of dead letters for a backend besides the store, at least once.

The store notes each change of a dead letter in the commit that makes it; a note is removed when its
copy is durable. So a copy may come twice after a crash, and none is missing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Protocol

from fql.engine.loop.clock import Clock
from fql.errors import FqlError
from fql.observe.events import (
    DeadLetterClosed,
    DeadLetterEvicted,
    DeadLetterWritten,
    Lifecycle,
)
from fql.observe.logs import logger
from fql.store.port import Store
from fql.store.records import LetterCopy
from fql.store.showing.shower import Shower
from fql.store.shown import instant

PAGE = 200
LOOK = 1.0
"""Seconds between looks without news: how late after midnight a file is rotated."""
CHANGES = (DeadLetterWritten, DeadLetterClosed, DeadLetterEvicted)


class Backend(Protocol):
    """Where copies go. Calls raise OSError and FqlError."""

    async def append(
        self, numbers: Sequence[int], entries: Sequence[Mapping[str, object]], now: datetime
    ) -> None:
        """Write entries; durable on return. `numbers` are those of their notes: the same again for
        one that is written again."""
        ...

    async def tend(self, now: datetime) -> None:
        """Do what time brings: rotate, remove what is too old or too much."""
        ...


class BlockingBackend(Protocol):
    """One whose calls block, and whose entries need no number."""

    def append(self, entries: Sequence[Mapping[str, object]], now: datetime) -> None:
        """Write entries; durable on return."""
        ...

    def tend(self, now: datetime) -> None:
        """Do what time brings."""
        ...


class InThread:
    """A blocking backend, called in a thread."""

    def __init__(self, backend: BlockingBackend) -> None:
        self._backend = backend

    async def append(
        self, numbers: Sequence[int], entries: Sequence[Mapping[str, object]], now: datetime
    ) -> None:
        """Write entries; durable on return."""
        del numbers
        await asyncio.to_thread(self._backend.append, entries, now)

    async def tend(self, now: datetime) -> None:
        """Do what time brings."""
        await asyncio.to_thread(self._backend.tend, now)


class Copier:
    """Carries the store's notes to a backend, woken by lifecycle events."""

    def __init__(self, store: Store, backend: Backend, clock: Clock) -> None:
        self._store = store
        self._shower = Shower(store)
        self._backend = backend
        self._clock = clock
        self._news = asyncio.Event()
        self._one_at_a_time = asyncio.Lock()
        self._day = ""
        self._told = ""

    def __call__(self, event: Lifecycle) -> None:
        """Take note of a lifecycle event."""
        if isinstance(event, CHANGES):
            self._news.set()

    async def run(self, ours: Callable[[], bool] = lambda: True) -> None:
        """For ever, whenever that is `ours` to do. The store's notes of an earlier process come
        first."""
        while True:
            self._news.clear()
            if not ours() or not await self.copy():
                await asyncio.sleep(LOOK)
                continue
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK):
                    await self._news.wait()

    async def copy(self) -> bool:
        """Copy all that is noted. False when the backend cannot be written now: the notes stay,
        and it is logged. Once begun it is carried through, so that nothing is written twice."""
        return await asyncio.shield(self._copy())

    async def _copy(self) -> bool:
        async with self._one_at_a_time:
            try:
                await self._tend()
                while notes := await self._store.copies(PAGE):
                    entries = [await self._entry(note) for note in notes]
                    numbers = [note.number for note in notes]
                    await self._backend.append(numbers, entries, self._now())
                    await self._store.copied(notes[-1].number)
            except (OSError, FqlError) as problem:
                if str(problem) != self._told:  # each reason once: it is tried again each second
                    logger.error("dead letters are copied later: %s", problem)
                self._told = str(problem)
                return False
        self._told = ""
        return True

    async def _tend(self) -> None:
        now = self._now()
        if now.date().isoformat() != self._day:
            await self._backend.tend(now)
            self._day = now.date().isoformat()

    async def _entry(self, note: LetterCopy) -> dict[str, object]:
        """A line: the whole dead letter, or that it has left the queue and how."""
        written = {"written_at": instant(self._clock.now())}
        if note.letter is None:
            return {**written, "dlq_id": note.dlq_id, "state": note.change}
        [shown] = await self._shower.letters([note.letter])
        return {**written, **shown.as_json()}

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._clock.now() / 1000, UTC)
