"""FQL390: a body that nests deeper than a plan can hold, by itself or by the `let`s in it."""

from __future__ import annotations

from fql.plan.language import expressions as e
from fql.plan.language.nodes import dump_expression
from fqlc.checks.model import Program
from fqlc.diagnostics.sink import Sink

MOST_LEVELS = 240
"""Levels of JSON of one stored expression. A document may have 254
(`fql.plan.stored.codec`), and a body is at most ten below the top of a plan."""

_HARMLESS = 20
"""Objects and lists within each other that cannot reach it: each takes three levels, and what they
hold is limited where it is read."""


def check(program: Program, sink: Sink) -> None:
    """Report each body that is too deep."""
    for observer in program.observers:
        for action in observer.actions:
            span = action.body_span
            if action.body is not None and span is not None and _is_too_deep(action.body):
                sink.error(
                    "FQL390",
                    f"the body of `{action.name}` is nested too deeply",
                    span,
                    label="too deep",
                    help=("nest fewer objects",),
                )


def _is_too_deep(body: e.Expr) -> bool:
    nested = _nested(body)
    if nested <= _HARMLESS:
        return False
    return nested * 3 > MOST_LEVELS or _levels(dump_expression(body)) > MOST_LEVELS


def _nested(body: e.Expr) -> int:
    """How many objects and lists stand within each other; without recursion."""
    depth, level = 0, [body]
    while level := [inner for outer in level for inner in _inside(outer)]:
        depth += 1
    return depth


def _inside(outer: e.Expr) -> list[e.Expr]:
    match outer:
        case e.ObjectOf():
            return [entry.value for entry in outer.entries]
        case e.ListOf():
            return list(outer.items)
        case e.Each():
            return [outer.body]
    return []


def _levels(stored: object) -> int:
    depth, level = 0, [stored]
    while level := [inner for outer in level for inner in _parts(outer)]:
        depth += 1
    return depth


def _parts(outer: object) -> list[object]:
    if isinstance(outer, dict):
        return list(outer.values())
    return list(outer) if isinstance(outer, list) else []
