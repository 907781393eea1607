"""What an expression can see while it is evaluated. Plain values, built once for a run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from fql.events.model import Event, Row


@dataclass(slots=True)
class FailureInfo:
    """`action.error`."""

    message: str
    status: int | None
    error_class: str
    attempts: int


@dataclass(slots=True)
class BatchInfo:
    """`_batch`."""

    id: str
    size: int


@dataclass(slots=True)
class Scope:
    """The event, the run and what earlier actions gave. `members` holds the scopes of a batch."""

    event: Literal["insert", "update", "delete"]
    entity: str
    new: Row | None
    old: Row | None
    id: str = ""
    timestamp: datetime | None = None
    observer: str = ""
    run: str = ""
    responses: dict[str, object] = field(default_factory=dict)
    failures: dict[str, FailureInfo] = field(default_factory=dict)
    batch: BatchInfo | None = None
    members: Sequence[Scope] = ()

    @classmethod
    def of(cls, event: Event, observer: str, run: str) -> Scope:
        """What a run of an observer sees of its event before any action has answered. `run` is its
        id, or a word that stands for one."""
        return cls(
            event=event.kind,
            entity=event.entity,
            new=event.new,
            old=event.old,
            id=event.id,
            timestamp=event.timestamp,
            observer=observer,
            run=run,
        )
