"""Programs with the expected reports written on the lines that earn them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.types.program import check

CASES = sorted((Path(__file__).parent / "cases").glob("*.fql"))
_EXPECTED = re.compile(r"#\s*(?:error|warning):\s*(.*)$")


def expected(text: str) -> list[tuple[int, str, str]]:
    """(line, code, part of the message) of each mark; several on a line are split by `;`."""
    marks: list[tuple[int, str, str]] = []
    for number, line in enumerate(text.splitlines(), 1):
        found = _EXPECTED.search(line)
        for mark in found.group(1).split(";") if found else ():
            code, _, part = mark.strip().partition(" ")
            marks.append((number, code, part))
    return marks


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.stem)
def test_reports_stand_on_the_lines_that_earn_them(case: Path) -> None:
    """Every mark is reported, and nothing else is."""
    text = case.read_text(encoding="utf-8")
    found = [(text.count("\n", 0, d.span.start) + 1, d.code, d.message) for d in check(text).found]
    for line, code, part in expected(text):
        match = next((f for f in found if f[:2] == (line, code) and part in f[2]), None)
        assert match is not None, f"line {line}: {code} {part!r} is missing; found {found}"
        found.remove(match)
    assert found == []
