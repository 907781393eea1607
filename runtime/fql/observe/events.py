"""Lifecycle events: what the engine tells to whoever listens. Frozen data with ids, no payloads."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


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


@dataclass(frozen=True, slots=True)
class AttemptEnded:
    """One try of an action. `state` is what the node became; times in milliseconds."""

    observer: str
    action: str
    endpoint: str
    run: str
    number: int
    status: int | None
    failure: str | None
    duration_ms: int
    state: str


@dataclass(frozen=True, slots=True)
class RunFinished:
    """A run has come to its end."""

    observer: str
    run: str
    state: str


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
class StoreTrouble:
    """A commit did not succeed; the engine goes on from what is stored."""

    reason: str


Lifecycle = (
    EngineStarted | EngineStopped | AttemptEnded | RunFinished | DeadLetterWritten
    | DeadLetterEvicted | CycleCommitted | PlanSwitched | StoreTrouble
)  # fmt: skip

Listener = Callable[[Lifecycle], None]
