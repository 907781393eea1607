"""What would happen for one event: as data, as JSON, and as a story for people."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

import click

from fql.actions.written import Request
from fql.exact.writing import write_json
from fql.expressions.explain import Part
from fql.terminal.words import one_line
from fqlc.cli.testing.conditions import condition_lines

Decision = Literal["send", "publish", "call", "dead", "skip", "after", "batch", "on_failure"]
_WORDS: dict[Decision, str] = {
    "send": "would be sent",
    "publish": "would be published",
    "call": "would be called",
    "dead": "would be dead",
    "skip": "is skipped",
    "after": "waits for an earlier answer",
    "batch": "is collected into a batch",
    "on_failure": "runs only if the action before it is dead",
}


@dataclass(frozen=True, slots=True)
class ActionStory:
    """What an action would do. `condition` is its `when` where that can be judged now; `request`
    is there for `send`, `publish` and `call`, `problem` for `dead`."""

    name: str
    decision: Decision
    condition: Part | None = None
    problem: str | None = None
    request: Request | None = None

    def as_json(self) -> dict[str, object]:
        """For programs; what is not known is left out."""
        failure = self.decision == "on_failure"
        found: dict[str, object] = {
            "name": self.name,
            "condition": self.condition and self.condition.as_json(),
            "decision": "after" if failure else self.decision,
            "on_failure": failure or None,
            "problem": self.problem,
            "request": self.request and self.request.as_json(),
        }
        return {key: value for key, value in found.items() if value is not None}

    def lines(self) -> Iterator[str]:
        """For people."""
        yield f"    {self.name}: {_WORDS[self.decision]}"
        if self.condition is not None:
            yield from condition_lines(self.condition, 6)
        if self.problem:
            yield f"      the request cannot be built: {self.problem}"
        if self.request is not None:
            yield f"      {self.request.place}"
            if self.request.body is not None:
                yield f"      {write_json(self.request.body).decode()}"


@dataclass(frozen=True, slots=True)
class ObserverStory:
    """What an observer would do. `condition` is None where it has none or does not watch."""

    name: str
    watches: bool
    matched: bool = False
    condition: Part | None = None
    actions: tuple[ActionStory, ...] = ()

    def as_json(self) -> dict[str, object]:
        """For programs."""
        return {
            "name": self.name,
            "watches": self.watches,
            "matched": self.matched,
            "condition": self.condition and self.condition.as_json(),
            "actions": [action.as_json() for action in self.actions],
        }

    def lines(self) -> Iterator[str]:
        """For people."""
        if not self.watches:
            yield f"  {self.name}: does not watch this event"
            return
        yield f"  {self.name}: {'matches' if self.matched else 'does not match'}"
        if self.condition is not None:
            yield from condition_lines(self.condition, 4)
        for action in self.actions:
            yield from action.lines()


@dataclass(frozen=True, slots=True)
class EventStory:
    """What would happen for an event. What it says of itself may be anything where it is refused;
    `problem` then says why."""

    entity: object
    event: object
    id: object
    problem: str | None = None
    observers: tuple[ObserverStory, ...] = field(default=())

    def as_json(self) -> dict[str, object]:
        """For programs."""
        return {
            "event": {"entity": self.entity, "event": self.event, "id": self.id},
            "problem": self.problem,
            "observers": [observer.as_json() for observer in self.observers],
        }

    def lines(self) -> Iterator[str]:
        """For people."""
        yield click.style(self._title(), bold=True)
        if self.problem:
            yield f"  refused: {self.problem}"
        for observer in self.observers:
            yield from observer.lines()

    def _title(self) -> str:
        """What it says of itself, as far as that can be read."""
        kind = ".".join(part for part in (self.entity, self.event) if isinstance(part, str))
        known = kind, self.id if isinstance(self.id, str) else ""
        return one_line(" ".join(filter(None, known))) or "an event"
