"""`/`: is it keeping up, and what needs me."""

from __future__ import annotations

from itertools import chain

from starlette.requests import Request
from starlette.responses import Response

from fql.client import Client
from fql.plan.model import Observer, Plan
from fql.store.shown import DeadLetter
from fql.ui.asking import Asking
from fql.ui.desk import NO_SIZE, Desk, desk_of, listed, wants_json
from fql.ui.drawing.pictures import Picture, picture
from fql.ui.drawing.tiles import tiles_of
from fql.ui.drawing.traffic import Traffic, doing, names_of, traffic_of
from fql.ui.filters import filters_of
from fql.ui.payload.stored import hidden_letters
from fql.ui.present.numbers import DAY, HOUR, PERIODS, added, down_since, hours_of
from fql.ui.present.receivers import receivers
from fql.ui.present.state import COUNTS, GROUPS, HOURS, Seen, needs_of, sentence_of

NEWEST = 8


async def overview(request: Request) -> Response:
    """The sentence, the needs, five numbers of the hour, an observer, the newest dead letters."""
    desk = desk_of(request)
    given = filters_of(request.query_params.multi_items(), ("observer", "period"))
    ask, wall = await desk.asking(request), desk.wall()
    now, plan = await desk.now(ask), await desk.plan(ask)
    counts = await ask.part(COUNTS, lambda client: client.counts(), None)
    groups = await ask.part(GROUPS, lambda client: client.dead_letter_groups(), None)
    size = await ask.part("the size of the store", lambda client: client.size(), NO_SIZE)
    ends = await ask.some(HOURS, lambda it: it.minutes(wall - HOUR, ("endpoint",)))
    letters = await ask.some("the newest dead letters", lambda it: _newest(desk, it))
    last = {f"{one.observer}.{one.action}": one.reason for one in reversed(letters)}
    seen = Seen(counts, groups, now, size.disk, down_since(ends), last)
    needs = needs_of(seen)
    sentence = sentence_of(seen, needs)
    if wants_json(request):
        told = [f"{need.chip}: {need.subject} {need.text}".replace(":  ", ": ") for need in needs]
        return listed([{"sentence": sentence, "needs": told, "engine": now.state}])
    engine = await ask.some(
        "the numbers of the day", lambda it: it.minutes(wall - DAY - HOUR, ("engine",))
    )
    period = given.get("period", "1h")
    return await desk.page(
        request, "overview", sentence=sentence, needs=needs, counts=counts, now=now, plan=plan,
        tiles=tiles_of(engine, wall, now, None if counts is None else counts.runs.get("open", 0)),
        rate=added(one for one in engine if one.at >= wall - PERIODS["5m"]).of("sent") / 5,
        letters=letters,
        receivers=(
            [] if plan is None else receivers(plan, seen, hours_of(ends, "endpoint"))[:NEWEST]
        ),
        drawn=await _drawn(ask, plan, given.get("observer", ""), seen,
                           wall - PERIODS.get(period, HOUR)),
        period=period, periods=PERIODS, observer=given.get("observer", ""),
    )  # fmt: skip


async def _newest(desk: Desk, client: Client) -> list[DeadLetter]:
    letters = await client.dead_letters(limit=NEWEST)
    return await hidden_letters(desk.shelf, client, desk.payloads, letters)


async def _drawn(
    ask: Asking, plan: Plan | None, wanted: str, seen: Seen, since: int
) -> Picture | None:
    """The observer that was chosen, else the one with most trouble, with its numbers."""
    chosen = None if plan is None else _chosen(plan, wanted, seen)
    if chosen is None:
        return None
    kinds, names = ("observer", "action"), names_of(chosen)
    minutes = await ask.part(
        "what went along each arrow", lambda client: client.minutes(since, kinds, names), None
    )
    dead: dict[tuple[str, str], int] = {}
    for one in seen.groups or ():
        key = one.observer, one.action
        dead[key] = dead.get(key, 0) + one.number
    return picture(chosen, traffic_of(chosen, minutes, dead, seen.now))


def _chosen(plan: Plan, wanted: str, seen: Seen) -> Observer | None:
    def weight(one: Observer) -> tuple[int, int]:
        dead = sum(group.number for group in seen.groups or () if group.observer == one.name)
        held = [node for node in one.nodes if doing(one, node, Traffic(now=seen.now)).held]
        return dead, len(held)

    named = (one for one in plan.observers if one.name == wanted)
    worst = sorted(plan.observers, key=weight, reverse=True)
    return next(chain(named, worst), None)
