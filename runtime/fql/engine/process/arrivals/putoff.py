"""Entries of the inbox that wait for their time: dead letters without a run, read again later.

They stay in the inbox until then, so the next engine finds them as well. A run that is replayed
later waits in its own row instead.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field

from fql.engine.program.bulkhead import Fault, guarded
from fql.exact.reading import read_object
from fql.store.records import Command

LATER = "recapture"
"""The kind of entry that can wait in the inbox."""


def due_of(command: Command) -> int:
    """When an entry is to be taken, in milliseconds since 1970 of the wall clock; 0 for at once,
    and where that cannot be read."""
    if command.kind != LATER:
        return 0
    due = guarded(lambda: read_object(command.body).get("due"))
    return due if isinstance(due, int) and not isinstance(due, Fault) else 0


@dataclass(slots=True)
class PutOff:
    """Which entries wait: when they are due by the engine's clock, their id in the inbox, their
    dead letter. No bodies, as there may be many."""

    _waiting: list[tuple[int, int, str]] = field(default_factory=list)
    _ids: set[int] = field(default_factory=set)

    def __len__(self) -> int:
        return len(self._waiting)

    def entries(self) -> frozenset[int]:
        """The ids of all that wait."""
        return frozenset(self._ids)

    def put(self, due: int, command: Command) -> None:
        """Let an entry wait; once, however often it is read."""
        if command.id in self._ids:
            return
        self._ids.add(command.id)
        letter = str(read_object(command.body).get("letter", ""))
        heapq.heappush(self._waiting, (due, command.id, letter))

    def due(self, now: int) -> list[int]:
        """The ids of entries whose time has come, oldest first; they go on waiting until `drop`."""
        if not self._waiting or self._waiting[0][0] > now:
            return []
        return sorted(entry for due, entry, _ in self._waiting if due <= now)

    def next_due(self) -> int | None:
        """When the first of them is due."""
        return self._waiting[0][0] if self._waiting else None

    def of_letter(self, letter: str) -> list[int]:
        """The ids of entries about a dead letter."""
        return [entry for _, entry, name in self._waiting if name == letter]

    def drop(self, entries: list[int]) -> None:
        """These wait no longer."""
        self._ids.difference_update(entries)
        self._waiting = [one for one in self._waiting if one[1] in self._ids]
        heapq.heapify(self._waiting)

    def clear(self) -> None:
        """The inbox is read from its beginning again."""
        self._waiting.clear()
        self._ids.clear()
