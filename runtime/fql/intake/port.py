"""The port of a source: events arrive with a position that identifies them for ever."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from fql.errors import EventRefused
from fql.plan.model import Plan
from fql.settings.model import Settings

OUTBOX = "outbox"
"""The incarnation of all sources whose rows have random ids: nothing else tells them apart. Their
envelopes are rows, which the engine reads by the types of its plan."""


@dataclass(frozen=True, slots=True)
class Place:
    """A row of an outbox: known by its random `id` alone. `outbox` is the incarnation of the
    table, `number` the row's place in it: both are only ever reported."""

    id: bytes
    outbox: str
    number: int


@dataclass(frozen=True, slots=True)
class Arrival:
    """One event as it came. `row` is where it came from, for a source with rows of their own: the
    store then keeps the row's id in the commit of the runs, until the row is gone. `problem` says
    why the source itself could not read it; `envelope` is then what it could read. `at` is when
    it was written there, in milliseconds since 1970, for a source that says so elsewhere. `older`
    is true for a row that a trigger wrote before it was last installed: for an earlier plan,
    perhaps."""

    envelope: dict[str, Any]
    position: str
    row: Place | None = None
    problem: str = ""
    at: int | None = None
    older: bool = False


@dataclass(frozen=True, slots=True)
class Consumer:
    """Who reads a source: a store by its id, and where that store is, for people."""

    store: str
    where: str


@dataclass(frozen=True, slots=True)
class Health:
    """How a source is. `trouble` says what is wrong and what to do, or nothing; `captured` holds
    for each table whether its changes are captured; `restored` counts histories that went back,
    `failures` reads that failed, `answers` requests by the status of their answer, `pending` events
    that wait there, where the source knows it. `whole` is False while it may hold back events that
    the store has: an empty fetch then does not mean that there are no others. `notice` says what
    slows reading down, or nothing. `former` are incarnations that are gone for ever."""

    trouble: str = ""
    captured: Mapping[str, bool] = field(default_factory=dict)
    restored: int = 0
    failures: int = 0
    answers: Mapping[int, int] = field(default_factory=dict)
    pending: int | None = None
    whole: bool = True
    notice: str = ""
    former: tuple[str, ...] = ()


class Source(Protocol):
    """Where events come from. `incarnation` is part of an event's identity besides its position.
    `supplies_old` is True, or the entities with old values.
    """

    name: str
    incarnation: str
    supplies_old: bool | Container[str]
    ended: bool

    @property
    def outbox(self) -> str:
        """The incarnation of the outbox that is read, for a source that has one."""
        ...

    async def open(self, plan: Plan, consumer: Consumer) -> None:
        """Connect; raises FqlError when that cannot work."""
        ...

    async def fetch(self, limit: int) -> list[Arrival]:
        """What has arrived and is not done, oldest first; repeated until it is done. A source that
        cannot be read now gives nothing, says so in `health`, and is read again."""
        ...

    async def done(self, arrivals: Sequence[Arrival]) -> None:
        """These are committed in the store and may be forgotten."""
        ...

    async def wait(self, timeout: float) -> None:  # noqa: ASYNC109
        """Until there may be more, or the time is over (seconds)."""
        ...

    async def close(self) -> None:
        """Give back all resources."""
        ...

    async def follow(self, plan: Plan) -> None:
        """Another plan is about to be used. Raises SettingsError when this source cannot supply
        what it needs; then the current plan stays."""
        ...

    def recall(self, numbers: Mapping[str, int]) -> None:
        """The last row numbers that the store has seen, by outbox: where the current numbers are
        lower, an older copy was restored, and that is reported."""
        ...

    def gone(self) -> list[bytes]:
        """Ids of rows that were done and are no longer in the source, each told once."""
        ...

    def begin_again(self) -> None:
        """Another engine may have worked meanwhile: what is held in memory counts no more."""
        ...

    def health(self) -> Health:
        """How it is now."""
        ...


class PlainSource:
    """The parts of a source that has neither rows of its own nor anything to look after."""

    @property
    def outbox(self) -> str:
        """It reads none."""
        return ""

    async def follow(self, plan: Plan) -> None:
        """Any plan will do."""

    def recall(self, numbers: Mapping[str, int]) -> None:
        """It has no numbers."""

    def gone(self) -> list[bytes]:
        """It has no rows."""
        return []

    def begin_again(self) -> None:
        """What it holds was not stored by anybody else."""

    def health(self) -> Health:
        """Nothing can be wrong."""
        return Health()


@dataclass(frozen=True, slots=True)
class Accepted:
    """An event is durable. `id` and `runs` are what a receipt says; `duplicate` says that its key
    was known, `conflict` that it came with other values then."""

    id: str
    event_id: str
    runs: tuple[str, ...] = ()
    duplicate: bool = False
    conflict: bool = False


class NotTaken(Exception):
    """An event of a list does not fit, so nothing of the list was stored. `number` is its place,
    from 0."""

    def __init__(self, number: int, reason: EventRefused) -> None:
        self.number = number
        self.reason = reason
        super().__init__(reason.message)


class Taker(Protocol):
    """Who takes events that are handed in by a call."""

    async def take(self, envelopes: Sequence[Mapping[str, object]]) -> list[Accepted]:
        """All of them are durable on return, or none: raises NotTaken, and StoreError when the
        store takes nothing now."""
        ...


class Entrance(Protocol):
    """A source that is called instead of being read, while this process is the engine."""

    name: str

    async def listen(self, taker: Taker) -> None:
        """Take calls from now on. Raises SettingsError when the address cannot be used."""
        ...

    async def stop(self, seconds: float) -> None:
        """Take no more; what was handed in is still answered, for so long."""
        ...

    async def close(self) -> None:
        """End at once."""
        ...

    def follow(self, settings: Settings) -> None:
        """Use what of other settings can be used without a new start."""
        ...

    def health(self) -> Health:
        """How it is now."""
        ...
