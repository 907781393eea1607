"""What changes for receivers between two plans, in plain words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from fqlc.emit.picture import condition_text, target_text

Stored = Mapping[str, Any]


class Area(StrEnum):
    """What a change touches, gravest first."""

    TRIGGERS = "triggers"
    PAYLOAD = "payload"
    DELIVERY = "delivery"
    COSMETIC = "cosmetic"


@dataclass(frozen=True, slots=True)
class Change:
    """One change: `where` names the part (`observer o, action a`), `what` says it in words."""

    area: Area
    where: str
    what: str

    def as_json(self) -> dict[str, str]:
        """For programs."""
        return {"area": self.area.value, "where": self.where, "what": self.what}


def differences(old: Stored, new: Stored) -> tuple[Change, ...]:
    """All changes, the gravest area first."""
    found = [
        *_observers(old, new),
        *_endpoints(old, new),
        *_entities(old, new),
        *_limits(old, new),
    ]
    if not found and _without_compiler(old) != _without_compiler(new):
        found.append(Change(Area.COSMETIC, "plan", "only words, places or sources changed"))
    order = list(Area)
    return tuple(sorted(found, key=lambda c: (order.index(c.area), c.where)))


def _without_compiler(plan: Stored) -> dict[str, Any]:
    return {key: value for key, value in plan.items() if key not in ("compiler", "digest")}


def _named(parts: list[Stored]) -> dict[str, Stored]:
    return {part["name"]: part for part in parts}


def _observers(old: Stored, new: Stored) -> Iterator[Change]:
    before, after = _named(old["observers"]), _named(new["observers"])
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
        yield Change(Area.DELIVERY, where, "the order of its runs changed")
    if old["edges"] != new["edges"]:
        yield Change(Area.DELIVERY, where, _edges(old, new))
    if old["doc"] != new["doc"]:
        yield Change(Area.COSMETIC, where, "the documentation changed")
    yield from _actions(where, _named(old["nodes"]), _named(new["nodes"]))


def _when(old: Stored, new: Stored) -> str:
    before, after = condition_text(old["when"]) or "true", condition_text(new["when"]) or "true"
    return f"the condition is `{after}`, before `{before}`"


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


_PARTS = {"headers": "the headers", "body": "the body", "response": "the type of the answer"}


def _action(where: str, old: Stored, new: Stored) -> Iterator[Change]:
    if old["when"] != new["when"]:
        yield Change(Area.TRIGGERS, where, _when(old, new))
    before, after = old["config"], new["config"]
    if target_text(before) != target_text(after):
        words = f"sends {target_text(after)}, before {target_text(before)}"
        yield Change(Area.PAYLOAD, where, words)
    for key, words in _PARTS.items():
        if before.get(key) != after.get(key):
            yield Change(Area.PAYLOAD, where, f"{words} changed{_keys(key, before, after)}")
    yield from _policies(where, old["policies"], new["policies"])
    if old["doc"] != new["doc"]:
        yield Change(Area.COSMETIC, where, "the documentation changed")


def _keys(key: str, before: Stored, after: Stored) -> str:
    """Which keys of a body or headers came and went."""
    old, new = (_names(key, config.get(key)) for config in (before, after))
    parts = [f"new `{name}`" for name in sorted(new - old)]
    parts += [f"gone `{name}`" for name in sorted(old - new)]
    return f": {', '.join(parts)}" if parts else ""


def _names(key: str, part: Any) -> set[str]:
    if key == "headers":
        return {header["name"] for header in part or ()}
    if isinstance(part, dict) and part.get("op") == "object":
        return {str(entry["key"]) for entry in part["entries"]}
    return set()


def _policies(where: str, old: Stored, new: Stored) -> Iterator[Change]:
    for key in sorted(old.keys() | new.keys()):
        before = old[key]["value"] if key in old else None
        after = new[key]["value"] if key in new else None
        if before != after:
            words = f"`{key}` is {_value(after)}, before {_value(before)}"
            yield Change(Area.DELIVERY, where, words)


def _value(value: Any) -> str:
    if value is None:
        return "the built-in default"
    if isinstance(value, dict) and "op" in value:
        return condition_text(value)
    return str(value)


def _endpoints(old: Stored, new: Stored) -> Iterator[Change]:
    before, after = _named(old["endpoints"]), _named(new["endpoints"])
    for name in sorted(before.keys() & after.keys()):
        where, one, other = f"endpoint {name}", before[name], after[name]
        if one["url"] != other["url"]:
            words = f"is {condition_text(other['url'])}, before {condition_text(one['url'])}"
            yield Change(Area.PAYLOAD, where, f"the url {words}")
        if one["headers"] != other["headers"]:
            yield Change(Area.PAYLOAD, where, f"the headers changed{_keys('headers', one, other)}")
        yield from _policies(where, one["policies"], other["policies"])
        if one["doc"] != other["doc"]:
            yield Change(Area.COSMETIC, where, "the documentation changed")


def _entities(old: Stored, new: Stored) -> Iterator[Change]:
    for kind, area in (("entities", Area.PAYLOAD), ("types", Area.PAYLOAD)):
        before, after = _named(old[kind]), _named(new[kind])
        for name in sorted(before.keys() & after.keys()):
            yield from _fields(name, area, before[name], after[name])


def _fields(name: str, area: Area, old: Stored, new: Stored) -> Iterator[Change]:
    before, after = _named(old["fields"]), _named(new["fields"])
    for field in sorted(before.keys() | after.keys()):
        where = f"{name}.{field}"
        if field not in after:
            yield Change(area, where, "is gone")
        elif field not in before:
            yield Change(area, where, f"is new: {after[field]['type']}")
        elif before[field]["type"] != after[field]["type"]:
            words = f"is {after[field]['type']}, before {before[field]['type']}"
            yield Change(area, where, words)


def _limits(old: Stored, new: Stored) -> Iterator[Change]:
    before = {limit["endpoint"]: limit["policies"] for limit in old["limits"]}
    after = {limit["endpoint"]: limit["policies"] for limit in new["limits"]}
    known = _named(new["endpoints"]).keys() & _named(old["endpoints"]).keys()
    for name in sorted((before.keys() | after.keys()) - known):
        yield from _policies(f"endpoint {name}", before.get(name, {}), after.get(name, {}))
