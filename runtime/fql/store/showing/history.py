"""History as people and programs see it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from fql.errors import HIDDEN, UsageError
from fql.exact.kinds import as_object
from fql.exact.reading import read_object
from fql.store.history.minutes import Numbers, quantile, read_numbers
from fql.store.history.rows import BulkRow, MinuteRow, PulseRow, UnmatchedRow
from fql.store.records import EventRow
from fql.store.showing.bulks import PASSED, passed_in
from fql.store.shown import DeadLetter, Trace, instant
from fql.store.works import event_name

SILENT_AFTER = 3_000
"""Milliseconds after which an engine that is watched is silent."""


class Row(NamedTuple):
    """A row of the application, as people name it: `Order 48213`."""

    entity: str
    key: str

    def __str__(self) -> str:
        return f"{self.entity} {self.key}"


def row_of(text: str) -> Row:
    """The row that a text such as `Order 48213` names. Raises UsageError."""
    entity, _, key = text.strip().partition(" ")
    if not entity or not key.strip():
        raise UsageError(
            f"{text!r} does not name a row",
            hint='a row is its entity and the value of its `@key`, such as "Order 48213"',
        )
    return Row(entity, key.strip())


def key_and_entity(row: str | None, entity: str | None) -> tuple[str | None, str | None]:
    """The key of a `row`, such as "Order 48213", and its entity, or the `entity` that is given
    alone. Raises UsageError where they differ."""
    if row is None:
        return None, entity
    named = row_of(row)
    if entity not in (None, named.entity):
        raise UsageError(f"the row {named} is not one of {entity}")
    return named.key, named.entity


@dataclass(frozen=True, slots=True)
class EventShown:
    """An accepted event: `name` is that of its receipt, `id` its own, `place` where it is in the
    order of a list."""

    name: str
    id: str
    entity: str
    event: str
    source: str
    timestamp: str
    received_at: str
    place: tuple[int, int]

    def as_json(self) -> dict[str, object]:
        """One object with everything but its place."""
        return {
            "name": self.name, "id": self.id, "entity": self.entity, "event": self.event,
            "source": self.source, "timestamp": self.timestamp, "received_at": self.received_at,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Unmatched:
    """An event without a run, and why. `new` and `old` are its rows, where it fits its entity;
    sensitive values are hidden. `place` is where it is in the order of a list."""

    name: str
    id: str
    entity: str
    event: str
    source: str
    at: str
    result: str
    reason: str
    row_key: str
    plan: str
    new: Mapping[str, object] | None
    old: Mapping[str, object] | None
    place: tuple[int, int]

    def as_json(self) -> dict[str, object]:
        """The shape of such an event in `fqlc trace --format json`."""
        return {
            "name": self.name, "id": self.id, "entity": self.entity, "event": self.event,
            "source": self.source, "at": self.at, "result": self.result, "reason": self.reason,
            "row_key": self.row_key, "plan": self.plan, "new": self.new, "old": self.old,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class RowTrace:
    """What has happened to a row, as far as it is kept: its events with their runs, the events
    without one, and dead letters of changes that could not be taken in; each oldest first."""

    row: Row
    traces: tuple[Trace, ...]
    unmatched: tuple[Unmatched, ...]
    dead_letters: tuple[DeadLetter, ...]

    def as_json(self) -> dict[str, object]:
        """One object with everything."""
        return {
            "row": str(self.row),
            "events": [trace.as_json() for trace in self.traces],
            "unmatched": [one.as_json() for one in self.unmatched],
            "dead_letters": [letter.as_json() for letter in self.dead_letters],
        }


@dataclass(frozen=True, slots=True)
class Minute:
    """What all engines have counted of a name in the `span` milliseconds from `at` (milliseconds
    since 1970) on. `kind` is `engine`, `observer`, `action` or `endpoint`. `ms` has how many
    attempts took at most as long as each of `fql.store.history.minutes.EDGES`; `why` has, of an
    endpoint, how many failed for which reason."""

    at: int
    span: int
    kind: str
    name: str
    counts: Mapping[str, int]
    ms: Sequence[int] = ()
    why: Mapping[str, int] = field(default_factory=dict)

    def as_json(self) -> dict[str, object]:
        """One object with everything; `p50`, `p95` and `p99` are milliseconds, or null."""
        return {
            "at": instant(self.at), "span_ms": self.span, "kind": self.kind, "name": self.name,
            **self.counts, "why": dict(self.why), "p50": self.latency(0.5),
            "p95": self.latency(0.95), "p99": self.latency(0.99),
        }  # fmt: skip

    def latency(self, share: float) -> int | None:
        """How many milliseconds this share of the attempts took at most, such as 0.99."""
        return quantile(self.ms, share) if self.ms else None


@dataclass(frozen=True, slots=True)
class Pulse:
    """An engine as it was at `at` (milliseconds since 1970), `body` what it said of itself;
    `silent` where it has said nothing for three seconds."""

    session: int
    holder: str
    at: int
    silent: bool
    body: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Bulk:
    """A replay of many dead letters: of the `total` that were counted, so many are `marked` to be
    replayed; of these so many are `resolved`, `dead` again, or ended in an `other` way. `passed`
    says how many were not marked, by the reason. `state` is `running`, `stopped` by a person,
    `marked` (all are, and some are under way) or `ended`."""

    id: str
    at: str
    by: str
    state: str
    asked: Mapping[str, object]
    total: int
    marked: int
    resolved: int
    dead: int
    other: int
    passed: Mapping[str, int] = field(default_factory=dict)

    @property
    def ended(self) -> int:
        """How many of the marked have ended, in whatever way."""
        return self.resolved + self.dead + self.other

    def as_json(self) -> dict[str, object]:
        """One object with everything."""
        return {
            "bulk": self.id, "at": self.at, "by": self.by, "state": self.state,
            "asked": self.asked, "total": self.total, "marked": self.marked,
            "resolved": self.resolved, "dead": self.dead, "other": self.other,
            "passed": dict(self.passed),
        }  # fmt: skip


def bulk_name(number: int) -> str:
    """A bulk's id as people see it."""
    return f"bulk_{number:x}"


def bulk_number(name: str) -> int:
    """The number in the id of a bulk. Raises UsageError for anything else."""
    prefix, _, digits = name.partition("_")
    try:
        number = int(digits, 16) if prefix == "bulk" else -1
    except ValueError:
        number = -1
    if not 0 <= number < 1 << 63:
        raise UsageError(f"{name!r} is not the id of a bulk replay", hint="ids look like bulk_2f")
    return number


def event_of(row: EventRow) -> EventShown:
    """An accepted event."""
    return EventShown(
        name=event_name(row.id),
        id=row.event_id,
        entity=row.entity,
        event=row.kind,
        source=row.source,
        timestamp=row.timestamp,
        received_at=instant(row.received) or "",
        place=(row.received, row.id),
    )


def unmatched_of(row: UnmatchedRow, hidden: Mapping[str, frozenset[str]] | None) -> Unmatched:
    """An event without a run; `hidden` are the fields of each entity that are sensitive. Where
    the plan is gone nobody knows which, so no value is shown."""
    rows = read_object(row.payload) if row.payload else {}
    fields = None if hidden is None else hidden.get(row.entity, frozenset())
    return Unmatched(
        name=event_name(row.id),
        id=row.event_id,
        entity=row.entity,
        event=row.kind,
        source=row.source,
        at=instant(row.at) or "",
        result=row.result,
        reason=row.reason,
        row_key=row.row_key,
        plan=row.plan,
        new=_masked(rows.get("new"), fields),
        old=_masked(rows.get("old"), fields),
        place=(row.at, row.id),
    )


def _masked(row: object, hidden: frozenset[str] | None) -> Mapping[str, object] | None:
    if row is None:
        return None
    return {
        name: HIDDEN if (hidden is None or name in hidden) and value is not None else value
        for name, value in as_object(row).items()
    }


def minutes_of(rows: Iterable[MinuteRow]) -> list[Minute]:
    """Those of all engines, added."""
    sums: dict[tuple[int, int, str, str], Numbers] = {}
    for row in rows:
        key = (row.at, row.span, row.kind, row.name)
        sums.setdefault(key, Numbers()).take(read_numbers(row.numbers))
    return [
        Minute(*key, found.counts, tuple(found.ms or ()), found.why or {})
        for key, found in sums.items()
    ]


def pulse_of(row: PulseRow, now: int) -> Pulse:
    """An engine, at this time (milliseconds since 1970)."""
    silent = now - row.at > SILENT_AFTER
    return Pulse(row.session, row.holder, row.at, silent, read_object(row.body))


def bulk_of(row: BulkRow) -> Bulk:
    """A replay of many dead letters."""
    ended = row.state != "running" and row.resolved + row.dead + row.other >= row.marked
    state = "ended" if ended and row.state == "marked" else row.state
    return Bulk(
        id=bulk_name(row.id),
        at=instant(row.at) or "",
        by=row.by,
        state=state,
        asked={name: value for name, value in read_object(row.asked).items() if name != PASSED},
        total=row.total,
        marked=row.marked,
        resolved=row.resolved,
        dead=row.dead,
        other=row.other,
        passed=passed_in(row.asked),
    )
