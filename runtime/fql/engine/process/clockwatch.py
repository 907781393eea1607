"""Looks at the clocks: a step of the wall clock is told and slewed; a sleep of the machine wakes
the engine, whose timers slept as well."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from fql.engine.loop.clock import SLEW, STEP, SystemClock, steady_clock
from fql.observe.events import ClockStepped, Lifecycle

EVERY = 1.0
"""Seconds between two looks."""


class ClockWatch:
    """`tell` hears of a step; `wake` lets the engine look at its timers."""

    def __init__(
        self,
        clock: SystemClock,
        tell: Callable[[Lifecycle], None],
        wake: Callable[[], None],
        steady: Callable[[], int] = steady_clock,
    ) -> None:
        self._clock = clock
        self._tell = tell
        self._wake = wake
        self._steady = steady

    async def run(self) -> None:
        """For ever."""
        loop = asyncio.get_running_loop()
        while True:
            began, steady = loop.time(), self._steady()
            await asyncio.sleep(EVERY)
            self.look(self._steady() - steady - int((loop.time() - began) * 1000))

    def look(self, slept: int) -> None:
        """Once; the machine slept for so many milliseconds since the last look."""
        moved = self._clock.look()
        if moved:
            self._tell(ClockStepped(moved, abs(self._clock.drift()) * SLEW // 1000))
        if slept >= STEP:
            self._wake()
