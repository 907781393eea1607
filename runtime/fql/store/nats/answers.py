"""What people ask a NATS store: it is answered from memory, after reading on in the stream."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence

from fql.store.choosing import EventFilter, LetterFilter, LetterGroup, RunFilter, UnmatchedFilter
from fql.store.history.rows import BulkRow, MinuteRow, PulseRow, UnmatchedRow
from fql.store.nats.following import Following
from fql.store.nats.stream import Stream
from fql.store.port import Counts
from fql.store.records import AttemptRow, EventRow, LetterCopy, LetterRow, Loaded, StoredPlan


class Answers:
    """The questions of `fql.store.port.Store`. `least` is the last message that this process has
    written: answers are at least that new."""

    no_bulks = "a store in NATS replays dead letters by their ids only"

    def __init__(self, stream: Stream) -> None:
        self.rows = Following(stream)
        self.least = 0

    @abstractmethod
    def leads(self) -> bool:
        """Whether this process is the engine, and so has all rows as they are stored."""

    async def fresh(self) -> None:
        """Read on: the inbox, and the log where another process writes it. Raises StoreError."""
        if self.leads():
            await self.rows.follow_inbox()
        else:
            await self.rows.follow(self.least)

    async def runs(self, wanted: RunFilter) -> list[Loaded]:
        """Runs, newest first."""
        await self.fresh()
        return self.rows.tables.found_runs(wanted)

    async def letters(self, wanted: LetterFilter) -> list[LetterRow]:
        """Dead letters, newest first."""
        await self.fresh()
        return self.rows.tables.found_letters(wanted)

    async def letter_number(self, wanted: LetterFilter) -> int:
        """How many dead letters fit."""
        await self.fresh()
        return self.rows.tables.letter_number(wanted)

    async def mark(self) -> str:
        """Another text after each commit and command."""
        await self.fresh()
        return self.rows.tables.mark()

    async def letter_groups(self) -> list[LetterGroup]:
        """Dead letters counted by observer, action and class."""
        await self.fresh()
        return self.rows.tables.groups()

    async def attempts(self, owners: Sequence[int]) -> list[AttemptRow]:
        """The tries of these runs and batches, in order."""
        await self.fresh()
        return self.rows.tables.tries(owners)

    async def events(self, wanted: EventFilter) -> list[EventRow]:
        """Events, newest first."""
        await self.fresh()
        return self.rows.tables.found_events(wanted)

    async def unmatched(self, wanted: UnmatchedFilter) -> list[UnmatchedRow]:
        """Events without a run, newest first."""
        await self.fresh()
        return self.rows.tables.found_unmatched(wanted)

    async def minutes(
        self, since: int, kinds: Sequence[str] = (), names: Sequence[str] = ()
    ) -> list[MinuteRow]:
        """What was counted in spans that end after this time, oldest first."""
        await self.fresh()
        return self.rows.tables.found_minutes(since, kinds, names)

    async def pulse(self) -> list[PulseRow]:
        """The engines, as they were when they were last watched."""
        await self.fresh()
        return self.rows.tables.found_pulses()

    async def bulks(self, ids: Sequence[int] = (), limit: int = 100) -> list[BulkRow]:
        """Bulk replays, newest first: these, or all."""
        await self.fresh()
        return self.rows.tables.found_bulks(ids, limit)

    async def active(self) -> str | None:
        """The short digest of the active plan."""
        await self.fresh()
        return self.rows.tables.flags.get("active")

    async def plans(self) -> tuple[list[StoredPlan], str | None]:
        """All stored plans and the short digest of the active one."""
        await self.fresh()
        return self.rows.tables.stored_plans(), self.rows.tables.flags.get("active")

    async def counts(self) -> Counts:
        """How much there is."""
        await self.fresh()
        return self.rows.tables.counts()

    async def copies(self, limit: int) -> list[LetterCopy]:
        """What is noted, oldest first."""
        await self.fresh()
        return self.rows.tables.noted(limit)
