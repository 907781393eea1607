"""Order, rings and reduction of directed graphs by name. The only place that knows networkx.

networkx is imported on first use: it costs more time than a check of a whole file. Callers come
here only with graphs in which something joins; a forest (see `forest_order`) needs no library.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import networkx

Pair = tuple[str, str]


def forest_order(names: Sequence[str], pairs: Iterable[Pair]) -> tuple[str, ...] | None:
    """The names with each after what leads to it, level by level; None where an edge joins two
    ways or closes a ring, so that it takes more to say."""
    after: Mapping[str, list[str]] = {name: [] for name in names}
    led_to: set[str] = set()
    for source, target in pairs:
        if target in led_to:
            return None
        led_to.add(target)
        after[source].append(target)
    order = [name for name in names if name not in led_to]
    for name in order:
        order.extend(after[name])
    return tuple(order) if len(order) == len(names) else None


def topological_order(names: Sequence[str], pairs: Iterable[Pair]) -> tuple[str, ...] | None:
    """The names with each after all that lead to it; None when there is a ring."""
    import networkx as nx

    try:
        return tuple(nx.topological_sort(_graph(names, pairs)))
    except nx.NetworkXUnfeasible:
        return None


def shortest_ring(names: Sequence[str], pairs: Sequence[Pair]) -> tuple[str, ...]:
    """The names of a shortest way from the first name on any ring back to itself, that name once;
    empty without a ring."""
    import networkx as nx

    graph = _graph(names, pairs)
    ringed = {n for part in nx.strongly_connected_components(graph) if len(part) > 1 for n in part}
    start = next((name for name in names if name in ringed), None)
    if start is None:
        return ()
    back = nx.single_target_shortest_path(graph, start)
    ways = [back[after] for after in graph.successors(start) if after in back]
    return (start, *min(ways, key=len)[:-1])


def implied(pairs: Sequence[Pair]) -> dict[Pair, str]:
    """The edges of a graph without rings that other edges imply, each with the neighbour of its
    source by way of which its target is reached anyway (transitive reduction)."""
    import networkx as nx

    graph = _graph((), pairs)
    needed = nx.transitive_reduction(graph)
    found = {}
    for source, target in graph.edges:
        if not needed.has_edge(source, target):
            ways = (n for n in graph.successors(source) if n != target)
            found[source, target] = next(n for n in ways if nx.has_path(graph, n, target))
    return found


def _graph(names: Iterable[str], pairs: Iterable[Pair]) -> networkx.DiGraph[str]:
    import networkx as nx

    graph: networkx.DiGraph[str] = nx.DiGraph()
    graph.add_nodes_from(names)
    graph.add_edges_from(pairs)
    return graph
