"""A picture as a page: the drawing, and the details of what is clicked on. Loads nothing."""

from __future__ import annotations

import json
import re
from html import escape
from string import Template
from typing import Any

from fqlc.emit.page_parts import PAGE, SCRIPT, STYLE
from fqlc.emit.picture import Cluster, Node, Picture
from fqlc.emit.policy_text import value_text


def html_page(picture: Picture, svg: str) -> str:
    """The page around a drawing whose nodes bear titles such as `observer/action`."""
    names = ", ".join(cluster.name for cluster in picture.clusters)
    return Template(PAGE).substitute(
        title=escape(names or "no observers"),
        style=STYLE,
        script=SCRIPT,
        drawing=_inline(svg),
        details=_data(details(picture)),
        observers="".join(_item(cluster) for cluster in picture.clusters),
    )


def details(picture: Picture) -> dict[str, Any]:
    """What the page tells about each node, by its title: a heading, words, and rows of a table."""
    found = {}
    for cluster in picture.clusters:
        found[f"{cluster.name}/"] = _observer(cluster)
        for node in cluster.nodes:
            found[f"{cluster.name}/{node.name}"] = _action(cluster, node)
    return found


def _observer(cluster: Cluster) -> dict[str, Any]:
    first = [edge.target for edge in cluster.edges if edge.source is None]
    rows = [("on", cluster.on), ("when", cluster.when), ("starts", ", ".join(first))]
    return {"name": cluster.name, "doc": cluster.doc, "rows": [row for row in rows if row[1]]}


def _action(cluster: Cluster, node: Node) -> dict[str, Any]:
    into = [edge for edge in cluster.edges if edge.target == node.name]
    out = [edge for edge in cluster.edges if edge.source == node.name]
    rows = [
        (node.kind, node.target),
        ("when", node.when),
        ("after", ", ".join(_way(edge.source or cluster.on, edge.kind) for edge in into)),
        ("then", ", ".join(edge.target for edge in out if edge.kind != "failure")),
        ("else", ", ".join(edge.target for edge in out if edge.kind == "failure")),
        *((key, f"{value_text(key, v)}, from {origin}") for key, v, origin in node.policies),
    ]
    name = f"{cluster.name}.{node.name}"
    return {"name": name, "doc": node.doc, "rows": [row for row in rows if row[1]]}


def _way(source: str, kind: str) -> str:
    return f"{source} has failed" if kind == "failure" else source


def _item(cluster: Cluster) -> str:
    title = escape(f"{cluster.name}/", quote=True)
    return f'<li><a href="#{title}">{escape(cluster.name)}</a> {escape(cluster.on)}</li>'


def _inline(svg: str) -> str:
    """The element itself: the head of an svg file (declaration, document type) has no place in a
    page, and a fixed size would not let it shrink."""
    start = svg.index("<svg")
    element = svg[start:]
    return re.sub(r'<svg width="[^"]*" height="[^"]*"', '<svg role="img"', element, count=1)


def _data(value: object) -> str:
    """JSON that cannot end the script element it stands in."""
    return json.dumps(value, ensure_ascii=False).replace("<", "\\u003c")
