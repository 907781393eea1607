"""`fqlc test`, `fqlc diff` and `fqlc fmt`."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree as Xml

from tests.cli_compiler.conftest import Command

PROGRAM = """\
entity Order { id: ID @key  total: Decimal }

observer o {
  on: Order.insert
  when: total > 100
  webhook first { url: "${SHOP}/a", body: { id, total } }
  webhook big { url: "${SHOP}/b", when: total > 1000, body: { id } }
  webhook saved { url: "${SHOP}/e", body: { why: first.error.status } }
  flow {
    first -> big
    first else saved
  }
}

test "an ordinary order" {
  observer: o
  event: Order.insert
  new: { id: "1", total: 100.50 }
  expect: { sent: [first], skipped: [big], bodies: { first: { id: "1", total: "100.50" } } }
}

test "the receiver is down" {
  observer: o
  event: Order.insert
  new: { id: "1", total: 2000 }
  respond: { first: { status: 503 } }
  expect: { sent: [first, saved], dead: [first], attempts: { first: 3 } }
}

test "recovered" {
  observer: o
  event: Order.insert
  new: { id: "1", total: 2000 }
  respond: { first: [{ status: 503 }, { status: 200 }] }
  expect: { sent: [first, big], skipped: [], dead: [], attempts: { first: 2 } }
}
"""


def test_tests_run_without_a_network(fqlc: Command, shop: Path) -> None:
    (shop / "shop.fql").write_text(PROGRAM)
    done = fqlc("test", "shop.fql")
    assert done.code == 0, done.out
    assert "3 passed, 0 failed" in done.err


def test_a_failure_says_what_happened(fqlc: Command, shop: Path) -> None:
    (shop / "shop.fql").write_text(
        PROGRAM.replace("sent: [first], skipped", "sent: [big], skipped")
    )
    done = fqlc("test", "--junit", "report.xml", "shop.fql")
    assert done.code == 1
    assert "sent: expected [big], got [first]" in done.out
    suite = Xml.parse(shop / "report.xml").getroot()
    assert (suite.get("tests"), suite.get("failures")) == ("3", "1")


def test_only_some(fqlc: Command, shop: Path) -> None:
    (shop / "shop.fql").write_text(PROGRAM)
    assert "1 passed" in fqlc("test", "--only", "down", "shop.fql").err


def test_diff_between_a_plan_and_sources(fqlc: Command, shop: Path) -> None:
    fqlc("compile", "-o", "old.json", "shop.fql")
    assert fqlc("diff", "old.json", "shop.fql").code == 0
    file = shop / "shop.fql"
    file.write_text(file.read_text().replace("100", "200"))
    done = fqlc("diff", "old.json", "shop.fql", "--format", "json")
    assert done.code == 1
    assert json.loads(done.out) == {
        "area": "triggers",
        "where": "observer order_created",
        "what": "the condition is `total > 200`, before `total > 100`",
    }


def test_fmt_checks_shows_and_writes(fqlc: Command, shop: Path) -> None:
    file = shop / "shop.fql"
    file.write_text("entity   Order{id:ID @key}\n")
    assert fqlc("fmt", "--check", ".").code == 1
    diff = fqlc("fmt", "--diff", ".")
    assert (diff.code, diff.out.splitlines()[0]) == (1, "--- shop.fql")
    assert file.read_text() == "entity   Order{id:ID @key}\n"
    assert fqlc("fmt", ".").code == 0
    assert "entity Order {" in file.read_text()
    assert fqlc("fmt", "--check", ".").code == 0
