"""`/events`: what became of each event, also of those that matched nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from starlette.requests import Request
from starlette.responses import Response

from fql.client import Client
from fql.errors import UsageError
from fql.exact.reading import read_object
from fql.hindsight import EventChoice, RunChoice, UnmatchedChoice
from fql.store.history.rows import RESULTS
from fql.store.showing.history import Unmatched
from fql.store.shown import RunShown
from fql.ui import filters
from fql.ui.asking import Asking
from fql.ui.desk import (
    Desk,
    arrived,
    back,
    desk_of,
    form_of,
    listed,
    newest_of,
    one,
    wants_json,
)
from fql.ui.filters import EVENTS, filters_of
from fql.ui.payload.nearest import Nearest, nearest

WITH_RUNS = "runs"
"""The result of an event that some observer matched."""
EXPLAINED = 20
"""Events of a page whose nearest condition is looked for."""
WHY = "why no observer matched"


@dataclass(frozen=True, slots=True)
class Told:
    """An event with what became of it: its runs, or why there are none."""

    at: str
    entity: str
    event: str
    id: str
    row: str
    place: tuple[int, int]
    runs: tuple[RunShown, ...] = ()
    without: Unmatched | None = None
    near: Nearest | None = None

    @property
    def result(self) -> str:
        """`runs`, `unmatched`, `unknown` or `refused`."""
        return self.without.result if self.without else WITH_RUNS

    def as_json(self) -> dict[str, object]:
        """For programs."""
        if self.without is not None:
            return self.without.as_json()
        return {"id": self.id, "entity": self.entity, "event": self.event, "at": self.at,
                "row_key": self.row, "result": WITH_RUNS,
                "runs": [run.as_json() for run in self.runs]}  # fmt: skip


async def events(request: Request) -> Response:
    """The newest that fit the filter, with the nearest condition of those without a run."""
    desk = desk_of(request)
    given = filters_of(request.query_params.multi_items(), (*EVENTS, filters.AFTER))
    last = filters.pair_of(given.pop(filters.AFTER, ""))
    ask = await desk.asking(request)
    size = desk.page_size
    told = [
        *(await ask.main("events without a run", lambda it: _without(it, given, last, size + 1))),
        *(await ask.main("events with runs", lambda it: _with_runs(it, given, last, size + 1))),
    ]
    found = sorted(told, key=lambda each: each.place, reverse=True)
    page = [await _explained(desk, ask, each) for each in found[:EXPLAINED]] + found[EXPLAINED:]
    page = page[:size]
    if wants_json(request):
        return listed([each.as_json() for each in page])
    names = [] if last else [f"{each.place[0]}.{each.place[1]}" for each in page]
    return await desk.page(
        request, "events", events=page, wanted=given, results=(WITH_RUNS, *RESULTS),
        plan=await desk.plan(ask), newest=newest_of(names),
        more=arrived(request, names), older=_older(found, given, size),
    )  # fmt: skip


def _older(found: Sequence[Told], given: Mapping[str, str], size: int) -> str:
    if len(found) <= size:
        return ""
    at, number = found[size - 1].place
    return filters.link("/events", given, after=f"{at}.{number}")


async def _without(
    client: Client, given: Mapping[str, str], last: tuple[int, int] | None, limit: int
) -> list[Told]:
    """Events that made no run."""
    if given.get("result") == WITH_RUNS:
        return []
    choice = UnmatchedChoice(
        entity=given.get("entity"), row=given.get("row"), id=given.get("id"),
        source=given.get("source"), since=given.get("since"), result=given.get("result"),
        after=last, limit=limit,
    )  # fmt: skip
    return [
        Told(each.at, each.entity, each.event, each.id, each.row_key, each.place, without=each)
        for each in await client.unmatched(**choice)
    ]


async def _with_runs(
    client: Client, given: Mapping[str, str], last: tuple[int, int] | None, limit: int
) -> list[Told]:
    """Events that made runs: of a row by its runs, else by the events."""
    if given.get("result") not in (None, WITH_RUNS):
        return []
    if "row" in given:
        by_row = RunChoice(
            row=given["row"], entity=given.get("entity"), event=given.get("id"),
            since=given.get("since"), after=last, limit=limit,
        )  # fmt: skip
        return list(_by_event(await client.runs(**by_row)))
    choice = EventChoice(
        entity=given.get("entity"), id=given.get("id"), source=given.get("source"),
        since=given.get("since"), after=last, limit=limit,
    )  # fmt: skip
    told = []
    for each in await client.events(**choice):
        runs = tuple(await client.runs(event=each.name))
        if runs:  # one without is among those that made no run
            at, row = each.received_at, runs[0].row_key
            told.append(
                Told(
                    at=at, entity=each.entity, event=each.event, id=each.id, row=row,
                    place=each.place, runs=runs,
                )
            )  # fmt: skip
    return told


def _by_event(runs: Sequence[RunShown]) -> Iterator[Told]:
    """Runs of the same event together; they are next to each other in the list."""
    found: dict[str, list[RunShown]] = {}
    for run in runs:
        found.setdefault(run.event_id, []).append(run)
    for some in found.values():
        last = some[-1]
        yield Told(
            at=last.started_at, entity=last.entity, event=last.event, id=last.event_id,
            row=last.row_key, place=last.place, runs=tuple(some),
        )  # fmt: skip


async def _explained(desk: Desk, ask: Asking, told: Told) -> Told:
    """With the observer that was nearest, for an event that nothing matched."""
    without = told.without
    if without is None or without.result != "unmatched":
        return told
    plan = await ask.part(WHY, lambda client: desk.shelf.of(client, without.plan), None)
    row = await ask.part(WHY, lambda client: client.unmatched_row(without.name), None)
    if plan is None or row is None:
        return told
    near = nearest(plan, row, desk.payloads)
    return replace(told, near=near)


async def emit_again(request: Request) -> Response:
    """The same change once more, as a new event without a key: the active plan judges it."""
    desk, form = desk_of(request), form_of(request)
    client = await desk.commander()
    row = await client.unmatched_row(one(form, "name"))
    if row is None or not row.payload:
        raise UsageError("this event is no longer kept", hint="change the row again instead")
    if desk.is_new(form):
        envelope: dict[str, object] = {"entity": row.entity, "event": row.kind}
        await client.emit({**envelope, **read_object(row.payload)})
    return back(request, f"/events?row={row.entity} {row.row_key}" if row.row_key else "/events")
