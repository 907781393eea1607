"""Time inside a process: the wall clock at start, moved on by the steady clock.

A step of the wall clock (somebody sets it, or a virtual machine is moved) would fire all timers at
once or none for hours. It is taken over little by little: never back, and never so fast that a rate
limit or a delay would be noticeably wrong. Decision 0063. On a store that engines of several
machines share it is the time of the store's server. Decision 0154.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Protocol

SLEW = 10
"""A tenth of the time that passes is added or left out until the wall clock is caught up with."""
STEP = 1_000
"""Milliseconds that the wall clock moves by itself at most between two looks."""
STEADY = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
"""The clock that nobody sets, and that goes on while the machine sleeps."""


class Clock(Protocol):
    """Milliseconds since 1970, never going back."""

    def now(self) -> int:
        """The time."""
        ...

    def drift(self) -> int:
        """How many milliseconds the wall clock is ahead of it."""
        ...


def wall_clock() -> int:
    """Milliseconds since 1970 as the machine says, which may go back."""
    return time.time_ns() // 1_000_000


def steady_clock() -> int:
    """Milliseconds since some time, never going back, sleep included."""
    return time.clock_gettime_ns(STEADY) // 1_000_000


class SystemClock:
    """The clock of a process. `look` is called now and then to follow the wall clock."""

    def __init__(
        self, wall: Callable[[], int] = wall_clock, steady: Callable[[], int] = steady_clock
    ) -> None:
        self._machine = wall
        self._steady = steady
        self._ahead: int | None = None
        self._begin()

    def _begin(self) -> None:
        self._since = self._steady()
        self._start = self._wall() - self._since
        self._added = self._target = 0

    def _wall(self) -> int:
        return self._machine() + (self._ahead or 0)

    def follow(self, now: int) -> None:
        """Go by the clock of another machine, which says `now` (milliseconds since 1970), in place
        of this one's: at once the first time, afterwards as after a step."""
        first = self._ahead is None
        self._ahead = now - self._machine()
        if first:
            self._begin()

    def now(self) -> int:
        """Milliseconds since 1970."""
        steady = self._steady()
        if self._added == self._target:  # as nearly always, and it is asked several times an event
            return self._start + steady + self._added
        return self._start + steady + self._correction(steady)

    def drift(self) -> int:
        """How many milliseconds the wall clock is ahead of this one."""
        return self._wall() - self.now()

    def look(self) -> int:
        """Compare with the wall clock and follow it from now on; gives the milliseconds of a step
        since the last look, or 0."""
        steady = self._steady()
        self._added, self._since = self._correction(steady), steady
        target = self._wall() - steady - self._start
        moved, self._target = target - self._target, target
        return moved if abs(moved) >= STEP else 0

    def _correction(self, steady: int) -> int:
        return slewed(self._added, self._target, steady - self._since)


def slewed(added: int, target: int, passed: int) -> int:
    """What is added after so many milliseconds on the way to a target. Pure."""
    if added == target:
        return added
    most = passed // SLEW
    return added + max(-most, min(most, target - added))
