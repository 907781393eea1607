"""`/plan` and `/plan/DIGEST`: what is watched and sent, and what changed since the plan before."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from fql.engine.program.model import short_digest
from fql.plan.model import Plan, PlanNode
from fql.store.records import StoredPlan
from fql.store.shown import instant
from fql.ui.asking import Asking
from fql.ui.desk import Desk, desk_of, wants_json
from fql.ui.drawing.pictures import Picture, picture
from fql.ui.drawing.traffic import Traffic
from fql.ui.filters import filters_of
from fql.ui.present.state import GROUPS

UNSHOWN = ("auth.", "signing.", "encryption.")
MANY_OPEN = 1_000
"""Open runs that are counted by plan; beyond them it says so."""


@dataclass(frozen=True, slots=True)
class Policy:
    """A policy of an action: its key, its value in words, and who set it."""

    action: str
    key: str
    value: str
    origin: str


@dataclass(frozen=True, slots=True)
class Version:
    """A plan of the store. `runs` are open ones that go by it."""

    short: str
    digest: str
    at: str
    active: bool
    runs: int


@dataclass(frozen=True, slots=True)
class Drawn:
    """The observers that are drawn, of a `number`, and the policies of their actions by name."""

    pictures: tuple[Picture, ...]
    number: int
    policies: Mapping[str, list[Policy]]
    wanted: str


async def plan(request: Request) -> Response:
    """The active plan, or the one that is named."""
    desk = desk_of(request)
    given = filters_of(request.query_params.multi_items(), ("observer", "download"))
    ask = await desk.asking(request)
    named = request.path_params.get("digest", "")
    short = short_digest(named) if named else await ask.needed(lambda client: client.active())
    stored = await ask.needed(lambda client: client.stored_plans())
    found = next((one for one in stored if one.short == short), None)
    if named and found is None:
        text = "This plan is not in the store: one that no run and no dead letter needs is removed."
        return await desk.page(request, "gone", 410, text=text)
    if found is not None and (wants_json(request) or "download" in given):
        return _download(found)
    before = _before(stored, found)
    shown = await _stored_plan(desk, ask, found)
    older = await _stored_plan(desk, ask, before)
    versions, more = await _versions(ask, stored)
    return await desk.page(
        request, "plan", plan=shown, found=found, before=before, versions=versions, more=more,
        changes=_changes(desk, older, shown),
        drawn=await _drawn(desk, ask, shown, given.get("observer", "")),
    )  # fmt: skip


def _download(found: StoredPlan) -> Response:
    name = {"content-disposition": f'attachment; filename="plan-{found.short}.json"'}
    return Response(found.blob, media_type="application/json", headers=name)


async def _stored_plan(desk: Desk, ask: Asking, stored: StoredPlan | None) -> Plan | None:
    if stored is None:
        return None
    return await ask.needed(lambda client: desk.shelf.of(client, stored.short))


async def _drawn(desk: Desk, ask: Asking, shown: Plan | None, wanted: str) -> Drawn:
    """The observer that was chosen, or the first ones, with their policies."""
    groups = await ask.some(GROUPS, lambda client: client.dead_letter_groups())
    dead: Counter[tuple[str, str]] = Counter()
    for group in groups:
        dead[group.observer, group.action] += group.number
    observers = () if shown is None else shown.observers
    chosen = [one for one in observers if one.name == wanted] or list(observers)
    first = chosen[: desk.page_size]
    return Drawn(
        tuple(
            picture(one, Traffic(dead={n.name: dead[one.name, n.name] for n in one.nodes}))
            for one in first
        ),
        len(chosen),
        {one.name: policies_of(one.nodes) for one in first},
        wanted,
    )


async def _versions(ask: Asking, stored: Sequence[StoredPlan]) -> tuple[list[Version], bool]:
    active = await ask.needed(lambda client: client.active())
    open_runs = await ask.some(
        "open runs by plan", lambda client: client.runs(state="open", limit=MANY_OPEN)
    )
    runs = Counter(run.plan for run in open_runs)
    found = [
        Version(one.short, one.digest, instant(one.at) or "", one.short == active, runs[one.short])
        for one in reversed(stored)
    ]
    return found, len(open_runs) == MANY_OPEN


def _before(stored: Sequence[StoredPlan], found: StoredPlan | None) -> StoredPlan | None:
    """The plan that was stored before this one; `stored` has the oldest first."""
    older = [one for one in stored if found is not None and one.at < found.at]
    return older[-1] if older else None


def _changes(desk: Desk, old: Plan | None, new: Plan | None) -> list[tuple[str, str]]:
    if old is None or new is None:
        return []
    return list((desk.differences or differences)(old, new))


def differences(old: Plan, new: Plan) -> list[tuple[str, str]]:
    """What can be told without a compiler: which parts are new, gone or changed. Pure."""
    told: list[tuple[str, str]] = []
    for kind in ("observer", "endpoint", "entity", "enum", "type"):
        field = "entities" if kind == "entity" else f"{kind}s"
        before = {one.name: one for one in getattr(old, field)}
        after = {one.name: one for one in getattr(new, field)}
        for name in sorted(before.keys() | after.keys()):
            if name not in before or name not in after:
                told.append((f"{kind} {name}", "is new" if name in after else "is gone"))
            elif before[name] != after[name]:
                told.append((f"{kind} {name}", "has changed"))
    return told


def policies_of(nodes: Sequence[PlanNode]) -> list[Policy]:
    """The policies of actions that somebody has set, with who did. What proves who we are is left
    out. Pure."""
    return [
        Policy(node.name, key, str(setting.value), str(setting.origin))
        for node in nodes
        for key, setting in node.policies.items()
        if not setting.origin.built_in and not key.startswith(UNSHOWN)
    ]
