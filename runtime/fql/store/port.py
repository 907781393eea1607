"""The port of a store: session and commits, what is read back, and the inbox.

Safety rests on the lease: every commit first advances the count in the engine's own session row,
and counts only where that is as the engine knows it. `fenced` means that another engine took over,
and nothing was changed; `ambiguous`, that the reply was lost: the engine then lets the store
`settle` it, and goes on or loads again what is stored. Decision 0089.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from fql.store.choosing import EventFilter, LetterFilter, LetterGroup, RunFilter, UnmatchedFilter
from fql.store.history.rows import BulkRow, MinuteRow, PulseRow, UnmatchedRow
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


@dataclass(frozen=True, slots=True)
class Lease:
    """The right of one session to write. Ids of a session start at `session << 32`.

    `seconds` is how long it lasts after the last commit or renewal was sent; None where a lock
    holds it, which ends with its process. `now` is when it began by the clock of the store, in
    milliseconds since 1970; None where that is this machine's. `shards` is how many parts the work
    of the store has; `shared` says that other engines may have some of them.
    """

    session: int
    holder: str = ""
    seconds: float | None = None
    now: int | None = None
    shards: int = 1
    shared: bool = False


@dataclass(frozen=True, slots=True)
class StoreIdentity:
    """A random id that was made with the store, and where it is: an absolute path, or `memory:`
    for one that ends with its process."""

    id: str
    where: str


Verdict = Literal["ok", "fenced", "ambiguous", "conflict", "stale"]
"""How a commit ended. `conflict`: another engine accepted one of its keys just now, and nothing was
changed. `stale`: another plan is active by now, and nothing was changed."""


@dataclass(frozen=True, slots=True)
class Pruned:
    """What one slice of pruning removed. `evicted` are dead letters that were still open; `early`
    of the runs were removed early, as the store is too big; `more` says that the slice was
    full: there may be more to remove."""

    runs: int = 0
    keys: int = 0
    letters: int = 0
    evicted: tuple[LetterRow, ...] = ()
    more: bool = False
    early: int = 0


MOST_COUNTED = 10_000
"""What is counted for people stops after this number; one more means "more than"."""


def as_far_as(limit: int | None) -> int:
    """How many rows are counted for people who want no more than `limit`."""
    return MOST_COUNTED + 1 if limit is None else min(limit, MOST_COUNTED + 1)


MOST_OPEN = 1_000_000
"""Open runs are counted so far at a start, however many there are."""


@dataclass(frozen=True, slots=True)
class Counts:
    """What a store holds at one moment, no number above `MOST_COUNTED` + 1, which means that there
    are more. `runs` and `letters` are by state; runs that are done are not counted. `paused` are
    the names that the engine knows as paused; a command that it has not taken is among `inbox`, the
    number of those."""

    events: int
    runs: dict[str, int]
    letters: dict[str, int]
    inbox: int
    paused: frozenset[str]


@dataclass(frozen=True, slots=True)
class StoreSize:
    """What a metric needs, cheaply: open dead letters by observer and inbox entries, each as far as
    `Counts` goes; bytes in use, and those of the journal that are not yet part of them. `backup` is
    when the last backup was made (milliseconds since 1970); `disk` are the bytes of the disk that
    the store is on, and those of them that are free. None where the store does not know."""

    letters: dict[str, int]
    inbox: int
    bytes: int
    journal: int = 0
    backup: int | None = None
    disk: tuple[int, int] | None = None


class Store(Protocol):
    """One store. Calls raise StoreError (StoreFull when no space is left)."""

    no_bulks: str
    """Why one command cannot replay many dead letters; empty where it can."""

    async def open(self) -> None:
        """Open or create it. Raises StoreError with the reason."""
        ...

    async def close(self) -> None:
        """Give back all resources; the lease too, as not drained."""
        ...

    async def identity(self) -> StoreIdentity:
        """Who this store is: the same for as long as it exists, whatever its file is called."""
        ...

    async def acquire(self, holder: str) -> Lease:
        """Become the engine, in a session of the number that `fql.store.sessions` gives. Raises
        StoreLocked, naming the holder, while another live session has the store."""
        ...

    async def until_free(self, seconds: float) -> None:
        """Until the store may have no engine any more, or the time is over: for one that waits
        for that, and then tries to `acquire`."""
        ...

    async def renew(self, lease: Lease) -> bool:
        """Hold the lease for its time from now on, as each commit does; False when it is fenced."""
        ...

    async def release(self, lease: Lease, *, clean: bool) -> None:
        """Stop being the engine; `clean` when nothing was left on the wire."""
        ...

    async def load(self, lease: Lease) -> Snapshot:
        """What the engine needs at its start."""
        ...

    async def page(self, page: Page) -> Paged:
        """Read stored runs back."""
        ...

    async def known(self, keys: Sequence[bytes]) -> dict[bytes, Remembered]:
        """Those of these keys that were accepted before."""
        ...

    async def commit(self, lease: Lease, mutations: Mutations) -> Verdict:
        """Change everything or nothing. Raises StoreFull when nothing was changed for space."""
        ...

    async def settle(self, lease: Lease, expected: int) -> bool | None:
        """After a commit whose reply was lost: whether it counted; None when the session is
        fenced. `expected` is how many commits and settlements of this session the engine knows.

        It writes: where the commit has not counted, the count is advanced in its place, so that it
        never will, however late it arrives. Asked again, as its own reply may be lost, it says the
        same. A settlement renews the lease. Raises StoreRewound when less is stored than
        `expected`."""
        ...

    async def fetch(self, limit: int, but: frozenset[int]) -> list[Command]:
        """Commands in the inbox, oldest first, without those that the engine has in hand."""
        ...

    async def wait(self, seconds: float) -> bool:
        """Until another process may have written, or the time is over."""
        ...

    async def append(
        self, commands: Sequence[tuple[str, bytes]], now: int, by: str = ""
    ) -> list[int]:
        """Put (kind, body) into the inbox; durable on return. `by` says who asks. Returns their
        ids."""
        ...

    async def pending(self, ids: Sequence[int]) -> set[int]:
        """Those of these commands that no engine has taken yet."""
        ...

    async def runs(self, wanted: RunFilter) -> list[Loaded]:
        """Runs, newest first."""
        ...

    async def letters(self, wanted: LetterFilter) -> list[LetterRow]:
        """Dead letters, newest first: by `failed_at` and id, downwards."""
        ...

    async def letter_number(self, wanted: LetterFilter) -> int:
        """How many dead letters fit, as far as `Counts` counts, and no more than the limit."""
        ...

    async def mark(self) -> str:
        """A text that is another one after each commit and command; cheap enough to be asked every
        second."""
        ...

    async def letter_groups(self) -> list[LetterGroup]:
        """Dead letters counted by observer, action and class, in their order."""
        ...

    def note_copies(self) -> None:
        """Called before `acquire`: from then on each commit that changes dead letters also notes
        what is to be copied elsewhere. An engine that starts without this call forgets the notes;
        the first one with it notes all dead letters there are."""
        ...

    async def copies(self, limit: int) -> list[LetterCopy]:
        """What is noted, oldest first."""
        ...

    async def copied(self, last: int) -> None:
        """Forget the notes up to this number: they are durable elsewhere."""
        ...

    async def attempts(self, owners: Sequence[int]) -> list[AttemptRow]:
        """The tries of these runs and batches, in order."""
        ...

    async def events(self, wanted: EventFilter) -> list[EventRow]:
        """Events, newest first."""
        ...

    async def unmatched(self, wanted: UnmatchedFilter) -> list[UnmatchedRow]:
        """Events without a run, newest first."""
        ...

    async def minutes(
        self, since: int, kinds: Sequence[str] = (), names: Sequence[str] = ()
    ) -> list[MinuteRow]:
        """What was counted in spans that end after this time, oldest first. Of these `kinds` and
        `names` alone, where there are any."""
        ...

    async def pulse(self) -> list[PulseRow]:
        """The engines, as they were when they were last watched."""
        ...

    async def bulks(self, ids: Sequence[int] = (), limit: int = 100) -> list[BulkRow]:
        """Bulk replays, newest first: these, or all."""
        ...

    async def active(self) -> str | None:
        """The short digest of the active plan; None before the first engine."""
        ...

    async def plans(self) -> tuple[list[StoredPlan], str | None]:
        """All stored plans and the short digest of the active one."""
        ...

    async def counts(self) -> Counts:
        """How much there is, as far as it is counted; the time does not grow with the store."""
        ...

    async def size(self) -> StoreSize:
        """How big it is; cheap enough to be asked every few seconds."""
        ...

    async def prune(self, retention: Retention) -> Pruned:
        """Remove one bounded slice of what is no longer needed."""
        ...
