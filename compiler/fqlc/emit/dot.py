"""A picture in DOT. The only place that knows the graphviz library, which builds the text."""

from __future__ import annotations

import graphviz

from fqlc.emit.picture import Cluster, Edge, Node, Picture, wrapped

_FONT = "Helvetica"


def dot_source(picture: Picture) -> str:
    """The DOT text: a cluster for each observer, failure edges dashed, docs as tooltips."""
    graph = graphviz.Digraph("plan")
    graph.attr(rankdir="LR", fontname=_FONT, compound="true", nodesep="0.3", ranksep="0.5")
    graph.attr("node", fontname=_FONT, fontsize="11", shape="box", style="rounded,filled",
               fillcolor="#ffffff", color="#5b6b7b")  # fmt: skip
    graph.attr("edge", fontname=_FONT, fontsize="9", color="#5b6b7b", arrowsize="0.7")
    for number, cluster in enumerate(picture.clusters):
        _draw(graph, cluster, number)
    return str(graph.source)


def _draw(graph: graphviz.Digraph, cluster: Cluster, number: int) -> None:
    with graph.subgraph(name=f"cluster_{number}") as inner:
        inner.attr(
            label=_text([cluster.name]), tooltip=_tip(cluster.doc or cluster.name),
            color="#b8c4d0", style="rounded", fontsize="12", labeljust="l",
        )  # fmt: skip
        when = wrapped(f"when {cluster.when}", 36, 5) if cluster.when else []
        inner.node(
            f"{cluster.name}/", _text([cluster.on, *when]), shape="box", style="filled",
            fillcolor="#e8eef5", tooltip=_tip(cluster.on),
        )  # fmt: skip
        for node in cluster.nodes:
            _node(inner, cluster, node)
        for edge in cluster.edges:
            _edge(inner, cluster, edge)


def _node(graph: graphviz.Digraph, cluster: Cluster, node: Node) -> None:
    lines = [node.name, *wrapped(node.target, 32, 2)]
    if node.when:
        lines += wrapped(f"when {node.when}", 32, 4)
    if node.batched:
        lines.append("in batches")
    graph.node(
        f"{cluster.name}/{node.name}",
        _text(lines),
        tooltip=_tip(node.doc or node.target),
        fillcolor="#fff7e0" if node.when else "#ffffff",
    )


def _edge(graph: graphviz.Digraph, cluster: Cluster, edge: Edge) -> None:
    attributes = {"tooltip": _tip(f"{edge.source or cluster.on} to {edge.target}")}
    if edge.kind == "failure":
        attributes |= {"style": "dashed", "color": "#b3261e", "fontcolor": "#b3261e",
                       "label": "else"}  # fmt: skip
    source = f"{cluster.name}/{edge.source or ''}"
    graph.edge(_quoted(source), _quoted(f"{cluster.name}/{edge.target}"), **attributes)


def _quoted(name: str) -> str:
    """Colons would be read as ports; names hold none, but that is not DOT's business."""
    return name.replace(":", "_")


def _text(lines: list[str]) -> str:
    """Lines as a label, aligned to the left; every character stands for itself."""
    return "".join(f"{graphviz.escape(line)}\\l" for line in lines)


def _tip(text: str) -> str:
    return str(graphviz.escape(" ".join(text.split())))
