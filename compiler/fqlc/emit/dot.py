"""A picture in DOT. The only place that knows the graphviz library, which builds the text.

Nodes and edges bear classes (`event`, `conditional`, `failure`), by which the page colours them.
"""

from __future__ import annotations

import graphviz

from fqlc.emit.labels import MUTED, Line, condition_lines, name_lines, place, printable, table
from fqlc.emit.picture import Cluster, Edge, Node, Picture

_FONT = "Helvetica"
_FAILURE = {"class": "failure", "style": "dashed", "color": "#b3261e", "fontcolor": "#b3261e",
            "label": "else"}  # fmt: skip


def dot_source(picture: Picture) -> str:
    """The DOT text: a cluster for each observer, failure edges dashed, docs as tooltips.

    Everything is written from the last to the first: drawn from left to right, DOT stacks upwards.
    """
    graph = graphviz.Digraph("plan")
    graph.attr(rankdir="LR", fontname=_FONT, nodesep="0.3", ranksep="0.5")
    graph.attr("node", fontname=_FONT, shape="box", style="rounded,filled",
               fillcolor="#ffffff", color=MUTED)  # fmt: skip
    graph.attr("edge", fontname=_FONT, fontsize="10", color=MUTED, arrowsize="0.7")
    for number, cluster in reversed(list(enumerate(picture.clusters))):
        _draw(graph, cluster, number)
    return str(graph.source)


def _draw(graph: graphviz.Digraph, cluster: Cluster, number: int) -> None:
    with graph.subgraph(name=f"cluster_{number}") as inner:
        inner.attr(
            label=table(name_lines(cluster.name, 12)), color="#b8c4d0",
            tooltip=_tip(cluster.doc or cluster.name), style="rounded", labeljust="l",
        )  # fmt: skip
        for node in reversed(cluster.nodes):
            _node(inner, cluster, node)
        _event(inner, cluster)
        for edge in reversed(cluster.edges):
            _edge(inner, cluster, edge)


def _event(graph: graphviz.Digraph, cluster: Cluster) -> None:
    lines = name_lines(cluster.on, 11)
    lines += [Line(text) for text in condition_lines(cluster.when, 44, 6)]
    graph.node(
        f"{cluster.name}/", table(lines), style="filled", fillcolor="#e8eef5",
        tooltip=_tip(cluster.on), **{"class": "event"},
    )  # fmt: skip


def _node(graph: graphviz.Digraph, cluster: Cluster, node: Node) -> None:
    lines = [*name_lines(node.name, 12), Line(place(node), color=MUTED)]
    lines += [Line(text) for text in condition_lines(node.when, 40, 4)]
    if node.batched:
        lines.append(Line("in batches", color=MUTED))
    graph.node(
        f"{cluster.name}/{node.name}",
        table(lines),
        tooltip=_tip(node.doc or node.target),
        fillcolor="#fff7e0" if node.when else "#ffffff",
        **{"class": "conditional" if node.when else "plain"},
    )


def _edge(graph: graphviz.Digraph, cluster: Cluster, edge: Edge) -> None:
    attributes = {"tooltip": _tip(f"{edge.source or cluster.on} to {edge.target}")}
    if edge.kind == "failure":
        attributes |= _FAILURE
    source = f"{cluster.name}/{edge.source or ''}"
    graph.edge(_quoted(source), _quoted(f"{cluster.name}/{edge.target}"), **attributes)


def _quoted(name: str) -> str:
    """Colons would be read as ports; names hold none, but that is not DOT's business."""
    return name.replace(":", "_")


def _tip(text: str) -> str:
    """Words that stand for themselves: the library's own kind of string says that they are no
    HTML, even where they begin with `<` and end with `>`."""
    found: str = graphviz.escape(printable(" ".join(text.split())))
    return found
