"""The port of a store: session and commits, what is read back, and the inbox.

Safety rests on the lease: every commit first advances the engine's own session row. `Fenced` means
that another engine took over, and nothing was changed; `Ambiguous`, that the reply was lost: the
engine then asks for the session's `cycle`, and goes on or loads again what is stored.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from fql.store.records import (
    AttemptRow,
    Command,
    EventRow,
    LetterCopy,
    LetterFilter,
    LetterGroup,
    LetterRow,
    Loaded,
    Mutations,
    Page,
    Paged,
    Remembered,
    Retention,
    RunFilter,
    Snapshot,
    StoredPlan,
)


@dataclass(frozen=True, slots=True)
class Lease:
    """The right of one session to write. Ids of a session start at `session << 32`."""

    session: int
    holder: str = ""


@dataclass(frozen=True, slots=True)
class StoreIdentity:
    """A random id that was made with the store, and where it is: an absolute path, or `memory:`
    for one that ends with its process."""

    id: str
    where: str


Verdict = Literal["ok", "fenced", "ambiguous"]
"""How a commit ended."""


@dataclass(frozen=True, slots=True)
class Pruned:
    """What one slice of pruning removed. `evicted` are dead letters that were still open."""

    runs: int = 0
    keys: int = 0
    letters: int = 0
    evicted: tuple[LetterRow, ...] = ()


@dataclass(frozen=True, slots=True)
class Counts:
    """What a store holds at one moment. `paused` are the names that the engine knows as paused; a
    command that it has not taken is among `inbox`, the number of those."""

    events: int
    runs: dict[str, int]
    letters: dict[str, int]
    inbox: int
    paused: frozenset[str]


@dataclass(frozen=True, slots=True)
class StoreSize:
    """What a metric needs, cheaply: open dead letters by observer, inbox entries, bytes in use, and
    those of the journal that are not yet part of them."""

    letters: dict[str, int]
    inbox: int
    bytes: int
    journal: int = 0


class Store(Protocol):
    """One store. Calls raise StoreError (StoreFull when no space is left)."""

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
        """Become the engine. Raises StoreLocked, naming the holder."""
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

    async def cycle(self, lease: Lease) -> int | None:
        """How many commits of this session have counted; None when it is fenced. So an engine
        that lost the reply to a commit learns whether it did."""
        ...

    async def fetch(self, limit: int, after: int) -> list[Command]:
        """Commands in the inbox after the id `after`, oldest first."""
        ...

    async def wait(self, seconds: float) -> bool:
        """Until another process may have written, or the time is over."""
        ...

    async def append(self, commands: Sequence[tuple[str, bytes]], now: int) -> list[int]:
        """Put (kind, body) into the inbox; durable on return. Returns their ids."""
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

    async def events(self, event_id: str, limit: int = 100) -> list[EventRow]:
        """Events with this id of their own, newest first."""
        ...

    async def plans(self) -> tuple[list[StoredPlan], str | None]:
        """All stored plans and the short digest of the active one."""
        ...

    async def counts(self) -> Counts:
        """How much there is."""
        ...

    async def size(self) -> StoreSize:
        """How big it is; cheap enough to be asked every few seconds."""
        ...

    async def prune(self, retention: Retention) -> Pruned:
        """Remove one bounded slice of what is no longer needed."""
        ...
