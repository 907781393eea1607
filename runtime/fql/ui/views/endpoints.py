"""`/endpoints`: the receivers, and what becomes of what is sent there."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from fql.engine.program.receivers import endpoint_name
from fql.plan.language.expressions import Constant, Expr
from fql.plan.model import Plan
from fql.plan.show import show
from fql.plan.stored.codec import load_expression
from fql.ui.desk import back, desk_of, form_of, listed, one, wants_json
from fql.ui.filters import filters_of


@dataclass(frozen=True, slots=True)
class Receiver:
    """An endpoint, and the actions that send to it."""

    name: str
    url: str
    actions: tuple[str, ...]
    paused: bool
    dead: int


async def endpoints(request: Request) -> Response:
    """All of the active plan, those with trouble first."""
    desk = desk_of(request)
    filters_of(request.query_params.multi_items(), ())
    client = await desk.client()
    plan, counts = await desk.shelf.active(client), await client.counts()
    dead = {f"{g.observer}.{g.action}": g.number for g in await client.dead_letter_groups()}
    found = [] if plan is None else receivers(plan, counts.paused, dead)
    if wants_json(request):
        return listed([{"name": r.name, "url": r.url, "paused": r.paused, "dead": r.dead}
                       for r in found])  # fmt: skip
    return await desk.page(request, "endpoints", receivers=found, plan=plan)


def receivers(plan: Plan, paused: frozenset[str], dead: dict[str, int]) -> list[Receiver]:
    """Names that can be paused, with what is sent there. Pure."""
    urls = {one.name: _shown(load_expression(one.url)) for one in plan.endpoints}
    users: dict[str, list[str]] = {name: [] for name in urls}
    for observer in plan.observers:
        for node in observer.nodes:
            users.setdefault(endpoint_name(node, {}), []).append(f"{observer.name}.{node.name}")
    found = [
        Receiver(name, urls.get(name, ""), tuple(actions), name in paused,
                 sum(dead.get(action, 0) for action in actions))
        for name, actions in users.items()
    ]  # fmt: skip
    return sorted(found, key=lambda one: (not one.paused, -one.dead, one.name))


def _shown(url: Expr) -> str:
    return url.value if isinstance(url, Constant) and isinstance(url.value, str) else show(url)


async def pause(request: Request) -> Response:
    """Stop sending there."""
    await (await desk_of(request).client()).pause(one(form_of(request), "name"))
    return back(request, "/endpoints")


async def resume(request: Request) -> Response:
    """Go on."""
    await (await desk_of(request).client()).resume(one(form_of(request), "name"))
    return back(request, "/endpoints")
