"""What people choose runs and dead letters by, and the engine a page, and which rows are chosen.

Databases choose by statements of their own, made from the same filters; the store in memory chooses
by the functions here, and a conformance suite compares all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import NamedTuple

from fql.store.history.rows import UnmatchedRow
from fql.store.records import EventRow, LetterRow, Loaded, Page, Paged


@dataclass(frozen=True, slots=True)
class RunFilter:
    """Which runs a person asks for; None and empty mean all. `event_id` is the event's own id;
    `since` and `until` bound when it started (milliseconds since 1970, `until` not included);
    `below` is the start and number of the last one of the page before."""

    ids: tuple[int, ...] = ()
    event: int | None = None
    event_id: str | None = None
    observer: str | None = None
    state: str | None = None
    entity: str | None = None
    row_key: str | None = None
    since: int | None = None
    until: int | None = None
    below: tuple[int, int] | None = None
    limit: int = 100


@dataclass(frozen=True, slots=True)
class LetterFilter:
    """Which dead letters; by default those that are dead or being replayed. `reason` is a part of
    theirs."""

    ids: tuple[str, ...] = ()
    observer: str | None = None
    action: str | None = None
    error_class: str | None = None
    failed_after: int | None = None
    failed_before: int | None = None
    batch: int | None = None
    run: int | None = None
    event_id: str | None = None
    entity: str | None = None
    row_key: str | None = None
    reason: str | None = None
    states: tuple[str, ...] = ("dead", "replaying")
    limit: int | None = None
    below: tuple[int, str] | None = None
    """The `failed_at` and id of the last one of the page before this one."""


class LetterGroup(NamedTuple):
    """How many dead letters an action has in a class (10,001: more than 10,000), and when the
    oldest and newest failed."""

    observer: str
    action: str
    error_class: str
    number: int
    oldest: int
    newest: int


MOST_GROUPED = 10_001
"""What is counted of a group: as far as `fql.store.port.Counts` goes."""


def run_fits(loaded: Loaded, wanted: RunFilter) -> bool:
    """Whether a run is among those that are asked for, whatever the limit."""
    run, event = loaded
    return (
        (not wanted.ids or run.id in wanted.ids)
        and wanted.event in (None, run.event)
        and wanted.event_id in (None, event.event_id)
        and wanted.observer in (None, run.observer)
        and wanted.state in (None, run.state)
        and wanted.entity in (None, event.entity)
        and wanted.row_key in (None, run.row_key)
        and (wanted.since is None or run.started >= wanted.since)
        and (wanted.until is None or run.started < wanted.until)
        and (wanted.below is None or (run.started, run.number) < wanted.below)
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
        and wanted.entity in (None, row.entity)
        and wanted.row_key in (None, row.row_key)
        and (wanted.reason is None or wanted.reason in row.reason)
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
    return [
        LetterGroup(*name, min(len(at), MOST_GROUPED), min(at), max(at))
        for name, at in sorted(times.items())
    ]


class Due(NamedTuple):
    """A run of a lane, as a page chooses by it: `due` is 0 where it could go at once, and `since`
    when it could first have gone."""

    run: int
    due: int
    since: int


def paged(page: Page, found: Iterable[Due], load: Callable[[list[int]], Iterable[Loaded]]) -> Paged:
    """The answer to a page of a lane. `found` has of each kind, those that could go at once and
    those that wait for a time, at least one more than the page may hold, if there are so many."""
    by_age = sorted(found, key=lambda one: (one.since, one.run))
    taken = [one.run for one in by_age if one.due <= page.horizon][: page.limit]
    chosen = frozenset(taken)
    left = [one for one in by_age if one.run not in chosen]
    loaded = {one.run.id: one for one in load(taken)} if taken else {}
    return Paged(
        page,
        [loaded[number] for number in taken if number in loaded],
        min((one.due for one in left), default=None),
        min((one.since for one in left), default=None),
    )


@dataclass(frozen=True, slots=True)
class EventFilter:
    """Which events; None means all. `below` is when the last one of the page before was received,
    and its number."""

    id: int | None = None
    entity: str | None = None
    event_id: str | None = None
    source: str | None = None
    since: int | None = None
    until: int | None = None
    below: tuple[int, int] | None = None
    limit: int = 100


@dataclass(frozen=True, slots=True)
class UnmatchedFilter:
    """Which events without a run; None means all. `below` is the time and number of the last one of
    the page before."""

    id: int | None = None
    entity: str | None = None
    row_key: str | None = None
    event_id: str | None = None
    source: str | None = None
    result: str | None = None
    since: int | None = None
    until: int | None = None
    below: tuple[int, int] | None = None
    limit: int = 100


def event_fits(row: EventRow, wanted: EventFilter) -> bool:
    """Whether an event is among those that are asked for, whatever the limit."""
    return (
        wanted.id in (None, row.id)
        and wanted.entity in (None, row.entity)
        and wanted.event_id in (None, row.event_id)
        and wanted.source in (None, row.source)
        and (wanted.since is None or row.received >= wanted.since)
        and (wanted.until is None or row.received < wanted.until)
        and (wanted.below is None or (row.received, row.id) < wanted.below)
    )


def unmatched_fits(row: UnmatchedRow, wanted: UnmatchedFilter) -> bool:
    """Whether an event without a run is among those that are asked for, whatever the limit."""
    return (
        wanted.id in (None, row.id)
        and wanted.entity in (None, row.entity)
        and wanted.row_key in (None, row.row_key)
        and wanted.event_id in (None, row.event_id)
        and wanted.source in (None, row.source)
        and wanted.result in (None, row.result)
        and (wanted.since is None or row.at >= wanted.since)
        and (wanted.until is None or row.at < wanted.until)
        and (wanted.below is None or (row.at, row.id) < wanted.below)
    )
