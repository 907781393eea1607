"""`fqlc test`: what passes, how failures read, snapshots and coverage."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree as Xml

import pytest

from tests.cli_compiler.conftest import Command

RULES = """\
entity Order { id: ID @key  total: Decimal  rate: Float?  country: String? }

observer o {
  on: Order.insert
  when: total > 100 || country == "DE"
  webhook first { url: "${SHOP}/a", body: { id, total, rate, at: country ?? "-" } }
  webhook big { url: "${SHOP}/b", when: !(total <= 1000), body: { id } }
  webhook saved { url: "${SHOP}/e", body: { why: first.error.status } }
  flow {
    first -> big
    first else saved
  }
}
"""

TESTS = """
test "an ordinary order" {
  observer: o
  event: Order.insert
  new: { id: "1", total: 100.50, rate: 0.5 }
  expect: { sent: [first], skipped: [big], dead: [],
            bodies: { first: { id: "1", total: 100.50, rate: 0.5, at: "-" } } }
}

test "the receiver is down" {
  observer: o
  event: Order.insert
  new: { id: "1", total: 2000 }
  respond: { first: { status: 503 } }
  expect: { sent: [first, saved], skipped: [], dead: [first], attempts: { first: 3 },
            bodies: { saved: { why: 503 } } }
}

test "recovered" {
  observer: o
  event: Order.insert
  new: { id: "1", total: 2000 }
  respond: { first: [{ status: 503 }, { failure: reset }, { status: 200, body: { ok: true } }] }
  expect: { sent: [first, big], skipped: [], dead: [], attempts: { first: 3, big: 1 } }
}
"""

NOTHING = """
test "too small" {
  observer: o  event: Order.insert  new: { id: "1", total: 5, country: "FR" }
  expect: { sent: [] }
}
test "small but near" {
  observer: o  event: Order.insert  new: { id: "1", total: 5, country: "DE" }
  expect: { sent: [first] }
}
"""


@pytest.fixture
def program(shop: Path) -> Path:
    """The source with observer and tests."""
    file = shop / "shop.fql"
    file.write_text(RULES + TESTS)
    return file


def test_tests_run_without_a_network(fqlc: Command, program: Path) -> None:
    done = fqlc("test", str(program))
    assert done.code == 0, done.out
    assert "3 passed, 0 failed" in done.err


def test_no_tests_are_said_to_be_none(fqlc: Command, shop: Path) -> None:
    done = fqlc("test", "shop.fql")
    assert done.code == 1
    assert "no test blocks in shop.fql" in done.err
    assert fqlc("test", "--fail-under", "100", "shop.fql").code == 1


def test_answers_that_nothing_used_fail_the_test(fqlc: Command, program: Path) -> None:
    """A scripted answer that no attempt came to shows that the test is not about what it says."""
    ok, busy = "{ status: 200 }", "{ status: 503 }"
    text = program.read_text().replace(
        "total: 100.50, rate: 0.5 }\n  expect",
        f"total: 100.50, rate: 0.5 }}\n  respond: {{ first: [{ok}, {busy}, {ok}] }}\n  expect",
    )
    program.write_text(text)
    done = fqlc("test", "shop.fql")
    assert done.code == 1
    assert "respond of first: 2 of 3 answers were never used" in done.out


def test_a_renamed_test_does_not_escape_its_snapshot(fqlc: Command, program: Path) -> None:
    assert fqlc("test", "--update", "shop.fql").code == 0
    program.write_text(program.read_text().replace("recovered", "back again"))
    done = fqlc("test", "shop.fql")
    assert done.code == 1
    assert "shop.fql.snapshot.json keeps bodies of 'recovered', but there is no" in done.err
    assert fqlc("test", "--only", "back", "shop.fql").code == 0
    assert fqlc("test", "--update", "shop.fql").code == 0
    assert fqlc("test", "shop.fql").code == 0


def test_attempts_take_their_time(fqlc: Command, shop: Path) -> None:
    """Five attempts that time out would pass `max_elapsed` after the second."""
    (shop / "slow.fql").write_text(SLOW)
    done = fqlc("test", "slow.fql")
    assert done.code == 0, done.out


SLOW = """entity A { id: ID @key }
observer o {
  on: A.insert
  webhook first {
    url: "https://a.example.com/", body: { id }, timeout: 10s
    retry: { max_attempts: 5, backoff: fixed, initial_delay: 1s, jitter: none, max_elapsed: 15s }
  }
}
test "receivers that hang" {
  observer: o  event: A.insert  new: { id: "1" }
  respond: { first: { failure: timeout } }
  expect: { sent: [first], dead: [first], attempts: { first: 2 } }
}
test "receivers that are slow to refuse" {
  observer: o  event: A.insert  new: { id: "1" }
  respond: { first: { status: 503, delay: 4s } }
  expect: { sent: [first], dead: [first], attempts: { first: 4 } }
}
"""


@pytest.mark.usefixtures("program")
def test_only_some(fqlc: Command) -> None:
    assert "1 passed" in fqlc("test", "--only", "down", "shop.fql").err


def test_a_failure_tells_the_story(fqlc: Command, program: Path) -> None:
    """What was expected, what happened, and the parts of each condition with their values."""
    text = program.read_text().replace("sent: [first], skipped", "sent: [saved], skipped")
    program.write_text(text)
    done = fqlc("test", "shop.fql")
    assert done.code == 1
    assert done.out.splitlines()[:12] == [
        "FAIL  an ordinary order  (shop.fql:15)",
        "      sent: expected [saved], got [first]",
        "        the condition of `o`",
        '          total > 100 || country == "DE"  true',
        '            total > 100  true  (total is "100.50")',
        '            country == "DE"  not evaluated',
        "        the condition of `big`",
        "          !(total <= 1000)  false",
        '            total <= 1000  true  (total is "100.50")',
        "        what happened",
        "          first: sent: POST ***/a: 200",
        '            {"id":"1","total":"100.50","rate":0.5,"at":"-"}',
    ]


@pytest.mark.parametrize(("written", "instead", "line"), [
    ("total: 100.50, rate: 0.5, at", "total: 9, rate: 0.5, at",
     'body of first.total: expected 9, got "100.50"'),
    ('at: "-" }', 'at: "-", more: [1] }', "body of first.more: expected [1], got nothing"),
    (', at: "-" }', " }", 'body of first.at: expected nothing, got "-"'),
    ("attempts: { first: 3 }", "attempts: { first: 4 }", "attempts of first: expected 4, got 3"),
    ("dead: [first]", "dead: []", "dead: expected [], got [first]"),
    ("skipped: [big]", "skipped: []", "skipped: expected [], got [big]"),
    ("bodies: { saved", "bodies: { big: {}, saved", "body of big: nothing was sent"),
])  # fmt: skip
def test_each_expectation_can_fail(
    fqlc: Command, program: Path, written: str, instead: str, line: str
) -> None:
    assert written in program.read_text()
    program.write_text(program.read_text().replace(written, instead))
    done = fqlc("test", "shop.fql")
    assert (done.code, f"      {line}" in done.out.splitlines()) == (1, True), done.out


def test_an_answer_that_comes_too_late_is_none(fqlc: Command, program: Path) -> None:
    program.write_text(program.read_text().replace("{ status: 503 } }", "{ delay: 2m } }")
                       .replace("{ why: 503 }", "{ why: null }"))  # fmt: skip
    done = fqlc("test", "--only", "down", "shop.fql")
    assert done.code == 0, done.out


def test_programs_get_an_object_a_line(fqlc: Command, program: Path) -> None:
    program.write_text(program.read_text().replace("dead: [first]", "dead: []"))
    lines = [json.loads(line) for line in fqlc("test", "--format", "json", ".").out.splitlines()]
    assert [line["passed"] for line in lines] == [True, False, True]
    assert lines[1] == {
        "test": "the receiver is down", "observer": "o", "file": "shop.fql", "line": 23,
        "passed": False, "problems": ["dead: expected [], got [first]"],
        "sent": ["first", "saved"], "skipped": [], "dead": ["first"],
    }  # fmt: skip


def test_junit_has_a_suite_for_each_file(fqlc: Command, program: Path) -> None:
    program.write_text(program.read_text().replace("dead: [first]", "dead: []"))
    (program.parent / "more.fql").write_text(NOTHING)
    fqlc("test", "--junit", "report.xml", ".")
    root = Xml.parse(program.parent / "report.xml").getroot()
    assert (root.get("tests"), root.get("failures")) == ("5", "1")
    assert [(s.get("name"), s.get("tests")) for s in root] == [("more.fql", "2"), ("shop.fql", "3")]
    failure = root.find(".//failure")
    assert failure is not None
    assert failure.get("message") == "dead: expected [], got [first]"
    assert "first: given up" in (failure.text or "")


def test_snapshots_are_written_on_demand_and_compared(fqlc: Command, program: Path) -> None:
    file = program.parent / "shop.fql.snapshot.json"
    assert not file.exists()
    assert "wrote shop.fql.snapshot.json" in fqlc("test", "--update", "shop.fql").err
    kept = json.loads(file.read_text())
    assert kept["the receiver is down"] == {
        "first": {"id": "1", "total": "2000", "rate": None, "at": "-"}, "saved": {"why": 503},
    }  # fmt: skip
    assert fqlc("test", "shop.fql").code == 0
    program.write_text(program.read_text().replace("{ why:", "{ reason: 1, why:", 1))
    done = fqlc("test", "shop.fql")
    assert done.code == 1
    assert "snapshot of saved.reason: expected nothing, got 1" in done.out
    assert fqlc("test", "--update", "--only", "recovered", "shop.fql").err.startswith("1 passed")
    assert json.loads(file.read_text()) == kept
    text = program.read_text().replace("saved: { why: 503", "saved: { reason: 1, why: 503")
    program.write_text(text)
    fqlc("test", "--update", "shop.fql")
    assert fqlc("test", "shop.fql").code == 0


@pytest.mark.parametrize("content", ["[]", "{", '{"a": 1}'])
def test_a_foreign_snapshot_is_refused(fqlc: Command, program: Path, content: str) -> None:
    (program.parent / "shop.fql.snapshot.json").write_text(content)
    done = fqlc("test", "shop.fql")
    assert (done.code, "run with --update" in done.err) == (3, True)


def test_coverage_counts_both_values_and_each_edge(fqlc: Command, program: Path) -> None:
    done = fqlc("test", "--coverage", "shop.fql")
    assert done.out.splitlines()[-5:] == [
        "o          66.7 %  6/9",
        "  when `total > 100` is never false",
        '  when `country == "DE"` is never true',
        '  when `country == "DE"` is never false',
        "coverage   66.7 %",
    ]
    program.write_text(program.read_text() + NOTHING)
    assert "coverage  100.0 %" in fqlc("test", "--coverage", "shop.fql").out


@pytest.mark.usefixtures("program")
def test_coverage_as_data_and_as_a_bar(fqlc: Command) -> None:
    done = fqlc("test", "--only", "ordinary", "--coverage", "--format", "json", "shop.fql")
    found = json.loads(done.out.splitlines()[-1])["coverage"]
    assert (found["covered"], found["total"], found["percent"]) == (4, 9, 44.44)
    (observer,) = found["observers"]
    assert observer["conditions"][2] == {
        "action": "big", "text": "total <= 1000", "true": 1, "false": 0,
    }  # fmt: skip
    assert [(e["from"], e["to"], e["runs"]) for e in observer["edges"]] == [
        (None, "first", 1), ("first", "big", 1), ("first", "saved", 0),
    ]  # fmt: skip
    assert fqlc("test", "--fail-under", "66", "shop.fql").code == 0
    low = fqlc("test", "--fail-under", "67", "shop.fql")
    assert (low.code, "the coverage is 66.7 %, less than 67 %" in low.err) == (1, True)


def test_an_action_that_nothing_led_to_is_neither_skipped_nor_covered(
    fqlc: Command, program: Path
) -> None:
    """`saved` runs only when `first` is dead; a run without a failure does not skip it."""
    done = fqlc("test", "--only", "recovered", "--coverage", "--format", "json", str(program))
    verdict, covered = (json.loads(line) for line in done.out.splitlines())
    assert verdict["skipped"] == []
    assert covered["coverage"]["observers"][0]["edges"][2]["runs"] == 0


@pytest.mark.usefixtures("program")
def test_a_title_that_nobody_has(fqlc: Command) -> None:
    done = fqlc("test", "--only", "nothing like it", "shop.fql")
    assert (done.code, "no test has 'nothing like it'" in done.err) == (1, True)


EXACT = """\
entity Meter { id: Int @key  reading: Decimal  more: JSON }

observer o {
  on: Meter.insert
  webhook ask { url: "${SHOP}/a", body: { id, reading, more } }
  webhook tell { url: "${SHOP}/b", body: { all: ask.response } }
}

test "wide and exact" {
  observer: o
  event: Meter.insert
  new: { id: 98765432109876543210987, reading: 1.10, more: { x: 0.1, y: 12345678901234567890123 } }
  respond: { ask: { body: { price: 1.10, id: 12345678901234567890123 } } }
  expect: { sent: [ask, tell],
            bodies: { ask: { id: 98765432109876543210987, reading: 1.10,
                             more: { x: 0.1, y: 12345678901234567890123 } },
                      tell: { all: { price: 1.10, id: 12345678901234567890123 } } } }
}
"""


def test_numbers_of_a_test_are_exact(fqlc: Command, shop: Path) -> None:
    """In rows, answers, bodies and snapshots, whatever their size."""
    (shop / "meter.fql").write_text(EXACT)
    for option in ((), ("--update",), ()):
        done = fqlc("test", *option, "meter.fql")
        assert (done.code, done.out) == (0, done.out)
    kept = (shop / "meter.fql.snapshot.json").read_text()
    assert '"x": 0.1' in kept
    assert '"price": 1.10' in kept
    assert '"y": 12345678901234567890123' in kept
    other = EXACT.replace("890123 } } }\n  expect", "890124 } } }\n  expect")
    (shop / "meter.fql").write_text(other)
    done = fqlc("test", "meter.fql")
    assert done.code == 1
    assert "12345678901234567890124" in done.out
