"""Which node starts, waits or is passed over: tables of small graphs."""

from __future__ import annotations

import pytest

from fql.engine.program.graph import Graph
from tests.engine.programs import graph_of


def play(graph: Graph, names: list[str], outcome: dict[str, str]) -> dict[str, str]:
    """Run a graph to its end: each started node gets the outcome given, else done."""
    states = ["w"] * len(names)
    moved = True
    while moved:
        moved = False
        for index in graph.order:
            verdict = graph.verdict(index, states) if states[index] == "w" else "pending"
            if verdict != "pending":
                states[index] = "o" if verdict == "pass" else outcome.get(names[index], "d")
                moved = True
    return {**dict(zip(names, states, strict=True)), "run": graph.ended(states)}


@pytest.mark.parametrize(
    ("flow", "outcome", "expected"),
    [
        ("a>b,b>c", {}, "a=d b=d c=d run=done"),
        ("a>b,b>c", {"b": "x"}, "a=d b=x c=w run=dead"),
        ("a>b,b>c", {"b": "k"}, "a=d b=k c=d run=done"),
        ("a,b", {"a": "x"}, "a=x b=d run=dead"),
        ("a>b,a>c,b>d,c>d", {"b": "x"}, "a=d b=x c=d d=w run=dead"),
        ("a>b,a!c", {}, "a=d b=d c=o run=done"),
        ("a>b,a!c", {"a": "x"}, "a=x b=w c=d run=done"),
        ("a>b,a!c", {"a": "k"}, "a=k b=d c=o run=done"),
        ("a!c,c>d", {}, "a=d c=o d=o run=done"),
        ("a!c,c>d", {"a": "x"}, "a=x c=d d=d run=done"),
        ("a!c,c>d", {"a": "x", "c": "x"}, "a=x c=x d=w run=dead"),
        ("a!b,b!c", {"a": "x", "b": "x"}, "a=x b=x c=d run=done"),
        # What is reached on success and through the else chain runs either way.
        ("b>d,b!c,c>d", {}, "b=d d=d c=o run=done"),
        ("b>d,b!c,c>d", {"b": "x"}, "b=x d=d c=d run=done"),
        ("b>d,b!c,c>d", {"b": "x", "c": "k"}, "b=x d=d c=k run=done"),
        # A join behind a dead branch whose else chain does not reach it waits for ever.
        ("b>e,x>e,b!c", {"b": "x"}, "b=x e=w x=d c=d run=done"),
        ("b>e,x>e,b!c", {}, "b=d e=d x=d c=o run=done"),
        ("x>e,b!c,c>e", {}, "x=d e=d b=d c=o run=done"),
    ],
)  # fmt: skip
def test_flow(flow: str, outcome: dict[str, str], expected: str) -> None:
    names, graph = graph_of(flow)
    assert play(graph, names, outcome) == dict(pair.split("=") for pair in expected.split())


@pytest.mark.parametrize("state", ["r", "a", "s", "b", "m", "A"])
def test_a_run_is_open_while_a_node_moves(state: str) -> None:
    _, graph = graph_of("a>b")
    assert graph.ended([state, "w"]) == "open"


def test_a_ring_is_refused() -> None:
    with pytest.raises(ValueError, match="cycle"):
        graph_of("a>b,b>a")
