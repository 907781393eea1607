"""What people look at in a store besides its work: what became of a row, events without a run.

A client has all of it; nothing here changes a store.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, TypedDict, Unpack

from fql.errors import UsageError
from fql.letters import instant_of, most, number_of
from fql.store.choosing import EventFilter, LetterFilter, RunFilter, UnmatchedFilter
from fql.store.history.rows import RESULTS, UnmatchedRow
from fql.store.plans import plan_of, require_rows
from fql.store.port import Store
from fql.store.records import Loaded
from fql.store.showing.history import (
    EventShown,
    RowTrace,
    Unmatched,
    event_of,
    key_and_entity,
    row_of,
    unmatched_of,
)
from fql.store.showing.shower import Shower
from fql.store.works import event_name, parse_name

if TYPE_CHECKING:
    from fql.plan.model import Plan
    from fql.store.showing.why import Why

MOST_RUNS = 100
"""Runs of a row that are shown."""
RUN_STATES = ("open", "done", "dead", "cancelled", "expired")


class Period(TypedDict, total=False):
    """From when on and until when: dates or times, UTC without an offset, or milliseconds since
    1970; `until` is not included."""

    since: str | date | int | None
    until: str | date | int | None


class RunChoice(Period, total=False):
    """Which runs: those of these `ids`, of an `observer`, in a `state`, of an `event`, which is the
    event's own id or a receipt's, of an `entity`, or of a `row`, such as "Order 48213". `since` and
    `until` are about when they started. `after` is the place of the last one of the page before,
    `limit` how many at most (100)."""

    ids: Sequence[str]
    observer: str | None
    state: str | None
    event: str | None
    entity: str | None
    row: str | None
    after: tuple[int, int] | None
    limit: int


class EventChoice(Period, total=False):
    """Which events: their `entity`, the `id` of their own, their `source`. `after` is the place of
    the last one of the page before, `limit` how many at most."""

    entity: str | None
    id: str | None
    source: str | None
    after: tuple[int, int] | None
    limit: int


class UnmatchedChoice(EventChoice, total=False):
    """Which events without a run: besides, their `row`, such as "Order 48213", and their `result`:
    `unmatched`, `unknown`, `refused`, or `unkept` (how many more there were)."""

    row: str | None
    result: str | None


class Hindsight:
    """The questions that a client asks of the history."""

    _store: Store

    async def events(self, **choice: Unpack[EventChoice]) -> list[EventShown]:
        """Accepted events, newest first: all, or those that `fql.hindsight.EventChoice` describes.
        Raises UsageError for an invalid choice."""
        return [event_of(row) for row in await self._store.events(_event_filter(choice))]

    async def unmatched(self, **choice: Unpack[UnmatchedChoice]) -> list[Unmatched]:
        """Events without a run that are kept, newest first: all, or those that
        `fql.hindsight.UnmatchedChoice` describes. Raises UsageError for an invalid choice."""
        rows = await self._store.unmatched(_unmatched_filter(choice))
        return await self._unmatched(rows)

    async def _unmatched(self, rows: Sequence[UnmatchedRow]) -> list[Unmatched]:
        if not rows:
            return []
        plans = {one.short: one for one in (await self._store.plans())[0] if one.blob}
        hidden: dict[str, Mapping[str, frozenset[str]]] = {}
        for short in {row.plan for row in rows} & plans.keys():
            hidden[short] = sensitive_fields(plan_of(plans[short]))
        return [unmatched_of(row, hidden.get(row.plan)) for row in rows]

    async def trace_row(self, row: str) -> RowTrace:
        """What has happened to a `row`, such as "Order 48213": of its newest hundred runs, and of
        its events without a run. Raises UsageError for a row that no plan of the store has."""
        named, shower, most_runs = row_of(row), Shower(self._store), MOST_RUNS
        entity, key = named
        require_rows((await self._store.plans())[0], entity)
        runs = RunFilter(entity=entity, row_key=key, limit=most_runs)
        of_event: dict[int, list[Loaded]] = {}
        for one in reversed(await self._store.runs(runs)):
            of_event.setdefault(one.event.id, []).append(one)
        traces = [await shower.trace(event_name(id_), some) for id_, some in of_event.items()]
        kept = await self._store.unmatched(
            UnmatchedFilter(entity=entity, row_key=key, limit=most_runs)
        )
        letters = await self._store.letters(
            LetterFilter(entity=entity, row_key=key, limit=most_runs)
        )
        alone = await shower.letters([one for one in reversed(letters) if one.run is None])
        shown = await self._unmatched(kept[::-1])
        return RowTrace(named, tuple(traces), tuple(shown), tuple(alone))

    async def why(self, row: str) -> list[Why]:
        """Of a `row`, such as "Order 48213": why its events that are kept without a run have none,
        newest first, by the plan that judged each. Raises UsageError as `trace_row` does."""
        from fql.store.showing.why import why  # by the plan, which is read for it

        entity, key = row_of(row)
        stored = (await self._store.plans())[0]
        require_rows(stored, entity)
        plans = {one.short: plan_of(one) for one in stored if one.blob}
        wanted = UnmatchedFilter(entity=entity, row_key=key, limit=MOST_RUNS)
        rows = await self._store.unmatched(wanted)
        shown = await self._unmatched(rows)
        return [why(one, seen, plans.get(one.plan)) for one, seen in zip(rows, shown, strict=True)]


def sensitive_fields(plan: Plan) -> Mapping[str, frozenset[str]]:
    """The fields of each entity whose values are not shown."""
    return {
        entity.name: frozenset(field.name for field in entity.fields if field.sensitive)
        for entity in plan.entities
    }


def run_filter(choice: RunChoice) -> RunFilter:
    """Which runs. Raises UsageError."""
    unknown = choice.keys() - RunChoice.__annotations__.keys()
    if unknown:
        raise UsageError(
            f"runs are not chosen by {min(unknown)!r}",
            hint=f"but by {', '.join(sorted(RunChoice.__annotations__))}",
        )
    event, state = choice.get("event"), choice.get("state")
    if event == "" or state not in (None, *RUN_STATES):
        raise UsageError(
            "the id of an event cannot be empty, and a run must have a known state",
            hint=f"states are {', '.join(RUN_STATES)}",
        )
    row, entity = key_and_entity(choice.get("row"), choice.get("entity"))
    number = parse_name(event) if event else None
    since, until = _period(choice)
    return RunFilter(
        ids=tuple(number_of(name, "run") for name in choice.get("ids", ())),
        event=number, event_id=None if number is not None else event,
        observer=choice.get("observer"), state=state, entity=entity, row_key=row, since=since,
        until=until, below=choice.get("after"), limit=most(choice.get("limit", 100)),
    )  # fmt: skip


def _event_filter(choice: EventChoice) -> EventFilter:
    since, until = _period(choice)
    return EventFilter(
        entity=choice.get("entity"), event_id=choice.get("id"), source=choice.get("source"),
        since=since, until=until, below=choice.get("after"), limit=most(choice.get("limit", 100)),
    )  # fmt: skip


def _unmatched_filter(choice: UnmatchedChoice) -> UnmatchedFilter:
    result = choice.get("result")
    if result not in (None, *RESULTS):
        raise UsageError(f"there is no result {result!r}", hint=f"it is {', '.join(RESULTS)}")
    row, entity = key_and_entity(choice.get("row"), choice.get("entity"))
    since, until = _period(choice)
    return UnmatchedFilter(
        entity=entity, row_key=row, result=result,
        event_id=choice.get("id"), source=choice.get("source"),
        since=since, until=until, below=choice.get("after"), limit=most(choice.get("limit", 100)),
    )  # fmt: skip


def _period(choice: Period) -> tuple[int | None, int | None]:
    since, until = _moment(choice.get("since")), _moment(choice.get("until"))
    if since is not None and until is not None and since >= until:
        raise UsageError("since is not before until: there is nothing between them")
    return since, until


def _moment(given: str | date | int | None) -> int | None:
    match given:
        case bool():
            return instant_of(str(given))
        case int():
            return given
        case _:
            return instant_of(given)
