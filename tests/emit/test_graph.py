"""Pictures of plans."""

from __future__ import annotations

import json
import shutil

import pytest

from fqlc.emit.dot import dot_source
from fqlc.emit.draw import DrawingFailed, draw, find_program
from fqlc.emit.graph_json import graph_json
from fqlc.emit.mermaid import mermaid_source
from fqlc.emit.picture import Picture, picture_of
from tests.lower.harness import ORDER, plan

TEXT = (
    ORDER
    + '''
"""Says "hello" to <all> & everyone."""
observer o {
  on: Order.insert
  when: status == "a\\"b" || status == "<&>"
  webhook a { url: "https://a.example.com/{{ id }}", body: { id } }
  """The second."""
  webhook b { url: "https://b.example.com", when: total != null, body: { id } }
  webhook c { url: "https://c.example.com", body: { id } }
  flow { a -> b
    a else c }
}
observer p { on: Order.delete  webhook only { url: "https://a.example.com", body: { id } } }
'''
)


@pytest.fixture
def picture() -> Picture:
    return picture_of(plan(TEXT))


def test_dot_has_a_cluster_for_each_observer(picture: Picture) -> None:
    source = dot_source(picture)
    assert source.count("subgraph cluster_") == 2
    assert '"o/a" -> "o/c" [' in source
    assert "style=dashed" in source
    assert 'tooltip="The second."' in source
    assert "when total != null" in source


def test_the_same_bytes_each_time(picture: Picture) -> None:
    assert dot_source(picture) == dot_source(picture_of(plan(TEXT)))


def test_only_the_named_observers() -> None:
    assert [c.name for c in picture_of(plan(TEXT), ["p"]).clusters] == ["p"]


def test_mermaid(picture: Picture) -> None:
    source = mermaid_source(picture)
    assert source.startswith("flowchart LR\n")
    assert "o0_0 -. else .-> o0_2" in source
    assert "#lt;#amp;#gt;" in source
    assert "<&>" not in source


def test_json(picture: Picture) -> None:
    observers = json.loads(graph_json(picture))["observers"]
    assert observers[0]["edges"][0] == {"source": None, "target": "a", "kind": "sequence"}
    assert observers[0]["nodes"][0]["target"] == "POST https://a.example.com/{{ id }}"


@pytest.mark.parametrize(("form", "magic"), [("svg", b"<svg"), ("png", b"\x89PNG")])
def test_a_program_draws(picture: Picture, form: str, magic: bytes) -> None:
    assert magic in draw(dot_source(picture), form)


def test_it_draws_without_a_dot_program(picture: Picture, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only what stands beside the interpreter is left."""
    monkeypatch.setattr(shutil, "which", lambda _name: None)
    program = find_program("svg")
    assert program is not None
    assert "graphviz-pure" in program
    assert b"</svg>" in draw(dot_source(picture), "svg")
    with pytest.raises(DrawingFailed, match="pdf"):
        draw(dot_source(picture), "pdf")


def test_a_text_that_is_no_dot_is_a_clear_failure() -> None:
    with pytest.raises(DrawingFailed):
        draw("digraph {", "svg")
