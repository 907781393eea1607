"""The flow of an observer as a graph: edges with the places that made them, order, rings.

Most flows are forests, for which a walk is enough; what joins is asked of `fqlc.checks.flow.graph`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise

from fql.near import nearest
from fql.plan.limits import MOST_ACTIONS, MOST_EDGES
from fqlc.checks.flow.graph import forest_order, implied, shortest_ring, topological_order
from fqlc.diagnostics.sink import MAX_COMPARED
from fqlc.source.text import Span
from fqlc.syntax.tree import ast


@dataclass(frozen=True, slots=True, eq=False)
class FlowEdge:
    """`target` after `source`; a failure edge when it runs because `source` is dead. Told apart
    by identity: two edges of the same names are two edges as written."""

    source: ast.Step
    target: ast.Step
    failure: bool = False

    @property
    def pair(self) -> tuple[str, str]:
        """Both names."""
        return self.source.name, self.target.name

    @property
    def span(self) -> Span:
        """The stretch from one step to the other, or the target alone where it comes first."""
        if self.source.span.start < self.target.span.start:
            return self.source.span.to(self.target.span)
        return self.target.span


@dataclass(frozen=True)
class FlowGraph:
    """The actions of an observer in the order written, and all edges as written.

    `steps` are the names used in the flow, unknown ones too; `explicit` is False where there is no
    `flow` block. `beyond` is how many edges a flow has that is too large to be read, in which case
    none is written. `unread` are actions whose block could not be read; where the graph is not
    `complete`, more of them or of the edges may be missing, and what does not exist in it may
    exist anyway.
    """

    names: tuple[str, ...]
    written: tuple[FlowEdge, ...]
    steps: tuple[ast.Step, ...] = ()
    explicit: bool = True
    unread: frozenset[str] = frozenset()
    complete: bool = True
    beyond: int = 0

    @cached_property
    def edges(self) -> tuple[FlowEdge, ...]:
        """Edges between known actions, each pair once, none from an action to itself."""
        known = set(self.names)
        first: dict[tuple[str, str], FlowEdge] = {}
        for edge in self.written:
            if edge.source.name != edge.target.name and {*edge.pair} <= known:
                first.setdefault(edge.pair, edge)
        return tuple(first.values())

    @cached_property
    def into(self) -> Mapping[str, tuple[FlowEdge, ...]]:
        """The edges that lead into each action."""
        return _group(self.names, ((e.target.name, e) for e in self.edges))

    @cached_property
    def out_of(self) -> Mapping[str, tuple[FlowEdge, ...]]:
        """The edges that lead out of each action."""
        return _group(self.names, ((e.source.name, e) for e in self.edges))

    @cached_property
    def entries(self) -> tuple[str, ...]:
        """The actions that follow the event itself."""
        return tuple(n for n in self.names if not self.into[n])

    @cached_property
    def _forest(self) -> tuple[str, ...] | None:
        return forest_order(self.names, [e.pair for e in self.edges])

    @cached_property
    def order(self) -> tuple[str, ...] | None:
        """The actions with each after all before it; None when there is a ring."""
        if self._forest is not None:
            return self._forest
        return topological_order(self.names, [e.pair for e in self.edges])

    @cached_property
    def ring(self) -> tuple[FlowEdge, ...]:
        """The edges of one ring in order, or none. The last edge is the one written last."""
        if self.order is not None:
            return ()
        first = {e.pair: e for e in self.edges}
        names = shortest_ring(self.names, list(first))
        path = tuple(first[pair] for pair in pairwise((*names, names[0])))
        last = max(range(len(path)), key=lambda i: path[i].target.span.start)
        return path[last + 1 :] + path[: last + 1]

    def behind(self, name: str) -> frozenset[str]:
        """All actions reached from this one, over edges of both kinds."""
        return reached(self, [e.target.name for e in self.out_of[name]])

    @cached_property
    def redundant(self) -> tuple[tuple[FlowEdge, FlowEdge], ...]:
        """Ordinary edges that other ordinary edges imply, each with the first edge of the other
        way; none where there is a ring."""
        if self._forest is not None or self.order is None:
            return ()
        first = {e.pair: e for e in self.edges if not e.failure}
        ways = implied(list(first))
        return tuple(
            (edge, first[edge.source.name, ways[pair]])
            for pair, edge in first.items()
            if pair in ways
        )


def _group(
    names: Iterable[str], pairs: Iterable[tuple[str, FlowEdge]]
) -> Mapping[str, tuple[FlowEdge, ...]]:
    groups: dict[str, list[FlowEdge]] = {name: [] for name in names}
    for name, edge in pairs:
        groups[name].append(edge)
    return {name: tuple(edges) for name, edges in groups.items()}


def reached(
    graph: FlowGraph, start: Iterable[str], without: frozenset[FlowEdge] = frozenset()
) -> frozenset[str]:
    """The actions reached from `start`, which belong to them, except for the edges `without`."""
    seen = set(start)
    waiting = list(seen)
    while waiting:
        for edge in graph.out_of[waiting.pop()]:
            if edge not in without and edge.target.name not in seen:
                seen.add(edge.target.name)
                waiting.append(edge.target.name)
    return frozenset(seen)


def graph_of(
    flow: ast.Flow | None,
    actions: Sequence[ast.Name],
    unread: frozenset[str] = frozenset(),
    *,
    complete: bool = True,
) -> FlowGraph:
    """The graph of a `flow` block; without one the actions run in the order written. A misspelt
    step is read as the action that it was probably meant to be."""
    names = tuple(dict.fromkeys(a.text for a in actions))
    complete = complete and not unread
    if len(names) > MOST_ACTIONS:
        steps = () if flow is None else tuple(_all_steps(flow))
        return FlowGraph(names, (), steps, flow is not None, unread, complete=False)
    if flow is None:
        written = [ast.Step(span=a.span, name=a.text) for a in actions]
        pairs = tuple(FlowEdge(a, b) for a, b in pairwise(written))
        return FlowGraph(names, pairs, (), explicit=False, unread=unread, complete=complete)
    count = _count(flow)
    if count > MOST_EDGES:
        steps = tuple(_all_steps(flow))
        return FlowGraph(names, (), steps, unread=unread, complete=False, beyond=count)
    edges, steps = _edges_of(flow), tuple(_all_steps(flow))
    meant = _meant(steps, names, unread)
    complete = complete and None not in meant.values()
    read = tuple(_as_meant(edge, meant) for edge in edges)
    return FlowGraph(names, read, steps, unread=unread, complete=complete)


def _meant(
    steps: Sequence[ast.Step], names: Sequence[str], unread: frozenset[str]
) -> dict[str, str | None]:
    """For each unknown step the action that the flow does not name otherwise and that is spelt
    alike; None where there is no such action."""
    known = {*names, *unread}
    named = {step.name for step in steps}
    left = [name for name in names if name not in named]
    unknown = named - known
    if len(unknown) * len(left) > MAX_COMPARED:
        left = []
    return {name: nearest(name, left) for name in unknown}


def _as_meant(edge: FlowEdge, meant: Mapping[str, str | None]) -> FlowEdge:
    if not meant:
        return edge
    source, target = (
        replace(step, name=meant.get(step.name) or step.name) for step in (edge.source, edge.target)
    )
    return FlowEdge(source, target, edge.failure)


def _edges_of(flow: ast.Flow) -> list[FlowEdge]:
    """The edges of a flow."""
    edges: list[FlowEdge] = []
    for statement in flow.statements:
        chain = _chain_of(statement)
        if isinstance(statement, ast.ElseChain):
            edges.extend(FlowEdge(statement.step, t, failure=True) for t in _entries(chain))
        edges.extend(_edges(chain))
    return edges


def _all_steps(flow: ast.Flow) -> Iterator[ast.Step]:
    """All steps of a flow, in the order written."""
    for statement in flow.statements:
        if isinstance(statement, ast.ElseChain):
            yield statement.step
        yield from _steps(_chain_of(statement))


def _chain_of(statement: ast.Chain | ast.ElseChain) -> ast.Chain:
    return statement.chain if isinstance(statement, ast.ElseChain) else statement


def _count(flow: ast.Flow) -> int:
    """How many edges a flow has, without making them."""
    count = 0
    for statement in flow.statements:
        chain = _chain_of(statement)
        if isinstance(statement, ast.ElseChain):
            count += len(_entries(chain))
        count += _count_within(chain)
    return count


def _count_within(chain: ast.Chain) -> int:
    between = sum(len(_exits_of(a)) * len(_entries_of(b)) for a, b in pairwise(chain.steps))
    groups = (step for step in chain.steps if isinstance(step, ast.Group))
    return between + sum(_count_within(inner) for group in groups for inner in group.chains)


def _edges(chain: ast.Chain) -> Iterator[FlowEdge]:
    for before, after in pairwise(chain.steps):
        for source in _exits_of(before):
            for target in _entries_of(after):
                yield FlowEdge(source, target)
    for step in chain.steps:
        if isinstance(step, ast.Group):
            for inner in step.chains:
                yield from _edges(inner)


def _steps(chain: ast.Chain) -> Iterator[ast.Step]:
    for step in chain.steps:
        if isinstance(step, ast.Step):
            yield step
        else:
            for inner in step.chains:
                yield from _steps(inner)


def _entries(chain: ast.Chain) -> list[ast.Step]:
    return _entries_of(chain.steps[0]) if chain.steps else []


def _entries_of(step: ast.Step | ast.Group) -> list[ast.Step]:
    if isinstance(step, ast.Step):
        return [step]
    return [s for chain in step.chains for s in _entries(chain)]


def _exits_of(step: ast.Step | ast.Group) -> list[ast.Step]:
    if isinstance(step, ast.Step):
        return [step]
    return [s for chain in step.chains if chain.steps for s in _exits_of(chain.steps[-1])]
