"""FQL304: an edge that is written twice, or leads from an action to itself."""

from __future__ import annotations

from fqlc.checks.flow.flows import FlowEdge
from fqlc.checks.model import Program
from fqlc.diagnostics.model import Label
from fqlc.diagnostics.sink import Sink


def check(program: Program, sink: Sink) -> None:
    """Report each second edge between two actions, of whichever kind, and each self edge."""
    for observer in program.observers:
        first: dict[tuple[str, str], FlowEdge] = {}
        for edge in observer.graph.written:
            if edge.source.name == edge.target.name:
                _self_edge(edge, sink)
            elif edge.pair in first:
                _again(edge, first[edge.pair], sink)
            else:
                first[edge.pair] = edge


def _self_edge(edge: FlowEdge, sink: Sink) -> None:
    sink.error(
        "FQL304",
        f"`{edge.source.name}` cannot come after itself",
        edge.target.span,
        label="the same action",
        labels=(Label(edge.source.span, "it is here already"),),
        help=("remove this edge: an action that fails is tried again by its `retry`",),
    )


def _again(edge: FlowEdge, first: FlowEdge, sink: Sink) -> None:
    source, target = edge.pair
    both = edge.failure != first.failure
    sink.error(
        "FQL304",
        f"`{target}` cannot follow `{source}` both on success and on failure"
        if both
        else f"the edge from `{source}` to `{target}` is written twice",
        edge.span,
        label="written again here",
        labels=(Label(first.span, "first written here"),),
        help=("use two actions",) if both else ("remove one of them",),
    )
