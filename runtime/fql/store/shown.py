"""Runs, dead letters and stories as people and programs see them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TypedDict

from fql.exact.reading import read_object
from fql.store.port import MOST_COUNTED
from fql.store.records import AttemptRow, EventRow, LetterRow, Loaded
from fql.store.works import (
    BUFFERED,
    SCHEDULED,
    STATE_NAMES,
    StoredWork,
    batch_name,
    context_of,
    decode_works,
    run_name,
)


def instant(at: int | None) -> str | None:
    """Milliseconds as RFC 3339, in UTC."""
    if at is None:
        return None
    text = datetime.fromtimestamp(at / 1000, UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")


def as_far(number: int, noun: str = "") -> str:
    """A number of `Counts` in words, with its noun: `1,200 runs`, or `more than 10,000 runs`."""
    text = f"{number:,}" if number <= MOST_COUNTED else f"more than {MOST_COUNTED:,}"
    return f"{text} {noun}{'' if number == 1 else 's'}" if noun else text


@dataclass(frozen=True, slots=True)
class Attempt:
    """One finished try."""

    action: str
    at: str
    number: int
    status: int | None
    error: str | None
    duration_ms: int
    response_start: str

    def as_json(self) -> dict[str, object]:
        """The shape of an attempt in a dead letter."""
        return {
            "at": self.at, "status": self.status, "error": self.error,
            "duration_ms": self.duration_ms, "response_start": self.response_start,
            "number": self.number,
        }  # fmt: skip


class _NodeShown(TypedDict):
    name: str
    state: str
    attempts: int


class NodeShown(_NodeShown, total=False):
    """An action of a run: its name, its state in words, how often it was tried; `next_at` when its
    turn comes (RFC 3339), `batch` the batch it went with."""

    next_at: str
    batch: str


@dataclass(frozen=True, slots=True)
class RunShown:
    """A run with its actions. `place` is where it is in the order of a list."""

    run: str
    observer: str
    event_id: str
    entity: str
    event: str
    state: str
    started_at: str
    ended_at: str | None
    plan: str
    nodes: tuple[NodeShown, ...] = ()
    row_key: str = ""
    place: tuple[int, int] = (0, 0)

    def as_json(self) -> dict[str, object]:
        """The shape of `fqlc runs --format json`."""
        return {
            "run": self.run, "observer": self.observer, "event_id": self.event_id,
            "entity": self.entity, "event": self.event, "state": self.state,
            "started_at": self.started_at, "ended_at": self.ended_at, "nodes": list(self.nodes),
            "row_key": self.row_key,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """An action given up, or a change that did not fit (`capture`) or could not be taken in
    (`internal`), with its `envelope`."""

    dlq_id: str
    observer: str
    action: str
    run: str | None
    entity: str
    event: str
    event_id: str
    error_class: str
    reason: str
    failed_at: str
    state: str
    handled: bool
    request: dict[str, object] | None
    plan_digest: str
    key: str
    batch: str | None
    source: str
    attempts: tuple[Attempt, ...] = ()
    envelope: dict[str, object] | None = None
    row_key: str = ""

    def as_json(self) -> dict[str, object]:
        """The shape of `fqlc dlq list --format json`."""
        return {
            "dlq_id": self.dlq_id, "observer": self.observer, "action": self.action,
            "run": self.run, "entity": self.entity, "event": self.event,
            "event_id": self.event_id, "class": self.error_class, "reason": self.reason,
            "failed_at": self.failed_at, "state": self.state, "handled": self.handled,
            "attempts": [attempt.as_json() for attempt in self.attempts],
            "request": self.request, "plan_digest": self.plan_digest, "key": self.key,
            "batch": self.batch, "envelope": self.envelope, "row_key": self.row_key,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Trace:
    """The story of an event or a run: its runs, their tries, their dead letters."""

    name: str
    event: dict[str, object] | None
    runs: tuple[RunShown, ...]
    attempts: dict[str, tuple[Attempt, ...]] = field(default_factory=dict)
    dead_letters: tuple[DeadLetter, ...] = ()

    def as_json(self) -> dict[str, object]:
        """One object with everything."""
        return {
            "name": self.name,
            "event": self.event,
            "runs": [
                {
                    **run.as_json(),
                    "attempts": [
                        {"action": attempt.action, **attempt.as_json()}
                        for attempt in self.attempts.get(run.run, ())
                    ],
                }
                for run in self.runs
            ],
            "dead_letters": [letter.as_json() for letter in self.dead_letters],
        }


def event_shown(row: EventRow) -> dict[str, object]:
    return {
        "entity": row.entity, "event": row.kind, "id": row.event_id,
        "timestamp": row.timestamp, **read_object(row.payload),
        "context": context_of(row),
    }  # fmt: skip


def run_shown(loaded: Loaded, names: Sequence[str], sent: Mapping[int, int]) -> RunShown:
    """One run. `sent` says how often the batches that it is or was part of have been sent."""
    run, event = loaded
    nodes = []
    for index, node in enumerate(decode_works(run.works)):
        name = names[index] if index < len(names) else str(index)
        attempts = max(node.sends, sent.get(node.batch, 0))
        nodes.append(_node(name, node, attempts))
    return RunShown(
        run=run_name(run.id),
        observer=run.observer,
        event_id=event.event_id,
        entity=event.entity,
        event=event.kind,
        state=run.state,
        started_at=instant(run.started) or "",
        ended_at=instant(run.ended),
        plan=run.plan,
        nodes=tuple(nodes),
        row_key=run.row_key,
        place=(run.started, run.number),
    )


def _node(name: str, node: StoredWork, attempts: int) -> NodeShown:
    """State and attempts of a stored node; when its turn comes, and the batch it went with."""
    shown: NodeShown = {
        "name": name, "state": STATE_NAMES[node.state], "attempts": attempts,
    }  # fmt: skip
    if node.state in (SCHEDULED, BUFFERED) and node.due:
        shown["next_at"] = instant(node.due) or ""
    if node.batch:
        shown["batch"] = batch_name(node.batch)
    return shown


Tries = Mapping[tuple[int, str], Sequence[AttemptRow]]
"""Attempts by run or batch, and action."""


def letters_shown(rows: Sequence[LetterRow], attempts: Sequence[AttemptRow]) -> list[DeadLetter]:
    tries: dict[tuple[int, str], list[AttemptRow]] = {}
    for attempt in attempts:
        tries.setdefault((attempt.owner, attempt.node), []).append(attempt)
    return [_letter(row, tries) for row in rows]


def _letter(row: LetterRow, tries: Tries) -> DeadLetter:
    owners = sorted({owner for owner in (row.run, row.batch) if owner is not None})
    mine = [attempt_shown(each) for owner in owners for each in tries.get((owner, row.node), ())]
    return DeadLetter(
        dlq_id=row.id,
        observer=row.observer,
        action=row.action,
        run=None if row.run is None else run_name(row.run),
        entity=row.entity,
        event=row.event,
        event_id=row.event_id,
        error_class=row.error_class,
        reason=row.reason,
        failed_at=instant(row.failed_at) or "",
        state=row.state,
        handled=bool(row.handled),
        request=None if row.request is None else read_object(row.request),
        plan_digest=row.plan,
        key=row.key,
        batch=None if row.batch is None else batch_name(row.batch),
        source=row.source,
        attempts=tuple(mine),
        envelope=None if row.payload is None else read_object(row.payload),
        row_key=row.row_key,
    )


def attempt_shown(row: AttemptRow) -> Attempt:
    error = row.failure
    if row.failure and row.error:
        error = f"{row.failure}: {row.error}"
    return Attempt(
        action=row.node,
        at=instant(row.at) or "",
        number=row.number,
        status=row.status,
        error=error or None,
        duration_ms=row.duration_ms,
        response_start=row.response_start,
    )
