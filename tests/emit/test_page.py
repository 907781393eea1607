"""The page of a picture: it holds everything, and what is written in a plan stays words."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from html.parser import HTMLParser

import pytest

from fqlc.emit.dot import dot_source
from fqlc.emit.draw import draw
from fqlc.emit.page import Details, details, html_page
from fqlc.emit.picture import Picture, picture_of, reduced
from tests.lower.harness import ORDER, typed_plan

TEXT = (
    ORDER
    + '''
"""Ends </script><script>alert(1)</script> here."""
observer o {
  on: Order.insert
  when: status == "<b>&"
  webhook a { url: "https://a.example.com/$title", timeout: 3s, body: { id } }
  webhook b { url: "https://b.example.com", body: { id } }
  webhook c { url: "https://c.example.com", body: { id } }
  webhook d { url: "https://d.example.com", body: { id } }
  flow { a -> b -> c   a -> c   a else d }
}
'''
)


class Page(HTMLParser):
    """Tags with their attributes, and the text of each script."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[str] = []
        self._script = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._script = tag == "script"
        if self._script:
            self.scripts.append("")

    def handle_endtag(self, tag: str) -> None:
        self._script = self._script and tag != "script"

    def handle_data(self, data: str) -> None:
        if self._script:
            self.scripts[-1] += data


@pytest.fixture(scope="module")
def picture() -> Picture:
    return picture_of(typed_plan(TEXT))


@pytest.fixture(scope="module")
def text(picture: Picture) -> str:
    return html_page(picture, draw(dot_source(picture), "svg").decode())


def test_it_loads_nothing(text: str) -> None:
    loading = [tag for tag, given in Page(text).tags if {"src", "srcset"} & given.keys()]
    links = [given.get("href", "") or "" for tag, given in Page(text).tags if tag in ("a", "link")]
    assert loading == []
    assert all(link in ("", "data:,") or link.startswith("#") for link in links)
    assert "default-src 'none'" in text
    assert "unsafe" not in text
    assert not re.search(r"@import|url\(", text)


def test_words_of_a_plan_never_become_elements(text: str) -> None:
    page = Page(text)
    assert len(page.scripts) == 2
    assert "alert(1)" not in page.scripts[1]
    data = json.loads(page.scripts[0])
    assert data["o/"]["doc"] == "Ends </script><script>alert(1)</script> here."


def test_each_drawn_node_has_its_details(text: str, picture: Picture) -> None:
    drawn = re.findall(r'class="node [a-z]+">\s*<title>([^<]*)</title>', text)
    assert sorted(drawn) == sorted(details(picture)) == ["o/", "o/a", "o/b", "o/c", "o/d"]


def test_details_say_what_and_when_and_in_which_order(picture: Picture) -> None:
    found = details(picture)
    assert rows(found["o/a"]) == {
        "webhook": "POST https://a.example.com/$title", "after": [("o/", "Order.insert")],
        "then": [("o/b", "b"), ("o/c", "c")], "else": [("o/d", "d")],
        "timeout": "3s, from action a",
    }  # fmt: skip
    assert rows(found["o/d"])["after"] == [("o/a", "a has failed")]
    assert rows(found["o/"])["when"] == 'status == "<b>&"'


def rows(found: Details) -> dict[str, object]:
    """Those that are shown."""
    return {term: value for term, value in found.rows if value}


def test_reduced_leaves_out_what_is_implied(picture: Picture) -> None:
    (before,), (after,) = picture.clusters, reduced(picture).clusters
    gone = set(before.edges) - set(after.edges)
    assert [(e.source, e.target) for e in gone] == [("a", "c")]
    assert reduced(reduced(picture)) == reduced(picture)


@pytest.mark.skipif(shutil.which("node") is None, reason="no node: install Node.js")
def test_the_script_is_sound(text: str) -> None:
    command = ["node", "--check", "-"]
    done = subprocess.run(
        command, input=Page(text).scripts[1].encode(), capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr.decode()
