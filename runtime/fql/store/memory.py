"""A store in memory, for tests and for trying things out: nothing survives the process.

It is the plainest storage that keeps the port's promises, and so what others are compared with.
"""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Callable, Sequence

from fql.errors import StoreLocked
from fql.store.changing import Changing, changes_of
from fql.store.choosing import EventFilter, LetterFilter, LetterGroup, RunFilter, UnmatchedFilter
from fql.store.history.rows import BulkRow, MinuteRow, PulseRow, UnmatchedRow
from fql.store.port import Counts, Lease, Pruned, StoreIdentity, StoreSize, Verdict
from fql.store.records import (
    AttemptRow,
    Command,
    EventRow,
    LetterCopy,
    LetterRow,
    Loaded,
    Mutations,
    Page,
    Paged,
    Remembered,
    Retention,
    Snapshot,
    StoredPlan,
)
from fql.store.sessions import next_session, settlement
from fql.store.tables import Change, Tables


class MemoryStore:
    """Implements `fql.store.port.Store` with dictionaries. `seconds` gives the time in seconds
    since 1970, of which the numbers of sessions are made."""

    no_bulks = ""

    def __init__(self, *, seconds: Callable[[], float] = time.time) -> None:
        self.tables = Tables()
        self._seconds = seconds
        self._sessions = 0
        self._lease: Lease | None = None
        self._clean = True
        self._identity = StoreIdentity(uuid.uuid4().hex, "memory:")
        self._last_command = 0
        self._changed = asyncio.Event()
        self._cycle = self._settled = 0

    async def open(self) -> None:
        """Nothing to open."""

    async def close(self) -> None:
        """What is stored stays for as long as the object lives."""
        if self._lease is not None:
            self._lease, self._clean = None, False

    async def acquire(self, holder: str) -> Lease:
        """Become the engine."""
        if self._lease is not None:
            raise StoreLocked(f"the store memory: is used by {self._lease.holder}")
        self._sessions = next_session(self._sessions, int(self._seconds()))
        self._lease, self._cycle, self._settled = Lease(self._sessions, holder), 0, 0
        return self._lease

    async def until_free(self, seconds: float) -> None:
        """Nothing tells: the time is over."""
        await asyncio.sleep(seconds)

    async def renew(self, lease: Lease) -> bool:
        """Whether the session is live: nothing takes it away but another one."""
        return self._lease == lease

    async def release(self, lease: Lease, *, clean: bool) -> None:
        """Stop being the engine."""
        if self._lease == lease:
            self._lease, self._clean = None, clean

    def fence(self) -> None:
        """Take the lease away from whoever has it, as another engine would (for tests)."""
        self._lease, self._clean = None, True

    async def identity(self) -> StoreIdentity:
        """Who this store is."""
        return self._identity

    async def load(self, lease: Lease) -> Snapshot:
        """What the engine needs at its start."""
        if self._lease != lease:
            raise StoreLocked("the store memory: has another engine")
        return self.tables.snapshot(clean=self._clean)

    async def page(self, page: Page) -> Paged:
        """Read stored runs back."""
        return self.read(page)

    def read(self, page: Page) -> Paged:
        """The same without waiting."""
        return self.tables.read(page)

    async def known(self, keys: Sequence[bytes]) -> dict[bytes, Remembered]:
        """Those of these keys that were accepted before."""
        return self.tables.known(keys)

    async def commit(self, lease: Lease, mutations: Mutations) -> Verdict:
        """Change everything, unless the lease was lost."""
        if self._lease != lease:
            return "fenced"
        self.apply(mutations)
        self._cycle += 1
        return "ok"

    async def settle(self, lease: Lease, expected: int) -> bool | None:
        """Whether a doubtful commit counted; if not, it never will."""
        stored = self._cycle if self._lease == lease else None
        counted = settlement(stored, expected, self._settled)
        if counted is False and stored == expected:
            self._cycle = self._settled = expected + 1
        return counted

    def apply(self, mutations: Mutations) -> None:
        """Change everything, whoever asks."""
        for change in changes_of(self.tables, mutations):
            self.tables.take(change)
        if mutations.history is not None:
            for one in mutations.history.posted:
                self._post(one.kind, one.body, one.at, one.by)

    def _apply(self, changing: Changing) -> None:
        for change in changing.changes():
            self.tables.take(change)

    def note_copies(self) -> None:
        """From now on, note what is to be copied elsewhere."""
        changing = Changing(self.tables)
        changing.note(wanted=True)
        self._apply(changing)

    async def copies(self, limit: int) -> list[LetterCopy]:
        """What is noted, oldest first."""
        return self.tables.noted(limit)

    async def copied(self, last: int) -> None:
        """Forget the notes up to this number."""
        changing = Changing(self.tables)
        changing.forget_copies(last)
        self._apply(changing)

    async def fetch(self, limit: int, but: frozenset[int]) -> list[Command]:
        """Commands in the inbox, oldest first, without those that the engine has in hand."""
        self._changed.clear()
        return self.tables.commands(limit, but)

    async def wait(self, seconds: float) -> bool:
        """Until a client has appended something, or the time is over."""
        try:
            await asyncio.wait_for(self._changed.wait(), seconds)
        except TimeoutError:
            return False
        return True

    async def append(
        self, commands: Sequence[tuple[str, bytes]], now: int, by: str = ""
    ) -> list[int]:
        """Put commands into the inbox."""
        return [self._post(kind, body, now, by) for kind, body in commands]

    def _post(self, kind: str, body: bytes, now: int, by: str) -> int:
        self._last_command += 1
        row = Command(self._last_command, kind, body, now, by)
        self.tables.take(Change("inbox", row.id, row))
        self._changed.set()
        return row.id

    async def pending(self, ids: Sequence[int]) -> set[int]:
        """Those of these commands that no engine has taken yet."""
        return {number for number in ids if number in self.tables.inbox}

    async def runs(self, wanted: RunFilter) -> list[Loaded]:
        """Runs, newest first."""
        return self.tables.found_runs(wanted)

    async def letters(self, wanted: LetterFilter) -> list[LetterRow]:
        """Dead letters, newest first."""
        return self.tables.found_letters(wanted)

    async def letter_number(self, wanted: LetterFilter) -> int:
        """How many dead letters fit."""
        return self.tables.letter_number(wanted)

    async def mark(self) -> str:
        """Another text after each commit and command."""
        return self.tables.mark()

    async def letter_groups(self) -> list[LetterGroup]:
        """Dead letters counted by observer, action and class."""
        return self.tables.groups()

    async def attempts(self, owners: Sequence[int]) -> list[AttemptRow]:
        """The tries of these runs and batches, in order."""
        return self.tables.tries(owners)

    async def events(self, wanted: EventFilter) -> list[EventRow]:
        """Events, newest first."""
        return self.tables.found_events(wanted)

    async def unmatched(self, wanted: UnmatchedFilter) -> list[UnmatchedRow]:
        """Events without a run, newest first."""
        return self.tables.found_unmatched(wanted)

    async def minutes(
        self, since: int, kinds: Sequence[str] = (), names: Sequence[str] = ()
    ) -> list[MinuteRow]:
        """What was counted in spans that end after this time, oldest first."""
        return self.tables.found_minutes(since, kinds, names)

    async def pulse(self) -> list[PulseRow]:
        """The engines, as they were when they were last watched."""
        return self.tables.found_pulses()

    async def bulks(self, ids: Sequence[int] = (), limit: int = 100) -> list[BulkRow]:
        """Bulk replays, newest first: these, or all."""
        return self.tables.found_bulks(ids, limit)

    async def active(self) -> str | None:
        """The short digest of the active plan."""
        return self.tables.flags.get("active")

    async def plans(self) -> tuple[list[StoredPlan], str | None]:
        """All stored plans and the short digest of the active one."""
        return self.tables.stored_plans(), self.tables.flags.get("active")

    async def counts(self) -> Counts:
        """How much there is."""
        return self.tables.counts()

    async def size(self) -> StoreSize:
        """How big it is; memory is not measured."""
        return self.tables.size()

    async def prune(self, retention: Retention) -> Pruned:
        """Remove one bounded slice of what is no longer needed."""
        changing = Changing(self.tables)
        pruned = changing.prune(retention)
        self._apply(changing)
        return pruned
