"""Whatever words a plan holds, they can be drawn, and they stay words."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET

from hypothesis import example, given, settings
from hypothesis import strategies as st

from fqlc.emit.dot import dot_source
from fqlc.emit.draw import draw
from fqlc.emit.mermaid import mermaid_source
from fqlc.emit.page import html_page
from fqlc.emit.picture import Cluster, Edge, Node, Picture
from tests.emit.test_page import Page

WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)


def picture(name: str, words: str) -> Picture:
    """The same words in every place where somebody's own words may stand."""
    policies = (("timeout", words, words),)
    nodes = (
        Node(name, "webhook", f"POST https://{words}", words, words, policies=policies),
        Node("b", "webhook", words, words, words, batched=True),
    )
    edges = (Edge(None, name, "sequence"), Edge(name, "b", "failure"))
    return Picture((Cluster(name, words, "Order.insert", words, nodes, edges),))


@settings(max_examples=60, deadline=None)
@given(name=st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,90}", fullmatch=True), words=WORDS)
@example(name="graph", words="</script><!--<script>")
@example(name="node", words="<b>")
@example(name="subgraph", words="\\N \\l \\\\ \" ' &amp; ]]>")
@example(name="a", words="\x00\x08\ufffe\u2028\x85")
def test_they_are_drawn_and_stay_words(name: str, words: str) -> None:
    drawn = picture(name, words)
    svg = draw(dot_source(drawn), "svg").decode()
    tags = {element.tag.rpartition("}")[2] for element in ET.fromstring(svg).iter()}
    assert tags <= {"svg", "g", "title", "polygon", "path", "text", "a"}
    page = Page(html_page(drawn, svg))
    assert len(page.scripts) == 2
    assert json.loads(page.scripts[0])[f"{name}/"]["doc"] == words
    lines = mermaid_source(drawn).splitlines()
    assert len(lines) == 9
    assert not any("<script" in line or "<!--" in line for line in lines)
