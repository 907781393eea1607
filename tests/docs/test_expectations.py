"""The table of expectations names tests that exist, one at least for each."""

from __future__ import annotations

import re

import pytest

from tests.docs.test_docs import ROOT

PAGE = (ROOT / "docs/reference/command-line.md").read_text(encoding="utf-8")
ROWS = dict(re.findall(r"^\| (\d+) \| .+ \| (.+) \|$", PAGE, re.MULTILINE))
NAMED = re.compile(r"`((?:\w+/)+\w+\.py)(?:::(\w+))?`")


def test_there_are_twenty_five() -> None:
    assert list(ROWS) == [str(number) for number in range(1, 26)]


@pytest.mark.parametrize("number", ROWS)
def test_each_is_shown_by_a_test_that_exists(number: str) -> None:
    named = NAMED.findall(ROWS[number])
    assert named
    for path, function in named:
        text = (ROOT / "tests" / path).read_text(encoding="utf-8")
        assert not function or f"def {function}(" in text, f"{path}::{function}"
