"""The pages of codes are those of the program, and say truly which codes have fixes."""

from __future__ import annotations

from pathlib import Path

from tests.docs.code_pages import FOLDER, files

ROOT = Path(__file__).parents[2]


def test_pages_are_current() -> None:
    there = {path.name: path.read_text(encoding="utf-8") for path in FOLDER.glob("*.md")}
    assert there == files(), "write them: `python -m tests.accept`"
