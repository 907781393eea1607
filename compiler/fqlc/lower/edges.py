"""The edges of a plan: from the event to the first actions, in sequence, fanned out, on failure."""

from __future__ import annotations

from fqlc.checks.flow.flows import FlowGraph
from fqlc.lower.pieces import Stored


def plan_edges(graph: FlowGraph) -> list[Stored]:
    """All edges in the order of the actions. A source with several successors fans out."""
    edges = [_edge(None, name, _kind(len(graph.entries))) for name in graph.entries]
    for name in graph.names:
        ordinary = [e for e in graph.out_of[name] if not e.failure]
        edges.extend(_edge(name, e.target.name, _kind(len(ordinary))) for e in ordinary)
        edges.extend(_edge(name, e.target.name, "failure") for e in graph.out_of[name] if e.failure)
    return edges


def _kind(successors: int) -> str:
    return "sequence" if successors == 1 else "fan_out"


def _edge(source: str | None, target: str, kind: str) -> Stored:
    return {"from": source, "to": target, "kind": kind}
