"""Runs, dead letters and stories as people and programs see them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TypedDict

from fql.exact.reading import read_object
from fql.store.choosing import LetterFilter
from fql.store.plans import node_names
from fql.store.port import Store
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

PAGE = 500
"""Dead letters that are read and put together in one go."""


def instant(at: int | None) -> str | None:
    """Milliseconds as RFC 3339, in UTC."""
    if at is None:
        return None
    text = datetime.fromtimestamp(at / 1000, UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")


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
    """A run with its actions."""

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

    def as_json(self) -> dict[str, object]:
        """The shape of `fqlc runs --format json`."""
        return {
            "run": self.run, "observer": self.observer, "event_id": self.event_id,
            "entity": self.entity, "event": self.event, "state": self.state,
            "started_at": self.started_at, "ended_at": self.ended_at, "nodes": list(self.nodes),
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

    def as_json(self) -> dict[str, object]:
        """The shape of `fqlc dlq list --format json`."""
        return {
            "dlq_id": self.dlq_id, "observer": self.observer, "action": self.action,
            "run": self.run, "entity": self.entity, "event": self.event,
            "event_id": self.event_id, "class": self.error_class, "reason": self.reason,
            "failed_at": self.failed_at, "state": self.state, "handled": self.handled,
            "attempts": [attempt.as_json() for attempt in self.attempts],
            "request": self.request, "plan_digest": self.plan_digest, "key": self.key,
            "batch": self.batch, "envelope": self.envelope,
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


class Shower:
    """Reads what rows refer to and puts it together."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def _node_names(self) -> dict[tuple[str, str], list[str]]:
        plans, _ = await self._store.plans()
        names: dict[tuple[str, str], list[str]] = {}
        for plan in plans:
            for observer, nodes in node_names(plan).items():
                names[plan.short, observer] = nodes
        return names

    async def runs(self, loaded: Sequence[Loaded]) -> list[RunShown]:
        """Stored runs with the names of their nodes."""
        names = await self._node_names()
        sent = await self._sent_in_batches(loaded)
        return [
            run_shown(one, names.get((one.run.plan, one.run.observer), []), sent) for one in loaded
        ]

    async def _sent_in_batches(self, loaded: Sequence[Loaded]) -> dict[int, int]:
        """How often each batch that these runs are or were part of has been sent."""
        batches = sorted({batch for one in loaded for batch in _batches(one.run.works)})
        sent: dict[int, int] = {}
        for row in await self._store.attempts(batches) if batches else ():
            sent[row.owner] = max(sent.get(row.owner, 0), row.number)
        return sent

    async def pages(self, wanted: LetterFilter) -> AsyncIterator[list[DeadLetter]]:
        """Dead letters, newest first, a page at a time: each costs what it holds, and between two
        of them everybody else has a turn."""
        left = wanted.limit
        for part in _by_ids(wanted):
            rows: list[LetterRow] = []
            while left is None or left > 0:
                size = PAGE if left is None else min(PAGE, left)
                below = (rows[-1].failed_at, rows[-1].id) if rows else part.below
                rows = await self._store.letters(replace(part, limit=size, below=below))
                if rows:
                    yield await self.letters(rows)
                left = None if left is None else left - len(rows)
                if len(rows) < size:
                    break

    async def letters(self, rows: Sequence[LetterRow]) -> list[DeadLetter]:
        """Stored dead letters with every attempt, put together beside the event loop."""
        owners = {owner for row in rows for owner in (row.run, row.batch) if owner is not None}
        attempts = await self._store.attempts(sorted(owners))
        return await asyncio.to_thread(_letters, rows, attempts)

    async def trace(self, name: str, loaded: Sequence[Loaded]) -> Trace:
        """The story of these runs, or of an event that no observer wanted."""
        runs = await self.runs(loaded)
        attempts: dict[str, tuple[Attempt, ...]] = {}
        letters: list[LetterRow] = []
        for one in loaded:
            owners = [one.run.id, *_batches(one.run.works)]
            rows = await self._store.attempts(owners)
            attempts[run_name(one.run.id)] = tuple(_attempt(row) for row in rows)
            letters += await self._store.letters(LetterFilter(run=one.run.id))
        events = [one.event for one in loaded] or await self._store.events(name, 1)
        shown = _event(events[0]) if events else None
        letters += await self._without_run(events[0].event_id if events else name)
        return Trace(name, shown, tuple(runs), attempts, tuple(await self.letters(letters)))

    async def _without_run(self, event_id: str) -> list[LetterRow]:
        """Dead letters of a change that did not fit, or could not be taken in."""
        found = await self._store.letters(LetterFilter(event_id=event_id))
        return [row for row in found if row.run is None]


def _batches(works: str) -> list[int]:
    return sorted({node.batch for node in decode_works(works)} - {0})


def _event(row: EventRow) -> dict[str, object]:
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


def parted(ids: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """Ids in parts of a page each."""
    for first in range(0, len(ids), PAGE):
        yield ids[first : first + PAGE]


def _by_ids(wanted: LetterFilter) -> Iterator[LetterFilter]:
    """Ids in parts, as they are looked up one by one."""
    if not wanted.ids:
        yield wanted
    for part in parted(wanted.ids):
        yield replace(wanted, ids=part)


Tries = Mapping[tuple[int, str], Sequence[AttemptRow]]
"""Attempts by run or batch, and action."""


def _letters(rows: Sequence[LetterRow], attempts: Sequence[AttemptRow]) -> list[DeadLetter]:
    tries: dict[tuple[int, str], list[AttemptRow]] = {}
    for attempt in attempts:
        tries.setdefault((attempt.owner, attempt.node), []).append(attempt)
    return [_letter(row, tries) for row in rows]


def _letter(row: LetterRow, tries: Tries) -> DeadLetter:
    owners = sorted({owner for owner in (row.run, row.batch) if owner is not None})
    mine = [_attempt(each) for owner in owners for each in tries.get((owner, row.node), ())]
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
    )


def _attempt(row: AttemptRow) -> Attempt:
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
