"""A clock that moves only when it is told to."""

from __future__ import annotations

START = 1_767_225_600_000
"""2026-01-01T00:00:00Z in milliseconds."""


class VirtualClock:
    """Implements `fql.engine.loop.clock.Clock`."""

    def __init__(self, start: int = START) -> None:
        self._now = start

    def now(self) -> int:
        """Milliseconds since 1970."""
        return self._now

    def drift(self) -> int:
        """No wall clock goes besides."""
        return 0

    def advance(self, milliseconds: int) -> None:
        """Let time pass."""
        self._now += milliseconds

    def move_to(self, at: int) -> None:
        """Jump ahead to a time; never back."""
        self._now = max(self._now, at)
