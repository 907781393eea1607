"""FQL306: an edge that other edges imply (a warning)."""

from __future__ import annotations

from fqlc.checks.flow import FlowEdge, FlowGraph, reached
from fqlc.checks.model import Program
from fqlc.diagnostics.model import Label
from fqlc.diagnostics.sink import Sink


def check(program: Program, sink: Sink) -> None:
    """Report ordinary edges whose target is reached from the source over ordinary edges anyway."""
    for observer in program.observers:
        graph = observer.graph
        if graph.order is None:
            continue
        failures = frozenset(e for e in graph.edges if e.failure)
        for edge in graph.edges:
            if not edge.failure and len(graph.out_of[edge.source.name]) > 1:
                way = _way_round(graph, edge, failures)
                if way is not None:
                    _report(edge, way, sink)


def _way_round(graph: FlowGraph, edge: FlowEdge, failures: frozenset[FlowEdge]) -> FlowEdge | None:
    """The first edge of another way from source to target."""
    for other in graph.out_of[edge.source.name]:
        if other is edge or other.failure:
            continue
        if edge.target.name in reached(graph, [other.target.name], failures):
            return other
    return None


def _report(edge: FlowEdge, way: FlowEdge, sink: Sink) -> None:
    source, target = edge.pair
    sink.warning(
        "FQL306",
        f"the edge from `{source}` to `{target}` says nothing new",
        edge.span,
        label="implied by other edges",
        labels=(Label(way.span, f"`{target}` already follows `{source}` by way of "
                                f"`{way.target.name}`"),),
        help=("remove it",),
    )  # fmt: skip
