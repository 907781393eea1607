"""Lifecycle events: what the engine tells to whoever listens. Frozen data with ids, no payloads."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple


@dataclass(frozen=True, slots=True)
class EngineStarted:
    """The engine owns the store. `recovered` endpoints had work waiting."""

    session: int
    clean: bool
    recovered: int


@dataclass(frozen=True, slots=True)
class EngineStopped:
    """The engine has drained, or stopped without (`clean` False)."""

    clean: bool


class AttemptEnded(NamedTuple):
    """One try of an action. `run` is the id of the run or batch, `state` what the node became;
    `failure` is the kind of failure where no usable answer came, `reason` why there was none, with
    secrets masked; times in milliseconds.

    A tuple, as one is made for every delivery: a frozen dataclass takes twice as long.
    """

    observer: str
    action: str
    endpoint: str
    run: str
    number: int
    status: int | None
    failure: str | None
    duration_ms: int
    state: str
    event_id: str = ""
    traceparent: str = ""
    reason: str = ""

    @property
    def failed(self) -> bool:
        """Whether it was not a success: no usable answer, or a status outside 200 to 299."""
        return self.failure is not None or not (self.status and 200 <= self.status < 300)


@dataclass(frozen=True, slots=True)
class RunFinished:
    """A run has come to its end, or to a further one after a replay (`again`). `started` and
    `ended` are milliseconds since 1970."""

    observer: str
    run: str
    state: str
    event_id: str = ""
    started: int = 0
    ended: int = 0
    traceparent: str = ""
    again: bool = False


@dataclass(frozen=True, slots=True)
class EventsTaken:
    """Events of one source in one go: how many are new, were known, did not fit, and are of an
    entity that the plan does not know."""

    source: str
    accepted: int = 0
    duplicate: int = 0
    refused: int = 0
    unknown: int = 0


@dataclass(frozen=True, slots=True)
class DeadLetterWritten:
    """An action was given up, or a change did not fit."""

    dlq_id: str
    observer: str
    action: str
    run: str
    error_class: str
    reason: str


@dataclass(frozen=True, slots=True)
class DeadLetterClosed:
    """A dead letter has left the queue: `how` is `resolved` or `discarded`."""

    dlq_id: str
    how: str


@dataclass(frozen=True, slots=True)
class DeadLetterEvicted:
    """A dead letter was too old, or one too many: it is gone for good."""

    dlq_id: str
    observer: str
    action: str


@dataclass(frozen=True, slots=True)
class CycleCommitted:
    """One commit: how many events, runs and attempts it held, and how long it took."""

    events: int
    runs: int
    attempts: int
    duration_ms: float


@dataclass(frozen=True, slots=True)
class PlanSwitched:
    """Another plan is active."""

    digest: str


@dataclass(frozen=True, slots=True)
class ShardsMoved:
    """This engine has `taken` shards of its store, or `given` some back: it has `mine` of `count`
    now, and so many `engines` share the store."""

    taken: int
    given: int
    mine: int
    count: int
    engines: int


@dataclass(frozen=True, slots=True)
class StoreTrouble:
    """A commit did not succeed; the engine goes on from what is stored."""

    reason: str


@dataclass(frozen=True, slots=True)
class ClockStepped:
    """The wall clock was set by so many milliseconds. The engine's time follows at a tenth of the
    speed, for so many seconds; a new start takes it over at once."""

    by_ms: int
    slewed_for_s: int


@dataclass(frozen=True, slots=True)
class OwnShortage:
    """This process or machine has run out of something: deliveries wait for it."""

    reason: str


Lifecycle = (
    EngineStarted | EngineStopped | EventsTaken | AttemptEnded | RunFinished | DeadLetterWritten
    | DeadLetterClosed | DeadLetterEvicted | CycleCommitted | PlanSwitched | StoreTrouble
    | OwnShortage | ClockStepped | ShardsMoved
)  # fmt: skip

Listener = Callable[[Lifecycle], None]


def hears(listener: Listener, kind: type[Lifecycle]) -> bool:
    """Whether a listener wants events of this kind now. One without a method `wants` hears all;
    where nobody does, what would be told for every delivery is not even made."""
    wants: Callable[[type[Lifecycle]], bool] | None = getattr(listener, "wants", None)
    return wants is None or wants(kind)
