"""Files that are no longer the database: another one took their name, and applications may still
have them open. They are read on for a while, and nothing is written to them."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection
from dataclasses import dataclass

from fql.errors import FqlError
from fql.intake.sqlite.file import OutboxFile
from fql.intake.sqlite.rows import Row
from fql.intake.voice import Voice

LEFT_SECONDS = 60.0
"""How long a replaced file is read after its last news."""
MOST_ROWS = 500
"""Rows that are taken over in one transaction."""


@dataclass(slots=True, eq=False)
class _Left:
    """One of them; `done` are rows of it that the store has."""

    file: OutboxFile
    until: float
    done: set[bytes]


class LeftBehind:
    """All of them. `done` in the arguments are ids that are done elsewhere."""

    def __init__(self, voice: Voice, clock: Callable[[], float]) -> None:
        self._voice = voice
        self._clock = clock
        self._files: list[_Left] = []
        self._serving: _Left | None = None

    def add(self, file: OutboxFile, done: set[bytes]) -> None:
        """Another file has its name now."""
        self._files.append(_Left(file, self._clock() + LEFT_SECONDS, done))

    def rows(self, limit: int, done: Collection[bytes]) -> list[Row]:
        """What has been written to one of them since."""
        self._serving = None
        for left in self._files:
            try:
                rows = left.file.rows(limit, {*done, *left.done})
            except (sqlite3.Error, OSError, FqlError) as error:
                self._voice.warn(f"the replaced file cannot be read any more: {error}")
                rows, left.until = (), 0.0
            if rows:
                left.until = self._clock() + LEFT_SECONDS
                self._serving = left
                return list(rows)
            if not left.file.wal:
                left.until = 0.0  # SQLite lets nobody write to it any more
        return []

    def finish(self, ids: Collection[bytes]) -> bool:
        """Whether the rows that were read last came from here: then these are done."""
        if self._serving is None:
            return False
        self._serving.done.update(ids)
        return True

    def forget(self) -> list[bytes]:
        """Give up files without news; gives the ids that need not be known any longer."""
        over = [left for left in self._files if self._clock() >= left.until]
        for left in over:
            left.file.close()
            self._files.remove(left)
        return [id_ for left in over for id_ in left.done]

    def rescue(self, into: OutboxFile, done: Collection[bytes]) -> None:
        """Put what nobody has read into the outbox that took the place: the old file is gone with
        our connection. Raises sqlite3.Error, OSError."""
        for left in self._files:
            while rows := left.file.rows(MOST_ROWS, {*done, *left.done}):
                into.take_in(rows)
                left.done.update(row.id for row in rows)
                self._voice.warn(f"{len(rows)} rows of the replaced file were put into the new one")

    def close(self) -> None:
        """Give all connections back."""
        for left in self._files:
            left.file.close()
        self._files.clear()
