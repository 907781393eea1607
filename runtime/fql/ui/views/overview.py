"""`/`: is it keeping up, and what needs me."""

from __future__ import annotations

from itertools import chain

from starlette.requests import Request
from starlette.responses import Response

from fql.client import Client
from fql.plan.model import Observer, Plan
from fql.ui.desk import desk_of, listed, wants_json
from fql.ui.drawing.pictures import Picture, picture
from fql.ui.drawing.tiles import tiles_of
from fql.ui.drawing.traffic import Traffic, doing, names_of, traffic_of
from fql.ui.filters import filters_of
from fql.ui.payload.stored import hidden_letters
from fql.ui.present.numbers import DAY, HOUR, PERIODS, added, down_since, hours_of
from fql.ui.present.receivers import receivers
from fql.ui.present.state import Seen, needs_of, sentence_of

NEWEST = 8


async def overview(request: Request) -> Response:
    """The sentence, the needs, five numbers of the hour, an observer, the newest dead letters."""
    desk = desk_of(request)
    given = filters_of(request.query_params.multi_items(), ("observer", "period"))
    client, wall, now = await desk.client(), desk.wall(), await desk.now()
    counts, groups = await client.counts(), await client.dead_letter_groups()
    plan, size = await desk.shelf.active(client), await client.size()
    ends = await client.minutes(wall - HOUR, ("endpoint",))
    seen = Seen(counts, groups, now, size.disk, down_since(ends))
    needs = needs_of(seen)
    sentence = sentence_of(seen, needs)
    if wants_json(request):
        told = [f"{need.chip}: {need.subject} {need.text}".replace(":  ", ": ") for need in needs]
        return listed([{"sentence": sentence, "needs": told, "engine": now.state}])
    engine = await client.minutes(wall - DAY - HOUR, ("engine",))
    letters = await client.dead_letters(limit=NEWEST)
    period = given.get("period", "1h")
    return await desk.page(
        request, "overview", sentence=sentence, needs=needs, counts=counts, now=now, plan=plan,
        tiles=tiles_of(engine, wall, now, counts.runs.get("open", 0)),
        rate=added(one for one in engine if one.at >= wall - PERIODS["5m"]).of("sent") / 5,
        letters=await hidden_letters(desk.shelf, client, desk.payloads, letters),
        receivers=(
            [] if plan is None else receivers(plan, seen, hours_of(ends, "endpoint"))[:NEWEST]
        ),
        drawn=await _drawn(client, plan, given.get("observer", ""), seen,
                           wall - PERIODS.get(period, HOUR)),
        period=period, periods=PERIODS, observer=given.get("observer", ""),
    )  # fmt: skip


async def _drawn(
    client: Client, plan: Plan | None, wanted: str, seen: Seen, since: int
) -> Picture | None:
    """The observer that was chosen, else the one with most trouble, with its numbers."""
    chosen = None if plan is None else _chosen(plan, wanted, seen)
    if chosen is None:
        return None
    minutes = await client.minutes(since, ("observer", "action"), names_of(chosen))
    dead: dict[tuple[str, str], int] = {}
    for one in seen.groups:
        key = one.observer, one.action
        dead[key] = dead.get(key, 0) + one.number
    return picture(chosen, traffic_of(chosen, minutes, dead, seen.now))


def _chosen(plan: Plan, wanted: str, seen: Seen) -> Observer | None:
    def weight(one: Observer) -> tuple[int, int]:
        dead = sum(group.number for group in seen.groups if group.observer == one.name)
        held = [node for node in one.nodes if doing(one, node, Traffic(now=seen.now)).held]
        return dead, len(held)

    named = (one for one in plan.observers if one.name == wanted)
    worst = sorted(plan.observers, key=weight, reverse=True)
    return next(chain(named, worst), None)
