"""FQL306: an edge that other edges imply (a warning)."""

from __future__ import annotations

from fqlc.checks.flow.flows import FlowEdge
from fqlc.checks.model import Program
from fqlc.diagnostics.model import Label
from fqlc.diagnostics.sink import Sink


def check(program: Program, sink: Sink) -> None:
    """Report ordinary edges whose target is reached from the source over ordinary edges anyway."""
    for observer in program.observers:
        for edge, way in observer.graph.redundant:
            _report(edge, way, sink)


def _report(edge: FlowEdge, way: FlowEdge, sink: Sink) -> None:
    source, target = edge.pair
    sink.warning(
        "FQL306",
        f"the edge from `{source}` to `{target}` is redundant",
        edge.span,
        label="implied by other edges",
        labels=(Label(way.span,
            f"`{target}` already follows `{source}` through "
            f"`{way.target.name}`"),),
        help=("remove it",),
    )  # fmt: skip
