"""A picture as a page: the drawing, and the details of what is clicked on. Loads nothing.

Its fixed parts lie beside this file: `page.html`, `page.css`, `page.js`. The page allows itself
exactly these two by their hashes, so that no text of a plan could ever run, whatever it holds.
"""

from __future__ import annotations

import pkgutil
import re
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from html import escape
from string import Template

from fql.exact.writing import json_text
from fqlc.emit.picture import Cluster, Edge, Node, Picture
from fqlc.emit.policy_text import value_text

Links = Sequence[tuple[str, str]]
"""Titles of nodes, each with the words of the link to it."""

Row = tuple[str, str | Links]
"""A term and what is reported about it."""


@dataclass(frozen=True, slots=True)
class Details:
    """What the page tells about a node: a heading, words, and rows of a table."""

    name: str
    doc: str
    rows: Sequence[Row]

    def data(self) -> dict[str, object]:
        """For the page's script; rows without a value are left out."""
        return {"name": self.name, "doc": self.doc, "rows": [row for row in self.rows if row[1]]}


def html_page(picture: Picture, svg: str) -> str:
    """The page around a drawing whose nodes bear titles such as `observer/action`."""
    names = ", ".join(cluster.name for cluster in picture.clusters)
    style, script = _part("page.css"), _part("page.js")
    return Template(_part("page.html")).substitute(
        title=escape(names or "no observers"),
        heading=_count(len(picture.clusters)),
        style=style,
        style_hash=_hash(style),
        script=script,
        script_hash=_hash(script),
        drawing=_inline(svg),
        details=_json({name: found.data() for name, found in details(picture).items()}),
        observers="".join(_item(cluster) for cluster in picture.clusters),
    )


def details(picture: Picture) -> Mapping[str, Details]:
    """What the page tells about each node, by its title."""
    found = {}
    for cluster in picture.clusters:
        found[_title(cluster)] = _observer(cluster)
        for node in cluster.nodes:
            found[_title(cluster, node.name)] = _action(cluster, node)
    return found


def _title(cluster: Cluster, action: str | None = None) -> str:
    return f"{cluster.name}/{action or ''}"


def _observer(cluster: Cluster) -> Details:
    rows: tuple[Row, ...] = (
        ("on", cluster.on),
        ("when", cluster.when),
        ("actions", [(_title(cluster, node.name), node.name) for node in cluster.nodes]),
    )
    return Details(cluster.name, cluster.doc, rows)


def _action(cluster: Cluster, node: Node) -> Details:
    into = [edge for edge in cluster.edges if edge.target == node.name]
    out = [edge for edge in cluster.edges if edge.source == node.name]
    rows: tuple[Row, ...] = (
        (node.kind, node.target),
        ("when", node.when),
        ("after", [(_title(cluster, edge.source), _way(cluster, edge)) for edge in into]),
        ("then", [(_title(cluster, e.target), e.target) for e in out if e.kind != "failure"]),
        ("else", [(_title(cluster, e.target), e.target) for e in out if e.kind == "failure"]),
        *((key, f"{value_text(key, v)}, from {origin}") for key, v, origin in node.policies),
    )
    return Details(f"{cluster.name}.{node.name}", node.doc, rows)


def _way(cluster: Cluster, edge: Edge) -> str:
    if edge.source is None:
        return cluster.on
    return f"{edge.source} has failed" if edge.kind == "failure" else edge.source


def _item(cluster: Cluster) -> str:
    """An observer in the overview: its link, what it is on, and the first lines of its doc."""
    link = f'<a href="#{escape(_title(cluster))}">{escape(cluster.name)}</a>'
    doc = cluster.doc.strip().partition("\n\n")[0]
    return f"<li>{link} <code>{escape(cluster.on)}</code><span>{escape(doc)}</span></li>"


def _count(observers: int) -> str:
    return "1 observer" if observers == 1 else f"{observers or 'No'} observers"


def _part(name: str) -> str:
    """A fixed part of the page, from the file beside this one."""
    data = pkgutil.get_data(__package__, name)
    if data is None:
        raise FileNotFoundError(f"the installation of fqlc lacks its file {name}")
    return data.decode()


def _hash(text: str) -> str:
    """The source expression by which a content security policy allows an inline element."""
    return f"sha256-{b64encode(sha256(text.encode()).digest()).decode()}"


def _inline(svg: str) -> str:
    """The element itself: the head of an svg file (declaration, document type) has no place in a
    page. `role="group"`, and no image, so that screen readers find the nodes in it."""
    element = svg[svg.index("<svg") :]
    return re.sub(
        r'<svg width="[^"]*" height="[^"]*"', '<svg role="group" aria-label="observers"',
        element, count=1,
    )  # fmt: skip


def _json(value: object) -> str:
    """JSON that cannot end the script element it is in."""
    return json_text(value).replace("<", "\\u003c")
