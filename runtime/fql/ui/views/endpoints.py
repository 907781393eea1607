"""`/endpoints` and `/endpoints/NAME`: the receivers, and what becomes of what is sent there."""

from __future__ import annotations

from collections import Counter

from starlette.requests import Request
from starlette.responses import Response

from fql.store.showing.history import Minute
from fql.ui.asking import Asking
from fql.ui.desk import Desk, back, desk_of, form_of, listed, one, wants_json
from fql.ui.drawing.tiles import spark
from fql.ui.filters import endpoint_link, filters_of
from fql.ui.present.now import HELD
from fql.ui.present.numbers import HOUR, by_minute, down_since, hours_of
from fql.ui.present.receivers import Receiver, receivers
from fql.ui.present.state import COUNTS, GROUPS, HOURS, Seen, next_probe


async def endpoints(request: Request) -> Response:
    """All of the active plan, those with trouble first."""
    desk = desk_of(request)
    filters_of(request.query_params.multi_items(), ())
    found, _ = await _receivers(desk, await desk.asking(request))
    if wants_json(request):
        return listed([each.as_json() for each in found])
    return await desk.page(request, "endpoints", receivers=found)


async def endpoint(request: Request) -> Response:
    """One of them, with why it fails and what waits for it."""
    desk, name = desk_of(request), request.path_params["name"]
    filters_of(request.query_params.multi_items(), ())
    ask = await desk.asking(request)
    found, minutes = await _receivers(desk, ask)
    chosen = next((each for each in found if each.name == name), None)
    if chosen is None:
        text = f"The active plan sends nothing to {name}."
        return await desk.page(request, "gone", 410, text=text)
    if wants_json(request):
        return listed([chosen.as_json()])
    hour = by_minute((each for each in minutes if each.name == name), desk.wall())
    now = await desk.now(ask)
    return await desk.page(
        request, "endpoint", receiver=chosen, now=now, held=HELD,
        reasons=Counter(chosen.hour.why).most_common(),
        sent=spark([each.of("sent") for each in hour]),
        failed=spark([each.of("failed") for each in hour], "red",
                     top=max(1, *(each.of("sent") for each in hour))),
        probe=next_probe(chosen.now, now.heard) if chosen.now and chosen.is_open else "",
    )  # fmt: skip


async def _receivers(desk: Desk, ask: Asking) -> tuple[list[Receiver], list[Minute]]:
    """All of the active plan, and the numbers of the hour."""
    since = desk.wall() - HOUR
    plan = await ask.needed(desk.shelf.active)
    minutes = await ask.some(HOURS, lambda client: client.minutes(since, ("endpoint",)))
    if plan is None:
        return [], minutes
    seen = Seen(
        await ask.part(COUNTS, lambda client: client.counts(), None),
        await ask.part(GROUPS, lambda client: client.dead_letter_groups(), None),
        await desk.now(ask), down=down_since(minutes),
    )  # fmt: skip
    return receivers(plan, seen, hours_of(minutes, "endpoint")), minutes


async def pause(request: Request) -> Response:
    """Stop sending there."""
    await (await desk_of(request).commander()).pause(one(form_of(request), "name"))
    return _to_it(request)


async def resume(request: Request) -> Response:
    """Go on."""
    await (await desk_of(request).commander()).resume(one(form_of(request), "name"))
    return _to_it(request)


async def probe(request: Request) -> Response:
    """Let one action through an open circuit."""
    await (await desk_of(request).commander()).probe(one(form_of(request), "name"))
    return _to_it(request)


def _to_it(request: Request) -> Response:
    form = form_of(request)
    known = one(form, "back") == "one"
    return back(request, endpoint_link(one(form, "name")) if known else "/endpoints")
