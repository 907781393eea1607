"""`/find?q=`: go to what an id names, or show what may be meant."""

from __future__ import annotations

from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from fql.errors import UsageError
from fql.store.shown import Trace
from fql.ui.asking import Asking
from fql.ui.desk import Desk, back, desk_of, listed, wants_json
from fql.ui.filters import filters_of
from fql.ui.payload.stored import hidden_trace

PLACES = {"dlq_": "/dead/", "run_": "/runs/"}
"""What an id begins with, and where it leads."""


async def find(request: Request) -> Response:
    """A run, a dead letter, an event by its own id or by a receipt's."""
    desk = desk_of(request)
    text = filters_of(request.query_params.multi_items(), ("q",)).get("q", "").strip()
    for start, path in PLACES.items():
        if text.startswith(start) and "/" not in text:
            return back(request, f"{path}{text}")
    if " " in text:
        return back(request, f"/events?{urlencode({'row': text})}")
    ask = await desk.asking(request)
    found = await _story(desk, ask, text) if text else None
    if wants_json(request):
        return listed([] if found is None else [found.as_json()])
    if found is not None and len(found.runs) == 1:
        return back(request, f"/runs/{found.runs[0].run}")
    return await desk.page(request, "find", query=text, trace=found)


async def _story(desk: Desk, ask: Asking, text: str) -> Trace | None:
    try:
        found = await ask.needed(lambda client: client.trace(text))
    except UsageError:
        return None
    return await ask.needed(lambda it: hidden_trace(desk.shelf, it, desk.payloads, found))
