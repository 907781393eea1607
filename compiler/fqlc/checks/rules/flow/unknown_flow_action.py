"""FQL302: a flow names an action that the observer does not have."""

from __future__ import annotations

from fql.near import nearest, question
from fqlc.checks.model import ObserverModel, Program
from fqlc.diagnostics.similar import similar_fix
from fqlc.diagnostics.sink import Sink
from fqlc.syntax.tree import ast


def check(program: Program, sink: Sink) -> None:
    """Report each unknown name once, where it occurs first."""
    for observer in program.observers:
        if not observer.block.sound:
            continue
        if _may_lack_its_name(observer):
            continue
        known = {*observer.graph.names, *observer.graph.unread}
        in_flow = {step.name for step in observer.graph.steps}
        left = [name for name in observer.graph.names if name not in in_flow]
        for step in observer.graph.steps:
            if step.name not in known:
                known.add(step.name)
                _report(observer, step, left, sink)


def _may_lack_its_name(observer: ObserverModel) -> bool:
    """True where an action has no name: the step may mean that one."""
    return any(block.name is None for block in observer.block.blocks)


_MOST_LISTED = 20
"""Actions that a message names."""


def _report(observer: ObserverModel, step: ast.Step, left: list[str], sink: Sink) -> None:
    names = observer.graph.names
    close = nearest(step.name, sink.comparable(left)) or nearest(step.name, sink.comparable(names))
    actions = ", ".join(f"`{name}`" for name in names[:_MOST_LISTED])
    actions += ", ..." if len(names) > _MOST_LISTED else ""
    sink.error(
        "FQL302",
        f"`{observer.name}` has no action `{step.name}`",
        step.span,
        label="unknown action",
        help=(question(close),) if close else ((f"its actions are {actions}",) if actions else ()),
        fix=similar_fix(step.name, close if close in left else None, step.span),
    )
