"""The formatter: one style, comments kept, nothing changed in meaning."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from fqlc.syntax.printing.files import format_text
from tests.syntax.help import parse, shape
from tests.syntax.programs import EXPRESSIONS, PROGRAMS


@settings(max_examples=120, deadline=None, derandomize=True,
          suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])  # fmt: skip
@given(PROGRAMS)
def test_formatting_keeps_the_meaning_and_the_comments(text: str) -> None:
    before, found = parse(text)
    assert found == (), (text, found)
    formatted = format_text(text)
    after, found = parse(formatted)
    assert found == (), (formatted, found)
    assert shape(after.declarations) == shape(before.declarations)
    assert sorted(c.text for c in after.comments) == sorted(c.text for c in before.comments)
    assert format_text(formatted) == formatted


@settings(max_examples=100, deadline=None, derandomize=True,
          suppress_health_check=[HealthCheck.too_slow])  # fmt: skip
@given(EXPRESSIONS)
def test_formatting_keeps_expressions(text: str) -> None:
    before, _ = parse(f"let x = {text}")
    formatted = format_text(f"let x = {text}")
    after, found = parse(formatted)
    assert found == ()
    assert shape(after.declarations) == shape(before.declarations)


def test_the_style() -> None:
    text = (
        "let c = NOT a == b   # why\nenum E { a b }\n"
        "observer  x { on: [ Order.insert,Order.update ] # on what\n   # why\n"
        '  when: status IN (\'a\', "b") AND is_priority && country in ["DE", "FR", "UK"] || '
        "total > 1000\n\n\n  webhook a { url: 'u'\n   body: { a: 1, b }\n timeout: 5s }\n"
        "  retry: { max_attempts: 3 } flow { a ->b a else c }\n}"
    )
    assert format_text(text) == (
        "let c = !(a == b)  # why\n\nenum E { a, b }\n\n"
        "observer x {\n  on: [Order.insert, Order.update]  # on what\n  # why\n"
        '  when: status in ["a", "b"] && is_priority && country in ["DE", "FR", "UK"] || '
        "total > 1000\n\n"
        '  webhook a { url: "u", body: { a: 1, b }, timeout: 5s }\n'
        "  retry: { max_attempts: 3 }\n"
        "  flow {\n    a -> b\n    a else c\n  }\n}\n"
    )


def test_long_conditions_break_before_their_operators() -> None:
    parts = [f"condition_number_{i}" for i in range(6)]
    lines = "\n    && ".join(parts)
    text = f"observer o {{\n  when: {' AND '.join(parts)}\n}}\n"
    assert format_text(text) == f"observer o {{\n  when: {lines}\n}}\n"


def test_broken_declarations_stay_byte_for_byte() -> None:
    broken = "observer   broken {  on  Order.insert  # here\n    webhook  w {url:'x'}\n}"
    text = f"let   a=1\n{broken}\n\n\n\nlet b   = 2 # two\n???\nlet c=3"
    formatted = format_text(text)
    assert formatted == f"let a = 1\n\n{broken}\n\n\n\nlet b   = 2 # two\n???\n\nlet c = 3\n"
    assert format_text(formatted) == formatted


@pytest.mark.parametrize("text", ["", "\n\n", "# only\n\n\n# comments", "\u00e4\u00f6", "}"])
def test_texts_without_declarations(text: str) -> None:
    formatted = format_text(text)
    assert format_text(formatted) == formatted
    assert formatted.split() == text.split()


def test_the_examples_of_the_repository_are_formatted() -> None:
    """What is shown to users is in the one style, or at least keeps its meaning by it."""
    for path in sorted(Path("examples").rglob("*.fql")):
        text = path.read_text(encoding="utf-8")
        formatted = format_text(text)
        assert format_text(formatted) == formatted
        assert shape(parse(formatted)[0].declarations) == shape(parse(text)[0].declarations)
