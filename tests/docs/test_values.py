"""The payloads of the page about values, and of the recipes, are those that are sent."""

from __future__ import annotations

from pathlib import Path

import pytest

import fqlc
from fqlc.cli.main import run
from tests.docs.test_docs import programs

TESTED = [one for one in programs() if "values.md" in one[0] or "receivers.md" in one[0]]


@pytest.mark.parametrize(("name", "text"), TESTED, ids=lambda value: str(value)[:60])
def test_what_a_program_of_the_page_sends(
    name: str,
    text: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """Each program has a test, which passes, and is written as `fqlc fmt` writes it."""
    assert "\ntest " in text, name
    assert fqlc.format_text(text) == text, name
    monkeypatch.chdir(tmp_path)
    (tmp_path / "page.fql").write_text(text, encoding="utf-8")
    assert run(("test", "page.fql")) == 0, capfd.readouterr()
