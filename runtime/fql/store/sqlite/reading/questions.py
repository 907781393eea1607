"""What people and programs ask an SQLite store: reading, and nothing that an engine needs alone."""

from __future__ import annotations

import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from fql.exact.writing import json_text
from fql.store.choosing import EventFilter, LetterFilter, LetterGroup, RunFilter, UnmatchedFilter
from fql.store.history.rows import BulkRow, MinuteRow, PulseRow, UnmatchedRow
from fql.store.port import Counts, StoreSize
from fql.store.records import AttemptRow, EventRow, LetterRow, Loaded, StoredPlan
from fql.store.sqlite.reading import counting, history
from fql.store.sqlite.reading import read as sqlite_read
from fql.store.sqlite.reading.patience import Patience
from fql.store.sqlite.reading.query import (
    letter_number_query,
    letters_query,
    runs_query,
)

T = TypeVar("T")


class Questions(ABC):
    """The reading half of `SqliteStore`."""

    no_bulks = ""

    _path: Path
    _letters: str
    _patience: Patience | None

    @abstractmethod
    async def _call(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Do this on the store's thread. Raises StoreError."""

    async def _ask(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """The same for a question, which may have a time. Raises StoreSlow."""
        patience = self._patience
        if patience is None:
            return await self._call(work)
        return await self._call(lambda _: patience.ask(work, self._path))

    async def pending(self, ids: Sequence[int]) -> set[int]:
        """Those of these commands that no engine has taken yet."""
        text = json_text(list(ids))
        find = "SELECT id FROM fql_inbox WHERE id IN (SELECT value FROM json_each(?))"
        return await self._ask(
            lambda connection: {row[0] for row in connection.execute(find, (text,))}
        )

    async def runs(self, wanted: RunFilter) -> list[Loaded]:
        """Runs, newest first."""
        return await self._ask(
            lambda connection: sqlite_read.loaded(connection, *runs_query(wanted))
        )

    async def letters(self, wanted: LetterFilter) -> list[LetterRow]:
        """Dead letters, newest first."""
        query, values = letters_query(wanted, self._letters)
        return await self._ask(
            lambda connection: [LetterRow(*row) for row in connection.execute(query, values)]
        )

    async def letter_number(self, wanted: LetterFilter) -> int:
        """How many dead letters fit."""
        query, values = letter_number_query(wanted, self._letters)
        return await self._ask(lambda connection: connection.execute(query, values).fetchone()[0])

    async def mark(self) -> str:
        """Another text after each commit and command: what others and this connection changed."""

        def asked(connection: sqlite3.Connection) -> str:
            (version,) = connection.execute("PRAGMA data_version").fetchone()
            return f"{version}.{connection.total_changes}"

        return await self._ask(asked)

    async def letter_groups(self) -> list[LetterGroup]:
        """Dead letters counted by observer, action and class."""
        return await self._ask(lambda connection: counting.groups(connection, self._letters))

    async def attempts(self, owners: Sequence[int]) -> list[AttemptRow]:
        """The tries of these runs and batches, in order."""
        find = "SELECT * FROM fql_attempt WHERE owner = ? ORDER BY at, node, number"
        return await self._ask(
            lambda connection: [
                AttemptRow(*row) for owner in owners for row in connection.execute(find, (owner,))
            ]
        )

    async def events(self, wanted: EventFilter) -> list[EventRow]:
        """Events, newest first."""
        return await self._ask(lambda connection: history.events(connection, wanted))

    async def unmatched(self, wanted: UnmatchedFilter) -> list[UnmatchedRow]:
        """Events without a run, newest first."""
        return await self._ask(lambda connection: history.unmatched(connection, wanted))

    async def minutes(
        self, since: int, kinds: Sequence[str] = (), names: Sequence[str] = ()
    ) -> list[MinuteRow]:
        """What was counted in spans that end after this time, oldest first."""
        return await self._ask(lambda one: history.minutes(one, since, kinds, names))

    async def pulse(self) -> list[PulseRow]:
        """The engines, as they were when they were last watched."""
        return await self._ask(history.pulse)

    async def bulks(self, ids: Sequence[int] = (), limit: int = 100) -> list[BulkRow]:
        """Bulk replays, newest first: these, or all."""
        return await self._ask(lambda connection: history.bulks(connection, ids, limit))

    async def active(self) -> str | None:
        """The short digest of the active plan."""
        return await self._ask(lambda connection: sqlite_read.meta(connection, "active"))

    async def plans(self) -> tuple[list[StoredPlan], str | None]:
        """All stored plans and the short digest of the active one."""
        return await self._ask(
            lambda connection: (
                sqlite_read.plans(connection),
                sqlite_read.meta(connection, "active"),
            )
        )

    async def counts(self) -> Counts:
        """How much there is."""
        return await self._ask(lambda connection: counting.counts(connection, self._letters))

    async def size(self) -> StoreSize:
        """How big it is; dead letters are counted in an index."""
        return await self._ask(
            lambda connection: sqlite_read.size(connection, self._letters, self._path)
        )
