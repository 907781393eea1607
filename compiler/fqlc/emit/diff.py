"""What changes for receivers between two plans, in plain words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from fqlc.emit.diff_model import Area, Change, Stored, documented, named
from fqlc.emit.diff_rows import row_changes
from fqlc.emit.diff_shapes import body_changes, header_changes, was_and_is
from fqlc.emit.picture import condition_text, target_text
from fqlc.emit.policy_text import value_text

__all__ = ["Area", "Change", "differences"]

SHAPING = ("auth.", "encryption.", "signing.", "batch.size")
"""Policies that change what a receiver reads, not only when and how often it comes."""
ORDER_ONLY = "come in another order"
"""How the words of a change end that no reader of JSON notices."""


def differences(old: Stored, new: Stored) -> tuple[Change, ...]:
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


def _without_compiler(plan: Stored) -> dict[str, Any]:
    return {key: value for key, value in plan.items() if key not in ("compiler", "digest")}


def _observers(old: Stored, new: Stored) -> Iterator[Change]:
    before, after = named(old["observers"]), named(new["observers"])
    for name in sorted(before.keys() | after.keys()):
        where = f"observer {name}"
        if name not in after:
            yield Change(Area.TRIGGERS, where, "is gone: its events reach nobody")
        elif name not in before:
            yield Change(Area.TRIGGERS, where, f"is new: it watches {_on(after[name])}")
        else:
            yield from _observer(where, before[name], after[name])


def _on(observer: Stored) -> str:
    return ", ".join(f"{t['entity']}.{t['event']}" for t in observer["on"])


def _observer(where: str, old: Stored, new: Stored) -> Iterator[Change]:
    if _on(old) != _on(new):
        yield Change(Area.TRIGGERS, where, f"watches {_on(new)}, before {_on(old)}")
    if old["when"] != new["when"]:
        yield Change(Area.TRIGGERS, where, _when(old, new))
    if old["order_by"] != new["order_by"]:
        words = f"runs are ordered by {_order(new)}, before by {_order(old)}"
        yield Change(Area.DELIVERY, where, words)
    if old["edges"] != new["edges"]:
        yield Change(Area.DELIVERY, where, _edges(old, new))
    yield from documented(where, old, new)
    yield from _actions(where, named(old["nodes"]), named(new["nodes"]))


def _when(old: Stored, new: Stored) -> str:
    return f"the condition {was_and_is(old['when'], new['when'], without='true')}"


def _order(observer: Stored) -> str:
    order = observer["order_by"]
    return f"`{condition_text(order['by'])}` ({order['on_dead']})" if order else "nothing"


def _edges(old: Stored, new: Stored) -> str:
    before, after = ({_edge(e) for e in o["edges"]} for o in (old, new))
    parts = [f"new {edge}" for edge in sorted(after - before)]
    parts += [f"gone {edge}" for edge in sorted(before - after)]
    return f"the flow changed: {', '.join(parts) or 'its order'}"


def _edge(edge: Stored) -> str:
    arrow = "else" if edge["kind"] == "failure" else "->"
    return f"`{edge['from'] or 'event'} {arrow} {edge['to']}`"


def _actions(
    observer: str, before: Mapping[str, Stored], after: Mapping[str, Stored]
) -> Iterator[Change]:
    for name in sorted(before.keys() | after.keys()):
        where = f"{observer}, action {name}"
        if name not in after:
            yield Change(Area.TRIGGERS, where, "is gone")
        elif name not in before:
            target = target_text(after[name]["config"])
            yield Change(Area.TRIGGERS, where, f"is new: it sends {target}")
        else:
            yield from _action(where, before[name], after[name])


def _action(where: str, old: Stored, new: Stored) -> Iterator[Change]:
    if old["when"] != new["when"]:
        yield Change(Area.TRIGGERS, where, _when(old, new))
    before, after = old["config"], new["config"]
    if target_text(before) != target_text(after):
        words = f"sends {target_text(after)}, before {target_text(before)}"
        yield Change(Area.PAYLOAD, where, words)
    if words := body_changes(before.get("body"), after.get("body")):
        moved = all(part.endswith(ORDER_ONLY) for part in words.split("; "))
        area = Area.COSMETIC if moved else Area.PAYLOAD
        yield Change(area, where, f"the body changed: {words}")
    if words := header_changes(before.get("headers", ()), after.get("headers", ())):
        yield Change(Area.PAYLOAD, where, f"the headers changed: {words}")
    if before.get("response") != after.get("response"):
        one, other = (c.get("response") or "JSON" for c in (before, after))
        yield Change(Area.DELIVERY, where, f"answers must be {other}, before {one}")
    yield from _policies(where, _own(old["policies"]), _own(new["policies"]))
    yield from documented(where, old, new)


def _own(policies: Stored) -> Stored:
    """Without what an action has from its endpoint, where the change is told once."""
    return {k: s for k, s in policies.items() if not str(s["origin"]).startswith("endpoint ")}


def _policies(where: str, old: Stored, new: Stored) -> Iterator[Change]:
    for key in sorted(old.keys() | new.keys()):
        before = old[key]["value"] if key in old else None
        after = new[key]["value"] if key in new else None
        if before != after and value_text(key, before) != value_text(key, after):
            words = f"`{key}` is {value_text(key, after)}, before {value_text(key, before)}"
            yield Change(Area.PAYLOAD if key.startswith(SHAPING) else Area.DELIVERY, where, words)


def _endpoints(old: Stored, new: Stored) -> Iterator[Change]:
    before, after = named(old["endpoints"]), named(new["endpoints"])
    for name in sorted(before.keys() & after.keys()):
        where, one, other = f"endpoint {name}", before[name], after[name]
        if one["url"] != other["url"]:
            yield Change(Area.PAYLOAD, where, f"the url {was_and_is(one['url'], other['url'])}")
        if words := header_changes(one["headers"], other["headers"]):
            yield Change(Area.PAYLOAD, where, f"the headers changed: {words}")
        yield from _policies(where, one["policies"], other["policies"])
        yield from documented(where, one, other)


def _limits(old: Stored, new: Stored) -> Iterator[Change]:
    before = {limit["endpoint"]: limit["policies"] for limit in old["limits"]}
    after = {limit["endpoint"]: limit["policies"] for limit in new["limits"]}
    known = named(new["endpoints"]).keys() & named(old["endpoints"]).keys()
    for name in sorted((before.keys() | after.keys()) - known):
        yield from _policies(f"endpoint {name}", before.get(name, {}), after.get(name, {}))


def _environment(old: Stored, new: Stored) -> Iterator[Change]:
    before, after = named(old["environment"]), named(new["environment"])
    for name in sorted(after.keys() - before.keys()):
        users = ", ".join(after[name]["used_by"])
        yield Change(Area.DELIVERY, f"${{{name}}}", f"must be set now: {users} needs it")
    for name in sorted(before.keys() - after.keys()):
        yield Change(Area.COSMETIC, f"${{{name}}}", "is not needed any more")
