"""What people choose runs and dead letters by, and which rows are chosen.

Databases choose by statements of their own, made from the same filters; the store in memory chooses
by the functions here, and a conformance suite compares all of them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from fql.store.records import LetterRow, Loaded


@dataclass(frozen=True, slots=True)
class RunFilter:
    """Which runs a person asks for; None and empty mean all. `event_id` is the event's own id."""

    ids: tuple[int, ...] = ()
    event: int | None = None
    event_id: str | None = None
    observer: str | None = None
    state: str | None = None
    limit: int = 100


@dataclass(frozen=True, slots=True)
class LetterFilter:
    """Which dead letters; by default those that are dead or being replayed."""

    ids: tuple[str, ...] = ()
    observer: str | None = None
    action: str | None = None
    error_class: str | None = None
    failed_after: int | None = None
    failed_before: int | None = None
    batch: int | None = None
    run: int | None = None
    event_id: str | None = None
    states: tuple[str, ...] = ("dead", "replaying")
    limit: int | None = None
    below: tuple[int, str] | None = None
    """The `failed_at` and id of the last one of the page before this one."""


class LetterGroup(NamedTuple):
    """How many dead letters an action has in a class, and when the oldest and newest failed."""

    observer: str
    action: str
    error_class: str
    number: int
    oldest: int
    newest: int


def run_fits(loaded: Loaded, wanted: RunFilter) -> bool:
    """Whether a run is among those that are asked for, whatever the limit."""
    run, event = loaded
    return (
        (not wanted.ids or run.id in wanted.ids)
        and wanted.event in (None, run.event)
        and wanted.event_id in (None, event.event_id)
        and wanted.observer in (None, run.observer)
        and wanted.state in (None, run.state)
    )


def newest_last(row: LetterRow) -> tuple[int, str]:
    """The order of dead letters: when they failed (milliseconds since 1970), then their id."""
    return row.failed_at, row.id


def letter_fits(row: LetterRow, wanted: LetterFilter) -> bool:
    """Whether a dead letter is among those that are asked for, whatever the limit."""
    return (
        (not wanted.ids or row.id in wanted.ids)
        and (not wanted.states or row.state in wanted.states)
        and wanted.observer in (None, row.observer)
        and wanted.action in (None, row.action)
        and wanted.error_class in (None, row.error_class)
        and wanted.batch in (None, row.batch)
        and wanted.run in (None, row.run)
        and wanted.event_id in (None, row.event_id)
        and (wanted.below is None or newest_last(row) < wanted.below)
        and (wanted.failed_after is None or row.failed_at > wanted.failed_after)
        and (wanted.failed_before is None or row.failed_at < wanted.failed_before)
    )


def grouped(rows: Iterable[LetterRow]) -> list[LetterGroup]:
    """Dead letters counted by observer, action and class, in the order of these."""
    times: dict[tuple[str, str, str], list[int]] = {}
    for row in rows:
        name = (row.observer, row.action, row.error_class)
        times.setdefault(name, []).append(row.failed_at)
    return [LetterGroup(*name, len(at), min(at), max(at)) for name, at in sorted(times.items())]
