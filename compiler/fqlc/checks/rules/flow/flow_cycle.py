"""FQL301: a flow that leads back to itself would never start."""

from __future__ import annotations

from fqlc.checks.flow.flows import FlowEdge
from fqlc.checks.model import ObserverModel, Program
from fqlc.diagnostics.model import Label
from fqlc.diagnostics.sink import Sink


def check(program: Program, sink: Sink) -> None:
    """Report one ring for each observer, at the edge that closes it."""
    for observer in program.observers:
        if observer.graph.ring:
            _report(observer, observer.graph.ring, sink)


def _report(observer: ObserverModel, edges: tuple[FlowEdge, ...], sink: Sink) -> None:
    path = " -> ".join(f"`{name}`" for name in [edges[0].source.name, *_targets(edges)])
    closing = edges[-1]
    sink.error(
        "FQL301",
        f"the flow of `{observer.name}` has a cycle: {path}",
        closing.span,
        label="this edge closes the cycle",
        labels=tuple(Label(e.span, f"`{e.target.name}` waits for `{e.source.name}`")
                     for e in edges[:-1]),
        help=("remove one of these edges, or make it a failure edge with `else`",),
    )  # fmt: skip


def _targets(edges: tuple[FlowEdge, ...]) -> list[str]:
    return [edge.target.name for edge in edges]
