"""The outside suites: no case differs from ours without a reason that is published."""

from __future__ import annotations

import pytest

from tests.conformance import textproto
from tests.conformance.cel import Translator
from tests.conformance.folder import suites
from tests.conformance.judge import Data, NotApplicable, Rejected, evaluated
from tests.conformance.table import PUBLISHED, Judged, judged, page
from tests.conformance.wycheproof import vectors

ABSENT = "the outside suites are absent: set FQL_CONFORMANCE to their folder"


@pytest.fixture(scope="module")
def cases() -> list[Judged]:
    """All cases, judged."""
    folder = suites()
    if folder is None:
        pytest.skip(ABSENT)
    return list(judged(folder))


def test_no_case_is_wrong(cases: list[Judged]) -> None:
    """Every case is equal, or has its reason."""
    wrong = [f"{c.name}: {c.verdict.reason}" for c in cases if c.verdict.kind == "wrong"]
    assert wrong == []
    assert all(c.verdict.reason for c in cases if c.verdict.kind != "equal")


def test_most_of_what_applies_is_equal(cases: list[Judged]) -> None:
    """The translators do not hide behind reasons: hundreds of cases give the same value."""
    for suite, least in (("CEL", 200), ("JSONLogic", 250)):
        found = [c for c in cases if c.suite == suite and c.verdict.kind == "equal"]
        assert len(found) >= least


def test_the_published_table_is_current(cases: list[Judged]) -> None:
    """`python -m tests.conformance.table` writes it."""
    known = vectors()
    if known is None:
        pytest.skip("the vectors of Wycheproof are absent: set FQL_CONFORMANCE to their folder")
    assert PUBLISHED.read_text(encoding="utf-8") == page(cases, known)


def test_textproto_reader() -> None:
    """Messages, lists, joined texts, escapes and comments."""
    text = 'a: 1 # note\nb { c: "x" "\\ny\\u00e9" } b: { d: [1, { e: -inf }] }'
    assert textproto.read(text) == {
        "a": ["1"],
        "b": [{"c": ["x\nyé"]}, {"d": ["1", {"e": ["-inf"]}]}],
    }


@pytest.mark.parametrize(
    ("source", "written"),
    [
        ("!a && a == b", "((!(a)) && (a == b))"),
        ("a ? b : a", "(if a then b else a)"),
        ("size('x') + 0x10", '("x".length() + 16)'),
        ("[1, 2].exists(e, e > 1.5e1)", "[1, 2].any(e, (e > 15.0))"),
        (r"'\u00e9\n{{'", r'"\u{E9}\u{A}\u{7B}\u{7B}"'),
    ],
)
def test_cel_notation(source: str, written: str) -> None:
    """CEL is written in ours with every operation in parentheses."""
    assert Translator(source, {"a", "b"}).translate() == written


@pytest.mark.parametrize("source", ["b'x'", "1u", "{1: 2}", "has(a.b)", "unknown"])
def test_what_does_not_apply(source: str) -> None:
    """Parts of CEL that the language does not have are named."""
    with pytest.raises(NotApplicable):
        Translator(source, {"a", "b", "c"}).translate()


def test_evaluation_by_the_whole_path() -> None:
    """An expression is compiled, stored in a plan, read and run."""
    data = Data({"x": ("Int", 20), "s": ("String", "a")})
    assert evaluated("x * 2 + 2", data) == 42
    assert isinstance(evaluated("x + s", data), Rejected)
