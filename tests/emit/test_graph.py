"""Pictures of plans."""

from __future__ import annotations

import json
import re
import shutil

import pytest

from fqlc.emit.dot import dot_source
from fqlc.emit.draw import DrawingFailed, draw, find_program
from fqlc.emit.graph_json import graph_json
from fqlc.emit.labels import Line, condition_lines, table, text_width
from fqlc.emit.mermaid import mermaid_source
from fqlc.emit.picture import Picture, picture_of
from tests.lower.harness import ORDER, typed_plan

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
    return picture_of(typed_plan(TEXT))


def test_dot_has_a_cluster_for_each_observer(picture: Picture) -> None:
    source = dot_source(picture)
    assert source.count("subgraph cluster_") == 2
    assert '"o/a" -> "o/c" [' in source
    assert "style=dashed" in source
    assert 'tooltip="The second."' in source
    assert "when total != null" in source


def test_siblings_and_observers_stand_in_the_order_they_were_written() -> None:
    """From top to bottom; y grows downwards from a negative top."""
    text = ORDER + "".join(
        f'observer o{n} {{ on: Order.insert  webhook a {{ url: "https://a.example.com" }}'
        ' webhook b { url: "https://a.example.com" }  webhook c { url: "https://a.example.com" }'
        " flow { a -> [b, c] } }\n"
        for n in range(3)
    )
    drawn = draw(dot_source(picture_of(typed_plan(text))), "svg").decode()
    y = {name: place(drawn, name)[1] for name in ("o0/b", "o0/c", "o1/b", "o1/c", "o2/b")}
    assert list(y.values()) == sorted(y.values()), y


def place(drawn: str, name: str) -> tuple[float, float]:
    """Where the first word of a node stands."""
    found = re.search(rf'<title>{name}</title>.*?<text[^>]* x="([-0-9.]+)" y="([-0-9.]+)"', drawn,
                      re.DOTALL)  # fmt: skip
    assert found is not None
    return float(found[1]), float(found[2])


def test_boxes_hold_their_words_in_a_wide_font() -> None:
    """DejaVu Sans, the fallback where Helvetica is missing, is a seventh wider."""
    wide = {"a": 0.613, "w": 0.818, "0": 0.636, "A": 0.684, "m": 0.974, "i": 0.278}
    for letter, advance in wide.items():
        assert text_width(Line(letter * 40)) >= 40 * 10 * advance


def test_a_condition_is_broken_at_its_operators_and_cut_where_it_is_endless() -> None:
    text = "status.changed() && total > 1000 || customer == 'somebody' && country in ['DE']"
    assert list(condition_lines(text, 40, 4)) == [
        "when status.changed() && total > 1000", "|| customer == 'somebody'",
        "&& country in ['DE']",
    ]  # fmt: skip
    lines = list(condition_lines(" && ".join(["total > 1"] * 40), 30, 3))
    assert len(lines) == 3
    assert lines[-1].endswith("…")
    assert list(condition_lines("", 40, 4)) == []


def test_words_that_xml_does_not_hold_are_drawn_as_a_mark() -> None:
    label = table([Line("<b>&\x00\x1b")])
    drawn = draw(f"digraph {{ a [label={label}] }}", "svg").decode()
    assert "&lt;b&gt;&amp;\ufffd\ufffd" in drawn


def test_the_same_bytes_each_time(picture: Picture) -> None:
    assert dot_source(picture) == dot_source(picture_of(typed_plan(TEXT)))


def test_only_the_named_observers() -> None:
    assert [c.name for c in picture_of(typed_plan(TEXT), ["p"]).clusters] == ["p"]


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


def test_a_doc_may_look_like_an_element() -> None:
    """DOT takes a text between `<` and `>` for HTML where nobody says that it is none."""
    text = (
        f'{ORDER} """<svg>"""\nobserver o {{ on: Order.insert\n """<b>"""\n'
        ' webhook a { url: "https://a.example.com" } }'
    )
    drawn = draw(dot_source(picture_of(typed_plan(text))), "svg").decode()
    assert 'xlink:title="&lt;svg&gt;"' in drawn
    assert 'xlink:title="&lt;b&gt;"' in drawn


def test_a_text_that_is_no_dot_is_a_clear_failure() -> None:
    with pytest.raises(DrawingFailed):
        draw("digraph {", "svg")
