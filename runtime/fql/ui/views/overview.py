"""`/`: is it keeping up, and what needs me."""

from __future__ import annotations

import time

from starlette.requests import Request
from starlette.responses import Response

from fql.plan.model import Plan
from fql.ui.desk import desk_of
from fql.ui.drawing.numbers import HOUR, hours_of
from fql.ui.drawing.pictures import Picture, picture
from fql.ui.payload.stored import hidden_letters
from fql.ui.state import needs_of, sentence_of

NEWEST = 8


async def overview(request: Request) -> Response:
    """The sentence, the needs, the last hour, an observer, the newest dead letters."""
    desk = desk_of(request)
    client = await desk.client()
    counts, groups = await client.counts(), await client.dead_letter_groups()
    plan = await desk.shelf.active(client)
    needs = needs_of(counts, groups)
    dead = {(group.observer, group.action): group.number for group in groups}
    letters = await client.dead_letters(limit=NEWEST)
    minutes = await client.minutes(int(time.time() * 1000) - HOUR)
    return await desk.page(
        request, "overview", sentence=sentence_of(counts, needs), needs=needs, counts=counts,
        hour=hours_of(minutes, "engine").get(""),
        letters=await hidden_letters(desk.shelf, client, desk.payloads, letters),
        runs=await client.runs(limit=NEWEST),
        drawn=_drawn(plan, request.query_params.get("observer", ""), dead), plan=plan,
    )  # fmt: skip


def _drawn(plan: Plan | None, wanted: str, dead: dict[tuple[str, str], int]) -> Picture | None:
    """The observer that was chosen, else the one with the most dead letters."""
    if plan is None or not plan.observers:
        return None

    def weight(name: str) -> int:
        return sum(number for (observer, _), number in dead.items() if observer == name)

    observers = {one.name: one for one in plan.observers}
    worst = max(plan.observers, key=lambda one: weight(one.name))
    return picture(observers.get(wanted, worst), dead)
