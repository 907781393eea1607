"""`/runs`: what was done with each event, and when."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from fql.hindsight import RUN_STATES, RunChoice
from fql.plan.model import Observer, Plan
from fql.store.shown import Attempt, RunShown
from fql.ui.desk import arrived, back, desk_of, form_of, listed, newest_of, one, wants_json
from fql.ui.drawing.bars import bars_of
from fql.ui.filters import AFTER, RUNS, filters_of, link, pair_of
from fql.ui.payload.hiding import Hiding
from fql.ui.payload.request import Written, hiding_of, written
from fql.ui.payload.stored import hidden_trace

CHOSEN = ("action", "attempt")
"""Which attempt of a run is shown with its request and answer."""


async def runs(request: Request) -> Response:
    """The newest that fit the filter."""
    desk = desk_of(request)
    given = filters_of(request.query_params.multi_items(), (*RUNS, AFTER))
    last = pair_of(given.pop(AFTER, ""))
    ask = await desk.asking(request)
    choice = RunChoice(
        observer=given.get("observer"), state=given.get("state"), entity=given.get("entity"),
        row=given.get("row"), event=given.get("event"), since=given.get("since"), after=last,
        limit=desk.page_size + 1,
    )  # fmt: skip
    found = await ask.main("the runs", lambda client: client.runs(**choice))
    page = found[: desk.page_size]
    if wants_json(request):
        return listed([run.as_json() for run in page])
    names = [] if last else [each.run for each in page]
    return await desk.page(
        request, "runs", runs=page, older=_older(found, given, desk.page_size), wanted=given,
        states=RUN_STATES, plan=await desk.plan(ask), newest=newest_of(names),
        more=arrived(request, names),
    )  # fmt: skip


def _older(found: list[RunShown], given: dict[str, str], size: int) -> str:
    if len(found) <= size:
        return ""
    at, number = found[size - 1].place
    return link("/runs", given, after=f"{at}.{number}")


async def run(request: Request) -> Response:
    """One run: its actions over time, the chosen attempt with request and answer."""
    desk = desk_of(request)
    given = filters_of(request.query_params.multi_items(), CHOSEN)
    ask = await desk.asking(request)
    found = await ask.needed(lambda client: client.trace(request.path_params["id"]))
    if not found.runs:
        text = "This run is not in the store: finished runs are removed after `keep_runs`."
        return await desk.page(request, "gone", 410, text=text)
    trace = await ask.needed(lambda it: hidden_trace(desk.shelf, it, desk.payloads, found))
    if wants_json(request):
        return listed([trace.as_json()])
    shown = trace.runs[0]
    plan = await ask.needed(lambda client: desk.shelf.of(client, shown.plan))
    attempts = trace.attempts.get(shown.run, ())
    chosen = _chosen(shown, attempts, given)
    (loaded,) = await ask.needed(lambda client: client.stored_runs([shown.run]))
    sent = None
    if plan is not None and chosen.action:
        hiding = hiding_of(loaded, plan, Hiding(desk.payloads))
        sent = written(plan, loaded, chosen.action, hiding)
    return await desk.page(
        request, "run", run=shown, trace=trace, attempts=attempts, chosen=chosen, sent=sent,
        bars=bars_of(shown, attempts, desk.wall(), _observer(plan, shown)),
        row=loaded.run.row_key, story=_story(shown, attempts),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Chosen:
    """What the two cards below the time axis show."""

    action: str
    attempt: Attempt | None
    sent: Written | None = None


def _chosen(run: RunShown, attempts: tuple[Attempt, ...], given: dict[str, str]) -> Chosen:
    """As the URL says; else the last attempt that failed, else the last one."""
    failed = [each for each in attempts if each.error is not None or (each.status or 0) >= 400]
    last = (failed or list(attempts))[-1:]
    wanted = given.get("action", last[0].action if last else run.nodes[0]["name"])
    mine = [each for each in attempts if each.action == wanted]
    number = given.get("attempt", "")
    picked = [each for each in mine if str(each.number) == number] or mine[-1:]
    names = [str(node["name"]) for node in run.nodes]
    return Chosen(wanted if wanted in names else names[0], picked[0] if picked else None)


def _observer(plan: Plan | None, run: RunShown) -> Observer | None:
    observers = () if plan is None else plan.observers
    return next((each for each in observers if each.name == run.observer), None)


def _story(run: RunShown, attempts: tuple[Attempt, ...]) -> list[tuple[str, str]]:
    """What is to be said of each action that is dead: its name, and the end of it."""
    told = []
    for node in run.nodes:
        mine = [each for each in attempts if each.action == node["name"]]
        if node["state"] == "dead" and mine:
            what = mine[-1].status or (mine[-1].error or "no answer").partition(":")[0]
            tries = f"{len(mine)} attempt{'' if len(mine) == 1 else 's'}"
            told.append((node["name"], f"gave up after {tries} with {what}"))
        elif node["state"] == "dead":
            told.append((node["name"], "gave up before it was sent"))
    return told


async def cancel(request: Request) -> Response:
    """Stop what has not been sent."""
    name = request.path_params["id"]
    await (await desk_of(request).commander()).cancel(run=name)
    return back(request, f"/runs/{name}")


async def resend(request: Request) -> Response:
    """Send what is done once more."""
    desk, name, form = desk_of(request), request.path_params["id"], form_of(request)
    client = await desk.commander()
    if desk.is_new(form):
        await client.resend(name, action=one(form, "action"), new_key=one(form, "new_key") == "yes")
    return back(request, f"/runs/{name}")
