"""A picture as Mermaid text, which forges and editors draw by themselves."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from fqlc.emit.labels import condition_lines, place, printable
from fqlc.emit.picture import Cluster, Edge, Node, Picture


def mermaid_source(picture: Picture) -> str:
    """The Mermaid text: a subgraph for each observer, failure edges dotted."""
    lines = ["flowchart LR"]
    for number, cluster in enumerate(picture.clusters):
        lines += [f"  {line}" for line in _cluster(cluster, f"o{number}")]
    return "\n".join(lines) + "\n"


def _cluster(cluster: Cluster, prefix: str) -> Iterator[str]:
    ids = {node.name: f"{prefix}_{n}" for n, node in enumerate(cluster.nodes)}
    yield f'subgraph {prefix} ["{_escaped_label(cluster.name)}"]'
    yield "  direction LR"
    event = [_bold(cluster.on), *map(_escaped_label, condition_lines(cluster.when, 44, 6))]
    yield f'  {prefix}_event["{_lines(event)}"]'
    for node in cluster.nodes:
        yield f'  {ids[node.name]}["{_node(node)}"]'
    for edge in cluster.edges:
        yield f"  {_edge(edge, ids, prefix)}"
    yield "end"


def _node(node: Node) -> str:
    lines = [
        _bold(node.name),
        _escaped_label(place(node)),
        *map(_escaped_label, condition_lines(node.when, 40, 4)),
    ]
    return _lines([*lines, "in batches"] if node.batched else lines)


def _lines(lines: Iterable[str]) -> str:
    return "<br/>".join(lines)


def _bold(text: str) -> str:
    return f"<b>{_escaped_label(text)}</b>"


def _edge(edge: Edge, ids: dict[str, str], prefix: str) -> str:
    source = f"{prefix}_event" if edge.source is None else ids[edge.source]
    arrow = "-. else .->" if edge.kind == "failure" else "-->"
    return f"{source} {arrow} {ids[edge.target]}"


_ENTITIES = {'"': "#quot;", "<": "#lt;", ">": "#gt;", "#": "#35;", "`": "#96;", "&": "#amp;"}


def _escaped_label(text: str) -> str:
    """Words on one line, every character for itself."""
    return "".join(_ENTITIES.get(c, c) for c in " ".join(printable(text).split()))
