"""FQL302: a flow names an action that the observer does not have."""

from __future__ import annotations

from fqlc.checks.model import ObserverModel, Program
from fqlc.diagnostics.similar import similar_fix
from fqlc.diagnostics.sink import Sink
from fqlc.source.near import nearest
from fqlc.syntax.tree import ast


def check(program: Program, sink: Sink) -> None:
    """Report each unknown name once, where it stands first."""
    for observer in program.observers:
        if not observer.block.sound:
            continue
        known = {*observer.graph.names, *observer.graph.unread}
        for step in observer.graph.steps:
            if step.name not in known and not _may_lack_its_name(observer):
                known.add(step.name)
                _report(observer, step, sink)


def _may_lack_its_name(observer: ObserverModel) -> bool:
    """True where an action has no name: the step may mean that one."""
    return any(block.name is None for block in observer.block.blocks)


def _report(observer: ObserverModel, step: ast.Step, sink: Sink) -> None:
    in_flow = {other.name for other in observer.graph.steps}
    left = [name for name in observer.graph.names if name not in in_flow]
    close = nearest(step.name, left) or nearest(step.name, observer.graph.names)
    actions = ", ".join(f"`{name}`" for name in observer.graph.names)
    sink.error(
        "FQL302",
        f"`{observer.name}` has no action `{step.name}`",
        step.span,
        label="unknown action",
        help=(f"an action with a similar name exists: `{close}`",)
        if close
        else ((f"its actions are {actions}",) if actions else ()),
        fix=similar_fix(step.name, close, step.span),
    )
