"""Refused requests in the log: the reason, never a value, and not often."""

from __future__ import annotations

import logging
from collections.abc import Callable

logger = logging.getLogger("fql.intake.http")

EVERY = 60.0
"""Seconds between two lines about the same kind of refusal."""


class Complaints:
    """One line for the first refusal of a status, then one for all of a minute. `clock` gives
    seconds."""

    def __init__(self, name: str, clock: Callable[[], float]) -> None:
        self._name = name
        self._clock = clock
        self._said: dict[int, float] = {}
        self._unsaid: dict[int, int] = {}

    def note(self, status: int, why: str) -> None:
        """A request was answered with this status."""
        now, last = self._clock(), self._said.get(status)
        if last is not None and now - last < EVERY:
            self._unsaid[status] = self._unsaid.get(status, 0) + 1
            return
        self._said[status] = now
        more = self._unsaid.pop(status, 0)
        others = f" ({more} more since the last line)" if more else ""
        logger.warning("source %s: refused with %d: %s%s", self._name, status, why, others)
