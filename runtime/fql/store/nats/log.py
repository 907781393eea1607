"""Where in the log each row is, and what of the log nobody needs any more. Pure.

Each commit is an entry of the log, and a row is where it was written last. The log is kept short
from its beginning: what is still alive in its oldest entries is written again at its end, and then
the beginning is dropped. Whoever reads the rest in order comes to the same rows.
"""

from __future__ import annotations

from collections.abc import Iterator

from fql.store.tables import Change, Key

SPARE = 20_000
"""Rows that may be dead in the log before it is made shorter."""
MOST_REWRITTEN = 500
"""Rows that are written again in one commit."""

FEWEST_DROPPED = 50
"""Entries that are worth a call to drop them."""

Place = tuple[str, Key]


class Log:
    """The entries there are, by the number of their first message, oldest first."""

    def __init__(self) -> None:
        self._alive: dict[int, dict[Place, None]] = {}
        self._sizes: dict[int, tuple[int, int]] = {}
        self._at: dict[Place, int] = {}
        self._rows = 0
        self._bytes = 0

    def take(self, first: int, changes: list[Change], size: int) -> None:
        """A new entry: these rows are there from now on. `size` is its length in bytes."""
        alive: dict[Place, None] = {}
        self._alive[first], self._sizes[first] = alive, (len(changes), size)
        self._rows += len(changes)
        self._bytes += size
        for table, key, row in changes:
            place = (table, key)
            before = self._at.pop(place, None)
            if before is not None:
                del self._alive[before][place]
            if row is not None:
                self._at[place] = first
                alive[place] = None

    @property
    def used(self) -> int:
        """Bytes that the rows that are alive take, about."""
        return self._bytes * len(self._at) // max(1, self._rows)

    @property
    def is_long(self) -> bool:
        """Whether more is dead in it than alive, and more than a little."""
        return self._rows > 2 * len(self._at) + SPARE

    def oldest(self) -> list[Place]:
        """The rows that are alive in the oldest entries: those to be written again."""
        if not self.is_long:
            return []
        found: list[Place] = []
        for alive in self._alive.values():
            if found and len(found) + len(alive) > MOST_REWRITTEN:
                break
            found.extend(alive)
        return found

    def needed_from(self) -> int:
        """The number of the first message that is needed; 0 where there is little before it."""
        dead = len(list(self._dead())) if self.is_long else 0
        if dead < FEWEST_DROPPED:
            return 0
        return next(first for number, first in enumerate(self._alive) if number == dead)

    def drop(self, below: int) -> None:
        """Forget the entries before this message, in which nothing is alive."""
        for first in [one for one in self._dead() if one < below]:
            rows, size = self._sizes.pop(first)
            del self._alive[first]
            self._rows -= rows
            self._bytes -= size

    def _dead(self) -> Iterator[int]:
        """The entries at the beginning in which nothing is alive; never the last one."""
        for first, alive in list(self._alive.items())[:-1]:
            if alive:
                return
            yield first
