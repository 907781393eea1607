"""`/endpoints`: the receivers, and what becomes of what is sent there."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from starlette.requests import Request
from starlette.responses import Response

from fql.engine.program.receivers import endpoint_name
from fql.plan.language.expressions import Constant, Expr
from fql.plan.model import Plan
from fql.plan.show import show
from fql.plan.stored.codec import load_expression
from fql.store.choosing import LetterGroup
from fql.store.shown import instant
from fql.ui.desk import back, desk_of, form_of, listed, one, wants_json
from fql.ui.drawing.numbers import HOUR, Hour, hours_of
from fql.ui.filters import filters_of


@dataclass(frozen=True, slots=True)
class Receiver:
    """An endpoint, and the actions that send to it."""

    name: str
    url: str
    actions: tuple[str, ...]
    paused: bool
    dead: int
    since: str = ""
    hour: Hour = field(default_factory=Hour)


async def endpoints(request: Request) -> Response:
    """All of the active plan, those with trouble first."""
    desk = desk_of(request)
    filters_of(request.query_params.multi_items(), ())
    client = await desk.client()
    plan, counts = await desk.shelf.active(client), await client.counts()
    groups = await client.dead_letter_groups()
    hours = hours_of(await client.minutes(int(time.time() * 1000) - HOUR), "endpoint")
    found = [] if plan is None else receivers(plan, counts.paused, groups, hours)
    if wants_json(request):
        return listed([{"name": r.name, "url": r.url, "paused": r.paused, "dead": r.dead,
                        "dead_since": r.since or None, "sent": r.hour.of("sent"),
                        "failed": r.hour.of("failed"), "p50": r.hour.p50, "p95": r.hour.p95}
                       for r in found])  # fmt: skip
    return await desk.page(request, "endpoints", receivers=found, plan=plan)


def receivers(
    plan: Plan,
    paused: frozenset[str],
    groups: Sequence[LetterGroup],
    hours: Mapping[str, Hour],
) -> list[Receiver]:
    """Names that can be paused, with what is sent there. Pure."""
    urls = {one.name: _url_text(load_expression(one.url)) for one in plan.endpoints}
    users: dict[str, list[str]] = {name: [] for name in urls}
    for observer in plan.observers:
        for node in observer.nodes:
            users.setdefault(endpoint_name(node, {}), []).append(f"{observer.name}.{node.name}")
    found = []
    for name, actions in users.items():
        mine = [one for one in groups if f"{one.observer}.{one.action}" in actions]
        since = instant(min((one.oldest for one in mine), default=None)) or ""
        dead = sum(one.number for one in mine)
        found.append(
            Receiver(
                name=name, url=urls.get(name, ""), actions=tuple(actions), paused=name in paused,
                dead=dead, since=since, hour=hours.get(name, Hour()),
            )
        )  # fmt: skip
    return sorted(found, key=lambda one: (not one.paused, -one.dead, one.name))


def _url_text(url: Expr) -> str:
    return (
        url.value
        if isinstance(url, Constant) and isinstance(url.value, str)
        else show(url).strip('"')
    )


async def pause(request: Request) -> Response:
    """Stop sending there."""
    await (await desk_of(request).client()).pause(one(form_of(request), "name"))
    return back(request, "/endpoints")


async def resume(request: Request) -> Response:
    """Go on."""
    await (await desk_of(request).client()).resume(one(form_of(request), "name"))
    return back(request, "/endpoints")
