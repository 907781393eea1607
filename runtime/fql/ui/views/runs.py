"""`/runs`: what was done with each event, and when."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from fql.client import RUN_STATES
from fql.ui.bars import bars_of
from fql.ui.desk import back, desk_of, form_of, listed, one, wants_json
from fql.ui.filters import RUNS, filters_of


async def runs(request: Request) -> Response:
    """The newest that fit the filter."""
    desk = desk_of(request)
    given = filters_of(request.query_params.multi_items(), RUNS)
    client = await desk.client()
    found = await client.runs(
        observer=given.get("observer"), state=given.get("state"), event=given.get("event"),
        limit=desk.page_size,
    )  # fmt: skip
    if wants_json(request):
        return listed([run.as_json() for run in found])
    return desk.page(
        request, "runs", runs=found, wanted=given, states=RUN_STATES, plan=await client.plan()
    )


async def run(request: Request) -> Response:
    """One run: its actions over time, its attempts, its dead letters."""
    desk = desk_of(request)
    name = request.path_params["id"]
    trace = await (await desk.client()).trace(name)
    if not trace.runs:
        text = "This run is not in the store: finished runs are removed after `keep_runs`."
        return desk.page(request, "gone", 410, text=text)
    if wants_json(request):
        return listed([trace.as_json()])
    shown = trace.runs[0]
    attempts = trace.attempts.get(shown.run, ())
    bars = bars_of(shown, attempts, desk.wall())
    return desk.page(request, "run", run=shown, trace=trace, attempts=attempts, bars=bars)


async def cancel(request: Request) -> Response:
    """Stop what has not been sent."""
    name = request.path_params["id"]
    await (await desk_of(request).client()).cancel(run=name)
    return back(request, f"/runs/{name}")


async def resend(request: Request) -> Response:
    """Send what is done once more."""
    name, form = request.path_params["id"], form_of(request)
    client = await desk_of(request).client()
    await client.resend(name, action=one(form, "action"), new_key=one(form, "new_key") == "yes")
    return back(request, f"/runs/{name}")
