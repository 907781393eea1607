"""Which old values an observer needs from the source of its events."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import fields, is_dataclass
from functools import cache

from fql.plan.language import expressions as e
from fqlc.checks.model import ActionModel, ObserverModel


def required_old_values(observer: ObserverModel) -> list[str]:
    """The fields whose value before an update is used, sorted.

    A body left to the envelope sends the old row as a whole. The row of a delete is always there.
    """
    if "update" not in observer.events or observer.entity is None:
        return []
    needed: set[str] = set()
    for expr in _expressions(observer):
        needed.update(_old_names(expr, observer.entity.fields))
    if any(a.sends_event for a in observer.actions):
        needed.update(observer.entity.fields)
    return sorted(needed)


def _expressions(observer: ObserverModel) -> Iterator[e.Expr]:
    if observer.when is not None:
        yield observer.when
    if observer.order_by is not None:
        yield observer.order_by.by
    for action in observer.actions:
        yield from action_expressions(action)


def action_expressions(action: ActionModel) -> Iterator[e.Expr]:
    """All expressions of an action that are evaluated for an event."""
    target = action.target
    for text in (target.url, target.path, target.subject):
        if text is not None:
            yield text.expr
    for expr in (action.when, action.body):
        if expr is not None:
            yield expr
    for given in action.settings.values():
        value = getattr(given.value, "value", None)
        if isinstance(value, e.Node):
            yield value  # type: ignore[misc]


def _old_names(expr: e.Expr, every: Iterable[str]) -> Iterator[str]:
    for node in nodes_of(expr):
        if (
            (isinstance(node, e.Field) and node.row == "old")
            or isinstance(node, e.Changed)
            or (isinstance(node, e.Member) and _is_old_row(node.of))
        ):
            yield node.name
        elif _is_old_row(node):
            yield from every


def _is_old_row(node: object) -> bool:
    return isinstance(node, e.Builtin) and node.name == "_old"


def nodes_of(expr: object) -> Iterator[object]:
    """An expression and all nodes and text parts in it. `_old.name` gives the member only."""
    waiting = [expr]
    while waiting:
        node = waiting.pop()
        if isinstance(node, tuple):
            waiting.extend(node)
            continue
        kind: object = type(node)
        parts = _parts_of(kind)
        if parts is None:
            continue
        yield node
        if not (isinstance(node, e.Member) and _is_old_row(node.of)):
            waiting.extend([getattr(node, name) for name in parts])


@cache
def _parts_of(kind: object) -> tuple[str, ...] | None:
    """The fields of a kind of node that may hold nodes; None for what is not a node."""
    if not is_dataclass(kind):
        return None
    return tuple(f.name for f in fields(kind) if f.name not in ("type", "at", "name", "op", "row"))
