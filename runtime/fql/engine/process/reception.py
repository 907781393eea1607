"""What an entrance hands in goes to the engine, and its receipts come back."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

from fql.engine.core.held.inputs import NewEvent
from fql.engine.loop.clock import Clock
from fql.engine.loop.engine import Engine
from fql.engine.process.calls import Calls
from fql.errors import EventRefused, SettingsError, StoreError
from fql.intake.port import Accepted, Entrance, NotTaken
from fql.observe.logs import logger
from fql.store.works import event_name, run_name

ROOM = 5.0
"""Seconds to wait while the engine has too much that is not durable yet."""
LOOK = 0.01
AGAIN = 1.0
"""Seconds between two tries to listen."""
STEADY = 1_000
"""Milliseconds without a call after which nobody seems to call."""


class Reception:
    """Takes events for the engine, all of a call or none. `calls` numbers them."""

    def __init__(self, entrance: Entrance, engine: Engine, calls: Calls, clock: Clock) -> None:
        self._entrance = entrance
        self._engine = engine
        self._calls = calls
        self._clock = clock
        self._since: dict[int, int] = {}
        self._last = clock.now()
        self._number = 0
        self.name = entrance.name

    async def open(self) -> None:
        """Let callers in. Raises SettingsError when that is not possible."""
        await self._entrance.listen(self)

    async def open_patiently(self) -> None:
        """The same after a take-over: the process before may still have the address."""
        told = ""
        while True:
            try:
                await self.open()
            except SettingsError as problem:
                if problem.message != told:
                    told = problem.message
                    logger.error("source %s: %s; it is tried again", self.name, told)
                await asyncio.sleep(AGAIN)
            else:
                return

    async def stop(self) -> None:
        """Let nobody in any more, and answer those who are in."""
        await self._entrance.stop(self._engine.drain)

    def lag(self) -> int:
        """How long, in milliseconds, the oldest call has waited that is not stored yet."""
        return self._clock.now() - min(self._since.values()) if self._since else 0

    def quiet(self) -> bool:
        """Whether nobody has called for a second."""
        return not self._since and self._clock.now() - self._last >= STEADY

    async def take(self, envelopes: Sequence[Mapping[str, object]]) -> list[Accepted]:
        """All of them are durable on return, or none. Raises NotTaken, StoreError."""
        self._number += 1
        number = self._number
        self._since[number] = self._clock.now()
        try:
            await self._until_room()
            events = await self._checked(envelopes)
            await self._calls.store(self._engine, events)
        finally:
            del self._since[number]
            self._last = self._clock.now()
        return list(map(_accepted, events))

    async def _until_room(self) -> None:
        """Before anything is checked: a caller that is turned away has lost nothing."""
        tries = int(ROOM / LOOK)
        while self._engine.recovering or self._engine.is_crowded:
            tries -= 1
            if tries < 0 or self._engine.failed() is not None:
                why = self._engine.trouble or "too many events are waiting to be stored"
                raise StoreError(f"no event is taken now: {why}", hint="try again")
            await asyncio.sleep(LOOK)

    async def _checked(self, envelopes: Sequence[Mapping[str, object]]) -> list[NewEvent]:
        events: list[NewEvent] = []
        async for made in self._calls.each(self._engine, envelopes):
            if isinstance(made, EventRefused):
                raise NotTaken(len(events), made)
            events.append(made)
        return events


def _accepted(new: NewEvent) -> Accepted:
    return Accepted(
        event_name(new.number), new.event.id, tuple(map(run_name, new.runs)), new.duplicate,
        new.conflict,
    )  # fmt: skip
