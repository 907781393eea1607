"""`publish` and `call` in pictures, in the differences of plans, and in what `fmt` prints."""

from __future__ import annotations

from pathlib import Path

import pytest

from fql.plan.model import Plan
from fql.plan.stored.codec import read_plan
from fqlc import compile_text
from fqlc.cli.main import run
from fqlc.emit.mermaid import mermaid_source
from fqlc.emit.picture import picture_of
from fqlc.exporting.changes.differences import differences

TEXT = """\
type Shelf { shelf: String }

entity Order { id: ID @key, total: Decimal, country: String }

observer o {
  on: Order.insert
  call find {
    function: stock.find
    arguments: { order: id, total }
    response: Shelf
  }
  publish tell {
    subject: "orders.{{ country }}.placed"
    body: { id, shelf: find.response.shelf }
  }
  webhook mend { url: "https://a.example.com/", body: { why: find.error.message } }

  flow {
    find -> tell
    find else mend
  }
}
"""


def plan_of(text: str = TEXT) -> Plan:
    plan = compile_text(text).plan
    assert plan is not None
    return read_plan(plan)


@pytest.mark.parametrize(("written", "instead", "words"), [
    ("stock.find", "stock.seek", "sends call stock.seek, previously call stock.find"),
    ("order: id, total", "order: id", "the arguments changed: gone `total`"),
    ("order: id, total", "order: country, total",
     "the arguments changed: `order` is `country`, previously `id`"),
    (".placed", ".new", "sends publish orders.{{ country }}.new, previously publish "
     "orders.{{ country }}.placed"),
    ("body: { id, shelf", "body: { shelf", "the body changed: gone `id`"),
    ("publish tell {\n    subject", 'publish tell {\n    headers: { "X": "a" }\n    subject',
     "the headers changed: new `X`"),
    ("response: Shelf\n", "response: Shelf\n    timeout: 5s\n",
     "`timeout` is 5s, previously 1m (the default)"),
])  # fmt: skip
def test_differences(written: str, instead: str, words: str) -> None:
    assert written in TEXT
    found = differences(plan_of(), plan_of(TEXT.replace(written, instead)))
    assert words in [change.what for change in found]


def test_an_argument_that_comes_to_a_call_without_any() -> None:
    old = plan_of(TEXT.replace("    arguments: { order: id, total }\n", ""))
    found = [change.what for change in differences(old, plan_of())]
    assert found == ["the arguments changed: new `order`; new `total`"]


def test_pictures_say_where_each_goes() -> None:
    picture = picture_of(plan_of())
    for drawn in (mermaid_source(picture), str(picture)):
        assert "call stock.find" in drawn
        assert "orders.{{ country }}.placed" in drawn


@pytest.mark.parametrize("form", ["svg", "dot", "json", "html", "mermaid"])
def test_every_form_draws_them(form: str, tmp_path: Path) -> None:
    (tmp_path / "o.fql").write_text(TEXT)
    file = tmp_path / f"o.{form}"
    arguments = ["graph", str(tmp_path / "o.fql"), "--format", form, "-o", str(file)]
    assert run(arguments) == 0
    assert "stock.find" in file.read_text()


def test_the_printer_keeps_them(tmp_path: Path) -> None:
    (tmp_path / "o.fql").write_text(TEXT)
    assert run(["fmt", "--check", str(tmp_path / "o.fql")]) == 0
