"""FQL381."""

from __future__ import annotations

import pytest

from tests.checks.harness import expect

PROGRAM = """
enum S { a, b }
entity Order { id: ID @key  total: Decimal  s: S  note: String? }
observer o { on: Order.update
  webhook hook { url: "https://a.example.com", body: { id } } }
"""
OLD = 'old: { id: "1", total: 5.50, s: a }'


def program(**parts: str) -> str:
    """A test block with one part exchanged; each part stands on a line of its own."""
    lines = {
        "observer": "observer: o",
        "event": "event: Order.update",
        "old": OLD,
        "new": "new: { s: b }",
        "respond": "respond: { hook: { status: 503 } }",
        "expect": "expect: { sent: [hook], skipped: [], dead: [hook], attempts: { hook: 3 } }",
        **parts,
    }
    return PROGRAM + 'test "t" {\n' + "\n".join(lines.values()) + "\n}"


def test_a_sound_test() -> None:
    expect(program())


@pytest.mark.parametrize(
    "part",
    [
        {"observer": "observer: oo # error: FQL381 not an observer"},
        {"event": "event: Order.insert # error: FQL381 watches `Order.update`"},
        {"new": "new: { t: b } # error: FQL381 no field `t`"},
        {"new": "new: { s: c } # error: FQL381 not a member"},
        {"new": "new: { total: true } # error: FQL381 is not `Decimal`"},
        {"new": "new: { total: 1 + 1 } # error: FQL381 must be literals"},
        {"old": 'old: { id: "1" } # error: FQL381 lacks `total` and `s`'},
        {"respond": "respond: { hok: { status: 200 } } # error: FQL381 `hok`"},
        {"respond": "respond: { hook: { staus: 200 } } # error: FQL204 `staus`"},
        {"respond": "respond: { hook: { status: 99 } } # error: FQL381 from 100 to 599"},
        {"respond": "respond: { hook: { delay: 5 } } # error: FQL381 a duration"},
        {"respond": "respond: { hook: [{ failure: rest }] } # error: FQL381 `dns`"},
        {"respond": "respond: { hook: { headers: { a: 1 } } } # error: FQL381 of texts"},
        {"expect": "expect: { sent: [], attempts: { hook: 1.5 } } # error: FQL381 whole number"},
        {"expect": "expect: { sent: [hooks] } # error: FQL381 `hooks`"},
        {"expect": "expect: { skipped: [] } # error: FQL381 needs `sent`"},
        {"expect": "expect: { sent: hook } # error: FQL381 a list"},
        {"extra": "colour: red # error: FQL204 no key `colour`"},
    ],
    ids=lambda part: next(iter(part.values())),
)
def test_what_is_wrong(part: dict[str, str]) -> None:
    expect(program(**part))


def test_what_is_missing() -> None:
    expect(PROGRAM + 'test "t" { observer: o } # error: FQL381 needs `event` and `expect`')


def test_rows_that_an_event_does_not_have() -> None:
    text = program(event="event: Order.delete", new="new: { s: b } # error: FQL381 has no `new`")
    expect(text.replace("on: Order.update", "on: Order.delete"))
