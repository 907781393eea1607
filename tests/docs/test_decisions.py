"""Each decision record names a test that holds it, and that test exists."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
RECORDS = sorted((ROOT / "docs" / "decisions").glob("0*.md"))
HELD = re.compile(r"(?:Held by|\*\*Tests?)\b.*?(?=\n\n|\Z)", re.DOTALL)
NAMED = re.compile(r"`((?:\w+/)*\w+\.(?:py|fql|patch|pml)|tests/\w+)(?:::(\w+))?`")
BY_THEMSELVES = {"0141"}
"""The run of all tests would fail without it."""


def place(named: str, before: Path) -> Path:
    """A file as a record names it: from the repository, from its tests, or beside the one that was
    named before."""
    if "/" not in named:
        return before.parent / named
    return ROOT / named if named.startswith("tests/") else ROOT / "tests" / named


@pytest.mark.parametrize("path", RECORDS, ids=lambda path: path.name[:4])
def test_a_record_names_what_holds_it(path: Path) -> None:
    held = " ".join(HELD.findall(path.read_text(encoding="utf-8")))
    named = NAMED.findall(held)
    assert named or path.name[:4] in BY_THEMSELVES, "no test is named"
    found = ROOT / "tests" / "conftest.py"
    for file, function in named:
        found = place(file, found)
        assert found.exists(), file
        if function:
            assert f"def {function}(" in found.read_text(encoding="utf-8"), f"{file}::{function}"


def test_numbers_and_titles_agree() -> None:
    numbers = [path.name[:4] for path in RECORDS]
    assert len(numbers) == len(set(numbers))
    for path in RECORDS:
        first = path.read_text(encoding="utf-8").partition("\n")[0]
        assert first.startswith(f"# {path.name[:4]} · "), path.name
