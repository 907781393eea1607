"""The DAG of one observer: which node may start, which will never run. Pure.

An edge is *satisfied* when its source is done or was skipped by its own condition (a failure
edge: when its source is dead). It is *void* when it will never be satisfied but also no longer
matters: the source was passed over; a failure edge whose source did not fail; an edge from a dead
node to one that is also reached through that node's `else` chain. A node starts when no edge is
pending and one is satisfied; when all are void it is passed over, and so is what follows only it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from fql.plan.model import Edge
from fql.store.works import ACTIVE, DEAD, DONE, PASSED, SKIPPED

Verdict = Literal["pending", "start", "pass"]


@dataclass(frozen=True, slots=True)
class Incoming:
    """One edge into a node: from the node `source` (None: the event)."""

    source: int | None
    on_failure: bool


@dataclass(frozen=True, slots=True)
class Graph:
    """Edges by index of node. `rescued[n]` are nodes whose `else` chain reaches n."""

    incoming: tuple[tuple[Incoming, ...], ...]
    has_else: tuple[bool, ...]
    rescued: tuple[frozenset[int], ...]
    order: tuple[int, ...]

    def verdict(self, node: int, states: Sequence[str]) -> Verdict:
        """Whether a waiting node starts, is passed over, or still waits."""
        satisfied = False
        for edge in self.incoming[node]:
            if edge.source is None:  # the event itself, as for most nodes
                satisfied = True
                continue
            held = self._edge(edge, edge.source, node, states)
            if held == "pending":
                return "pending"
            satisfied = satisfied or held == "satisfied"
        return "start" if satisfied else "pass"

    def _edge(self, edge: Incoming, source: int, node: int, states: Sequence[str]) -> str:
        state = states[source]
        if state == PASSED:
            return "void"
        if edge.on_failure:
            return {DEAD: "satisfied", DONE: "void", SKIPPED: "void"}.get(state, "pending")
        if state in (DONE, SKIPPED):
            return "satisfied"
        if state == DEAD and source in self.rescued[node]:
            return "void"
        return "pending"

    def ended(self, states: Sequence[str]) -> Literal["open", "done", "dead"]:
        """What the states say about the run: a dead node without `else` makes it dead. A join
        after a dead node that has an `else` elsewhere may wait for ever; the run is done then."""
        if not ACTIVE.isdisjoint(states):
            return "open"
        if DEAD not in states:
            return "done"
        unhandled = any(
            state == DEAD and not has_else
            for state, has_else in zip(states, self.has_else, strict=True)
        )
        return "dead" if unhandled else "done"


def build_graph(names: Sequence[str], edges: Sequence[Edge]) -> Graph:
    """The graph of a plan's observer; `order` is topological, ties in the order written."""
    index = {name: number for number, name in enumerate(names)}
    incoming: list[list[Incoming]] = [[] for _ in names]
    for edge in edges:
        source = None if edge.source is None else index[edge.source]
        incoming[index[edge.to]].append(Incoming(source, edge.kind == "failure"))
    followers = _followers(incoming)
    failure_targets = _failure_targets(incoming)
    chains = [_reach(targets, followers) for targets in failure_targets]
    return Graph(
        incoming=tuple(tuple(into) for into in incoming),
        has_else=tuple(bool(targets) for targets in failure_targets),
        rescued=tuple(
            frozenset(d for d, chain in enumerate(chains) if node in chain)
            for node in range(len(names))
        ),
        order=_topological(incoming),
    )


def _followers(incoming: Sequence[Sequence[Incoming]]) -> list[set[int]]:
    followers: list[set[int]] = [set() for _ in incoming]
    for node, into in enumerate(incoming):
        for edge in into:
            if edge.source is not None:
                followers[edge.source].add(node)
    return followers


def _failure_targets(incoming: Sequence[Sequence[Incoming]]) -> list[set[int]]:
    targets: list[set[int]] = [set() for _ in incoming]
    for node, into in enumerate(incoming):
        for edge in into:
            if edge.on_failure and edge.source is not None:
                targets[edge.source].add(node)
    return targets


def _reach(start: set[int], followers: Sequence[set[int]]) -> frozenset[int]:
    seen: set[int] = set()
    todo = list(start)
    while todo:
        node = todo.pop()
        if node not in seen:
            seen.add(node)
            todo.extend(followers[node])
    return frozenset(seen)


def _topological(incoming: Sequence[Sequence[Incoming]]) -> tuple[int, ...]:
    placed: list[int] = []
    left = list(range(len(incoming)))
    while left:
        free = [n for n in left if all(e.source is None or e.source in placed for e in incoming[n])]
        if not free:
            raise ValueError("the graph has a cycle")
        placed.extend(free)
        left = [n for n in left if n not in free]
    return tuple(placed)
