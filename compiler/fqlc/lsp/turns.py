"""Whose turn it is: the loop answers, a thread checks, and Python lets one of them work at a time.

Left to Python, an answer and a check would take turns every half a millisecond, and on a machine
with more to do each turn waits until the other thread is run. So a check asks at each expression
and each file whether the loop rests, and waits until it does.
"""

from __future__ import annotations

import asyncio
import selectors
import sys
from threading import Event

_LONGEST = 1.0
"""Seconds that a check waits at most: it goes on slowly where the loop never rests."""


class Turns:
    """The loop rests until it says otherwise."""

    def __init__(self, longest: float = _LONGEST) -> None:
        self._longest = longest
        self._rests = Event()
        self._rests.set()

    def wait(self) -> None:
        """Called by a check: let the loop do what it has to do."""
        if not self._rests.is_set():
            self._rests.wait(self._longest)

    def rest(self) -> None:
        """The loop has nothing to do."""
        self._rests.set()

    def work(self) -> None:
        """The loop has something to do."""
        self._rests.clear()

    def loop(self) -> asyncio.AbstractEventLoop:
        """A loop that says so by itself. That of Windows has no selector, and checks do not wait
        there."""
        if sys.platform == "win32":
            return asyncio.new_event_loop()
        return asyncio.SelectorEventLoop(_Resting(self))


class _Resting(selectors.DefaultSelector):
    """Waits for input; the loop has nothing to do meanwhile."""

    def __init__(self, turns: Turns) -> None:
        super().__init__()
        self._turns = turns

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is not None and timeout <= 0:
            return super().select(timeout)
        self._turns.rest()
        try:
            return super().select(timeout)
        finally:
            self._turns.work()
