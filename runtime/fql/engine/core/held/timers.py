"""What is in memory and is tried again at a time. What leaves memory leaves it at once."""

from __future__ import annotations

import heapq
from collections.abc import Iterator

from fql.engine.core.held.runs import Work
from fql.engine.program.limits import NEVER
from fql.store.works import SCHEDULED

SPARE = 64
"""How many places in the heap may be those of what has left, beside as many as there are others."""


class Timers:
    """Works by their due times, in milliseconds since 1970. A heap has times and tickets only, so
    that nothing is kept alive by a place in it; places of what has left are skipped."""

    __slots__ = ("_heap", "_ticket", "_works")

    def __init__(self) -> None:
        self._works: dict[int, Work] = {}
        self._heap: list[tuple[int, int]] = []
        # Of two that are due at the same time, the one goes first that was set first.
        self._ticket = 0

    def __len__(self) -> int:
        return len(self._works)

    def set(self, work: Work, due: int) -> None:
        """Try again at `due`, and not at any time that was said before."""
        self.drop(work)
        work.state, work.due = SCHEDULED, due
        self._ticket = work.ticket = self._ticket + 1
        self._works[work.ticket] = work
        heapq.heappush(self._heap, (due, work.ticket))
        if len(self._heap) > 2 * len(self._works) + SPARE:
            self._heap = [place for place in self._heap if place[1] in self._works]
            heapq.heapify(self._heap)

    def drop(self, work: Work) -> None:
        """It is not waited for any more."""
        self._works.pop(work.ticket, None)

    def first(self, endpoint: str) -> Work | None:
        """What is due first of all that goes to this endpoint."""
        mine = [one for one in self._works.values() if one.spec.endpoint == endpoint]
        waiting = [one for one in mine if one.state == SCHEDULED]
        return min(waiting, key=lambda one: (one.due, one.ticket), default=None)

    def fire(self, now: int) -> Iterator[Work]:
        """What is due by `now` and still waits."""
        while self._heap and self._heap[0][0] <= now:
            due, ticket = heapq.heappop(self._heap)
            work = self._works.pop(ticket, None)
            if work is not None and work.state == SCHEDULED and work.due == due:
                yield work

    def next(self) -> int:
        """When something may be due next, or NEVER."""
        return self._heap[0][0] if self._heap else NEVER
