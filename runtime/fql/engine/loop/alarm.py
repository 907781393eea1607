"""The alarm: wakes the loop when something comes in, or when the next time is due."""

from __future__ import annotations

import asyncio

from fql.engine.loop.clock import Clock


class Alarm(asyncio.Event):
    """An event with a time, `at` (milliseconds since 1970, or none), at which it sets itself."""

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self._clock = clock
        self.at: int | None = None

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
        await asyncio.sleep(0)
