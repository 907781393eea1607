"""Copies of dead letters for a backend besides the store, at least once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any, Protocol

from fql.engine.clock import Clock
from fql.observe.events import DeadLetterClosed, DeadLetterWritten, Lifecycle
from fql.observe.logs import logger

TROUBLE_PAUSE = 1.0
Fetch = Callable[[Sequence[str]], Awaitable[Sequence[Mapping[str, Any]]]]
"""Gives the dead letters of these ids as objects; all open ones for no ids."""


class Backend(Protocol):
    """Where copies go."""

    def append(self, entries: Sequence[Mapping[str, Any]], today: date) -> None:
        """Durable on return. Raises OSError."""
        ...

    def copied(self) -> set[tuple[str, str]]:
        """Ids and times of failure that are there already."""
        ...


class Copier:
    """Listens for dead letters and copies them in the background."""

    def __init__(self, backend: Backend, fetch: Fetch, clock: Clock) -> None:
        self._backend = backend
        self._fetch = fetch
        self._clock = clock
        self._written: list[str] = []
        self._closed: list[DeadLetterClosed] = []
        self._wake = asyncio.Event()

    def __call__(self, event: Lifecycle) -> None:
        """Take note of a lifecycle event."""
        if isinstance(event, DeadLetterWritten):
            self._written.append(event.dlq_id)
        elif isinstance(event, DeadLetterClosed):
            self._closed.append(event)
        else:
            return
        self._wake.set()

    async def run(self) -> None:
        """For ever. First what an earlier process wrote to the store and did not copy."""
        await self._tried(self.catch_up)
        while True:
            await self._wake.wait()
            self._wake.clear()
            await self._tried(self.copy)

    async def _tried(self, work: Callable[[], Awaitable[None]]) -> None:
        while True:
            try:
                return await work()
            except OSError as problem:
                logger.error("dead letters cannot be copied, trying again: %s", problem)
                await asyncio.sleep(TROUBLE_PAUSE)

    async def catch_up(self) -> None:
        """Copy open dead letters that are not in the backend."""
        there = await asyncio.to_thread(self._backend.copied)
        missing = [
            entry
            for entry in await self._fetch(())
            if (str(entry["dlq_id"]), str(entry["failed_at"])) not in there
        ]
        await self._append(missing)

    async def copy(self) -> None:
        """Copy what has been noted since the last time."""
        written, closed = list(self._written), list(self._closed)
        entries = list(await self._fetch(written)) if written else []
        entries += [{"dlq_id": event.dlq_id, "closed": event.how} for event in closed]
        await self._append(entries)
        del self._written[: len(written)], self._closed[: len(closed)]

    async def _append(self, entries: Sequence[Mapping[str, Any]]) -> None:
        today = datetime.fromtimestamp(self._clock.now() / 1000, UTC).date()
        await asyncio.to_thread(self._backend.append, entries, today)
