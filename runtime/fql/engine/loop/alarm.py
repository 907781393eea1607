"""The alarm: wakes the loop when something comes in, or when the next time is due."""

from __future__ import annotations

import asyncio

from fql.engine.loop.clock import Clock

LEISURE = 0.02
"""Seconds for which an outcome that nothing follows from waits for a commit to go with."""


class Alarm(asyncio.Event):
    """An event with a time, `at` (milliseconds since 1970, or none), at which it sets itself."""

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self._clock = clock
        self.at: int | None = None
        self._soon: asyncio.TimerHandle | None = None

    def ring(self, *, soon: bool) -> None:
        """Set it now; or, if `soon` will do, a little later, unless something sets it before."""
        if not soon:
            self.set()
        elif self._soon is None:
            self._soon = asyncio.get_running_loop().call_later(LEISURE, self.set)

    async def rings(self) -> None:
        """Until it is set or its time is due. One turn of the event loop lets what arrives
        together go into one commit."""
        if self.at is not None and not self.is_set():
            delay = (self.at - self._clock.now()) / 1000
            if delay > 0:
                timer = asyncio.get_running_loop().call_later(delay, self.set)
                await self.wait()
                timer.cancel()
        else:
            await self.wait()
        self.clear()
        if self._soon is not None:
            self._soon.cancel()
            self._soon = None
        await asyncio.sleep(0)
