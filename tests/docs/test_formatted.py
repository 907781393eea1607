"""Every program that users see is in the one style, and formatting never changes its plan."""

from __future__ import annotations

from pathlib import Path

import pytest

import fqlc
from tests.docs.test_docs import ROOT, programs

FILES = sorted(
    path for folder in ("examples", "runtime") for path in (ROOT / folder).rglob("*.fql")
)


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_files_are_formatted(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert fqlc.format_text(text) == text, f"run fqlc fmt {path.relative_to(ROOT)}"


@pytest.mark.parametrize(("name", "text"), programs(), ids=lambda value: str(value)[:60])
def test_programs_of_pages_are_formatted(name: str, text: str) -> None:
    assert fqlc.format_text(text) == text, name
