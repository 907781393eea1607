"""Time inside a process: the wall clock at start, moved on by the monotonic clock."""

from __future__ import annotations

import time
from typing import Protocol


class Clock(Protocol):
    """Milliseconds since 1970, never going back."""

    def now(self) -> int:
        """The time."""
        ...


class SystemClock:
    """A step of the wall clock does not reach the engine; `drift` shows how far it went."""

    def __init__(self) -> None:
        self._wall = time.time_ns() // 1_000_000
        self._start = time.monotonic_ns() // 1_000_000

    def now(self) -> int:
        """Milliseconds since 1970."""
        return self._wall + time.monotonic_ns() // 1_000_000 - self._start

    def drift(self) -> int:
        """How many milliseconds the wall clock is ahead of this one."""
        return time.time_ns() // 1_000_000 - self.now()
