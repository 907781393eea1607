"""What changes for receivers between two plans, in plain words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from fql.plan.kinds import arguments_of
from fql.plan.model import Edge, Endpoint, Json, JudgedBy, Observer, Plan, PlanNode, Policies
from fqlc.emit.picture import condition_text, on_text, target_text
from fqlc.emit.policy_text import value_text
from fqlc.exporting.actions import Action, actions_of
from fqlc.exporting.breaking import answer_breaks, body_breaks, header_breaks, policy_breaks
from fqlc.exporting.changes.model import Area, Change, documented, named
from fqlc.exporting.changes.rows import row_changes
from fqlc.exporting.changes.words import body_changes, header_changes, was_and_is

__all__ = ["Area", "Change", "differences"]

NO_ARGUMENTS: Json = {"op": "object", "t": "Object", "entries": []}
"""What a call without arguments gives."""

SHAPING = ("auth.", "encryption.", "signing.", "batch.size")
"""Policies that change what a receiver reads, not only when and how often it comes."""
ORDER_ONLY = "are in a different order"
"""How the words of a change end that no reader of JSON notices."""


def differences(old: Plan, new: Plan) -> tuple[Change, ...]:
    """All changes, the gravest area first."""
    found = [
        *_observers(old, new),
        *_endpoints(old, new),
        *row_changes(old, new),
        *_limits(old, new),
        *_environment(old, new),
    ]
    if not found and _without_compiler(old) != _without_compiler(new):
        found.append(Change(Area.COSMETIC, "plan", "only words, places or sources changed"))
    order = list(Area)
    return tuple(sorted(found, key=lambda c: (order.index(c.area), c.where)))


def _without_compiler(plan: Plan) -> object:
    return plan.model_dump(exclude={"compiler", "digest"})


def _observers(old: Plan, new: Plan) -> Iterator[Change]:
    before, after = named(old.observers), named(new.observers)
    sent = _by_observer(old), _by_observer(new)
    for name in sorted(before.keys() | after.keys()):
        where = f"observer {name}"
        if name not in after:
            words = "is gone: its events reach nobody"
            yield Change(Area.TRIGGERS, where, words, breaking=True)
        elif name not in before:
            yield Change(Area.TRIGGERS, where, f"is new: it watches {on_text(after[name])}")
        else:
            yield from _observer(where, before[name], after[name])
            yield from _actions(where, sent[0].get(name, {}), sent[1].get(name, {}))


def _by_observer(plan: Plan) -> dict[str, dict[str, Action]]:
    found: dict[str, dict[str, Action]] = {}
    for action in actions_of(plan):
        found.setdefault(action.observer.name, {})[action.node.name] = action
    return found


def _observer(where: str, old: Observer, new: Observer) -> Iterator[Change]:
    if on_text(old) != on_text(new):
        yield Change(Area.TRIGGERS, where, f"watches {on_text(new)}, previously {on_text(old)}")
    if old.when != new.when:
        yield Change(Area.TRIGGERS, where, _when(old, new))
    if old.order_by != new.order_by:
        words = f"runs are ordered by {_order(new)}, previously by {_order(old)}"
        yield Change(Area.DELIVERY, where, words)
    if old.edges != new.edges:
        yield Change(Area.DELIVERY, where, _edges(old, new))
    yield from documented(where, old, new)


def _when(old: Observer | PlanNode, new: Observer | PlanNode) -> str:
    return f"the condition {was_and_is(old.when, new.when, without='true')}"


def _order(observer: Observer) -> str:
    order = observer.order_by
    return f"`{condition_text(order.by)}` ({order.on_dead})" if order else "nothing"


def _edges(old: Observer, new: Observer) -> str:
    before, after = ({_edge(e) for e in o.edges} for o in (old, new))
    parts = [f"new {edge}" for edge in sorted(after - before)]
    parts += [f"gone {edge}" for edge in sorted(before - after)]
    return f"the flow changed: {', '.join(parts) or 'its order'}"


def _edge(edge: Edge) -> str:
    arrow = "else" if edge.kind == "failure" else "->"
    return f"`{edge.source or 'event'} {arrow} {edge.to}`"


def _actions(
    observer: str, before: Mapping[str, Action], after: Mapping[str, Action]
) -> Iterator[Change]:
    for name in sorted(before.keys() | after.keys()):
        where = f"{observer}, action {name}"
        if name not in after:
            yield Change(Area.TRIGGERS, where, "is gone", breaking=True)
        elif name not in before:
            target = target_text(after[name].node.config)
            yield Change(Area.TRIGGERS, where, f"is new: it sends {target}")
        else:
            yield from _action(where, before[name], after[name])


def _action(where: str, old: Action, new: Action) -> Iterator[Change]:
    if old.node.when != new.node.when:
        yield Change(Area.TRIGGERS, where, _when(old.node, new.node))
    before, after = old.node.config, new.node.config
    if target_text(before) != target_text(after):
        words = f"sends {target_text(after)}, previously {target_text(before)}"
        yield Change(Area.PAYLOAD, where, words, breaking=True)
    if before.format != after.format:
        words = f"the body is sent as {after.format}, previously as {before.format}"
        yield Change(Area.PAYLOAD, where, words, breaking=True)
    yield from _bodies(where, old, new)
    if words := header_changes(before.headers, after.headers):
        breaks = header_breaks(before.headers, after.headers)
        yield Change(Area.PAYLOAD, where, f"the headers changed: {words}", breaking=breaks)
    if before.response != after.response:
        one, other = (c.response or "JSON" for c in (before, after))
        words = f"answers must be {other}, previously {one}"
        yield Change(Area.DELIVERY, where, words, breaking=bool(answer_breaks(old, new)))
    elif unfit := answer_breaks(old, new):
        words = f"answers that fitted before may not fit: {'; '.join(unfit)}"
        yield Change(Area.DELIVERY, where, words, breaking=True)
    yield from _judged_by(where, old.node.contract, new.node.contract)
    yield from _policies(where, _own(old.node.policies), _own(new.node.policies))
    yield from documented(where, old.node, new.node)


def _judged_by(where: str, old: JudgedBy | None, new: JudgedBy | None) -> Iterator[Change]:
    """What the receiver says of itself; nothing that is sent to it changes by that."""
    if old == new:
        return
    if old is None or new is None:
        one = old or new
        words = "no longer judged by its contract" if new is None else "judged by a contract"
        named = f": {_operation(one)}" if one is not None else ""
        yield Change(Area.DELIVERY, where, f"is {words}{named}")
    elif _operation(old) != _operation(new):
        words = f"is judged by {_operation(new)}, previously by {_operation(old)}"
        yield Change(Area.DELIVERY, where, words)
    else:
        words = f"what its contract says of it changed: {_operation(new)}"
        yield Change(Area.DELIVERY, where, words)


def _operation(judged: JudgedBy) -> str:
    return f"`{judged.operation}` of {judged.file}" if judged.operation else judged.file


def _bodies(where: str, old: Action, new: Action) -> Iterator[Change]:
    """How the body or the arguments change, in the words of their expressions; where these are the
    same and only what they are made of is another, by what receivers would find."""
    breaks = body_breaks(old, new)
    before, after = old.node.config, new.node.config
    told = False
    if words := body_changes(before.body, after.body):
        moved = all(part.endswith(ORDER_ONLY) for part in words.split("; "))
        area = Area.COSMETIC if moved and not breaks else Area.PAYLOAD
        yield Change(area, where, f"the body changed: {words}", breaking=bool(breaks))
        told = True
    if words := body_changes(*(arguments_of(one) or NO_ARGUMENTS for one in (before, after))):
        words = f"the arguments changed: {words}"
        yield Change(Area.PAYLOAD, where, words, breaking=bool(breaks))
        told = True
    if breaks and not told:
        words = f"what is sent no longer fits what was: {'; '.join(breaks)}"
        yield Change(Area.PAYLOAD, where, words, breaking=True)


def _own(policies: Policies) -> Policies:
    """Without what an action has from its endpoint, where the change is told once."""
    return {k: s for k, s in policies.items() if not s.origin.of_endpoint}


def _policies(where: str, old: Policies, new: Policies) -> Iterator[Change]:
    for key in sorted(old.keys() | new.keys()):
        before = old[key].value if key in old else None
        after = new[key].value if key in new else None
        if before != after and value_text(key, before) != value_text(key, after):
            words = f"`{key}` is {value_text(key, after)}, previously {value_text(key, before)}"
            area = Area.PAYLOAD if key.startswith(SHAPING) else Area.DELIVERY
            yield Change(area, where, words, policy_breaks(key, before, after))


def _endpoints(old: Plan, new: Plan) -> Iterator[Change]:
    before, after = named(old.endpoints), named(new.endpoints)
    for name in sorted(before.keys() & after.keys()):
        yield from _endpoint(f"endpoint {name}", before[name], after[name])


def _endpoint(where: str, old: Endpoint, new: Endpoint) -> Iterator[Change]:
    if old.url != new.url:
        words = f"the url {was_and_is(old.url, new.url)}"
        yield Change(Area.PAYLOAD, where, words, breaking=True)
    if words := header_changes(old.headers, new.headers):
        breaks = header_breaks(old.headers, new.headers)
        yield Change(Area.PAYLOAD, where, f"the headers changed: {words}", breaking=breaks)
    yield from _policies(where, old.policies, new.policies)
    yield from documented(where, old, new)


def _limits(old: Plan, new: Plan) -> Iterator[Change]:
    before, after = ({li.endpoint: li.policies for li in plan.limits} for plan in (old, new))
    known = named(new.endpoints).keys() & named(old.endpoints).keys()
    for name in sorted((before.keys() | after.keys()) - known):
        yield from _policies(f"endpoint {name}", before.get(name, {}), after.get(name, {}))


def _environment(old: Plan, new: Plan) -> Iterator[Change]:
    before, after = named(old.environment), named(new.environment)
    for name in sorted(after.keys() - before.keys()):
        users = ", ".join(after[name].used_by)
        yield Change(Area.DELIVERY, f"${{{name}}}", f"must be set now: {users} needs it")
    for name in sorted(before.keys() - after.keys()):
        yield Change(Area.COSMETIC, f"${{{name}}}", "is not needed any more")
