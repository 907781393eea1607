"""What goes into a step of the core and what comes out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from fql.actions.port import Outcome
from fql.engine.core.held.runs import Work
from fql.engine.program.model import Program
from fql.events.model import Event
from fql.store.history.rows import BulkRow, Posted, Result
from fql.store.records import (
    Hint,
    LetterRow,
    Mutations,
    Page,
    Paged,
    Remembered,
    Snapshot,
    Taken,
)
from fql.store.sharing.limits import Grant, Wish
from fql.store.sharing.port import Share


@dataclass(slots=True)
class NewEvent:
    """A checked event. `dedup` is the hash of its key, `row` the row of an outbox that brought
    it, `only` the one observer it is for, `program` that of an earlier plan, for which it was
    captured, `shard` that of the entry in the inbox, `bulk` the replay that it is part of. The core
    fills in what a receipt says.

    `making` is the observer whose run is being made; `faults` says for which observers (empty: for
    the event as a whole) that has raised, and `given_up` how often the latter has: its `Rung`.
    """

    event: Event
    dedup: bytes | None = None
    row: Taken | None = None
    consumed: int | None = None
    resolves: str | None = None
    number: int = 0
    duplicate: bool = False
    conflict: bool = False
    runs: list[int] = field(default_factory=list)
    only: str = ""
    program: Program | None = None
    making: str = ""
    faults: dict[str, str] | None = None
    given_up: int = 0
    shard: int = 0
    bulk: int = 0

    def renew(self) -> None:
        """What the core has filled in does not count: its commit did not."""
        self.number, self.duplicate, self.conflict, self.making = 0, False, False, ""
        self.runs.clear()


@dataclass(slots=True)
class Misfit:
    """A change that did not fit its entity: it becomes a `capture` dead letter. One that could
    not be checked is `internal`; `faults` counts how often writing its letter has raised."""

    source: str
    position: str
    entity: str
    kind: str
    event_id: str
    reason: str
    payload: bytes
    row: Taken | None = None
    dedup: bytes | None = None
    consumed: int | None = None
    letter: str = ""
    error_class: str = "capture"
    faults: int = 0
    row_key: str = ""
    shard: int = 0
    bulk: int = 0


class Stranger(NamedTuple):
    """An event that was not taken in at all: its entity is `unknown`, or it was `refused` with a
    reason that its sender was told. Its values are nobody's to keep."""

    source: str
    entity: str
    result: Result
    reason: str = ""


Attempt = tuple[int, str, int]
"""The number of a run or batch, the name of its action, and how often that had been sent."""


@dataclass(slots=True)
class Performed:
    """An attempt has ended. `shown` is the request as JSON with secrets masked. The core fills in
    whether it has `failed`."""

    work: Work
    outcome: Outcome
    number: int
    started: int
    shown: str | None = None
    failed: bool = False

    @property
    def attempt(self) -> Attempt:
        """Which attempt it is, in this and in every later state."""
        return self.work.owner.id, self.work.spec.name, self.number


@dataclass(slots=True)
class Order:
    """A command of a person about one run, one dead letter, or a name.

    `kind` is `replay`, `discard`, `evict`, `cancel`, `resend`, `pause`, `resume`, `probe` or
    `seal`. `due` is when a replay is to start; `answer` supplies a response without sending;
    `force` overrules `handled`. `shard` is that of its entry in the inbox. A `hint` comes from
    another engine. `bulk` is the number of the bulk that it is part of, or that it stops; one that
    `begins` a bulk is known by the hash `dedup` if it comes again.
    """

    kind: str
    consumed: int | None = None
    run: int = 0
    node: str = ""
    letter: str = ""
    name: str = ""
    due: int = 0
    force: bool = False
    new_key: str = ""
    original: bool = False
    answer: object = None
    shard: int = 0
    hint: Hint | None = None
    bulk: int = 0
    begins: BulkRow | None = None
    dedup: bytes | None = None


class Marks(NamedTuple):
    """What a bulk marks next: the `replays` of dead letters up to a new `cursor`, the time and id
    of the last one that was looked at; after the `last` of them nothing is left. `asked` is what
    its row says then, where some were passed over."""

    bulk: int
    cursor: tuple[int, str]
    replays: list[Posted]
    last: bool
    asked: str | None = None


@dataclass(slots=True)
class Inputs:
    """Everything that waits when a cycle begins. `gained` is what was read of the shards that a
    `share` brings."""

    pages: list[Paged] = field(default_factory=list)
    outcomes: list[Performed] = field(default_factory=list)
    unstarted: list[Work] = field(default_factory=list)
    events: list[NewEvent] = field(default_factory=list)
    misfits: list[Misfit] = field(default_factory=list)
    orders: list[Order] = field(default_factory=list)
    known: dict[bytes, Remembered] = field(default_factory=dict)
    program: Program | None = None
    others: Mapping[str, Program] = field(default_factory=dict)
    flush: bool = False
    forgotten: list[bytes] = field(default_factory=list)
    share: Share | None = None
    grants: list[Grant] = field(default_factory=list)
    gained: Snapshot | None = None
    strangers: list[Stranger] = field(default_factory=list)
    marks: list[Marks] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(
            self.pages or self.outcomes or self.unstarted or self.events or self.misfits
            or self.orders or self.program or self.flush or self.share or self.grants or self.marks
        )  # fmt: skip

    def keys(self) -> list[bytes]:
        """The hashes of keys that these inputs bring."""
        brought: list[NewEvent | Misfit | Order] = [*self.events, *self.misfits, *self.orders]
        return [one.dedup for one in brought if one.dedup is not None]


class Refused(NamedTuple):
    """A command that was not carried out, and why."""

    order: Order
    reason: str


class RunEnded(NamedTuple):
    """A run has come to its end; a replay may open it again, and then it ends `again`."""

    run: int
    event: int
    observer: str
    state: str
    event_id: str = ""
    started: int = 0
    ended: int = 0
    traceparent: str = ""
    again: bool = False


@dataclass(slots=True)
class Step:
    """What a step decided: what to commit, what to send once that is done, what to read, and
    when to step again even if nothing comes in (None: never). `refused` are commands that were
    taken and not carried out; `shortages` says what this process has run out of. Entries of the
    inbox that are `turned_away` are another engine's by now; `wishes` are for the store that keeps
    limits for several engines."""

    mutations: Mutations
    sends: list[Work] = field(default_factory=list)
    wants: list[Page] = field(default_factory=list)
    ended: list[RunEnded] = field(default_factory=list)
    dead: list[LetterRow] = field(default_factory=list)
    attempted: list[Performed] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)
    shortages: list[str] = field(default_factory=list)
    wake: int | None = None
    turned_away: list[int] = field(default_factory=list)
    wishes: list[Wish] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class CoreSettings:
    """Numbers that bound the engine. `window` is how many runs are held in memory;
    `crash_budget` how many consecutive crashes make a node poison; `alone_from` from which one on
    it is sent alone. `holder` says which process it is, for people."""

    max_in_flight: int = 256
    window: int = 1000
    crash_budget: int = 5
    alone_from: int = 3
    background_retry: bool = True
    keep_done: bool = True
    keep_unmatched: int = 10_000
    holder: str = ""


@dataclass(slots=True)
class Tally:
    """Numbers since the engine's start. `kept` are the events without a run in this `second`;
    `watched_until` and `pulsed_at` are times of `fql.engine.core.history.pulse`."""

    events: int = 0
    duplicates: int = 0
    refused: int = 0
    unknown: int = 0
    runs: int = 0
    done: int = 0
    dead: int = 0
    sent: int = 0
    open_runs: int = 0
    retries: int = 0
    replayed: int = 0
    second: int = 0
    kept: int = 0
    watched_until: int = 0
    pulsed_at: int = 0
