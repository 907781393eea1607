"""The `test` blocks that pages show pass, and the tutorial's project is as the tutorial says."""

from __future__ import annotations

from pathlib import Path

import pytest

from fqlc.cli.main import run
from tests.docs.test_docs import ROOT, programs

TESTED = [(name, text) for name, text in programs() if '\ntest "' in text]
TUTORIAL = (ROOT / "docs" / "tutorial" / "first-steps.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(("name", "text"), TESTED, ids=lambda value: str(value)[:60])
def test_shown_tests_pass(
    name: str, text: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "page.fql"
    file.write_text(text)
    assert run(["test", str(file)]) == 0, (name, capfd.readouterr().out)


def test_the_tutorial_tests_its_project(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """The report is printed as the page shows it, and the test that it adds passes."""
    monkeypatch.chdir(tmp_path)
    assert run(["init", "shop"]) == 0
    monkeypatch.chdir(tmp_path / "shop")
    capfd.readouterr()
    assert run(["test", "--coverage"]) == 0
    assert capfd.readouterr().out in TUTORIAL
    added = TUTORIAL.partition("```text\ntest ")[2].partition("```")[0]
    with Path("shop_test.fql").open("a") as file:
        file.write(f"\ntest {added}")
    assert run(["test"]) == 0
    assert "big order reaches the boss" in capfd.readouterr().out


def test_the_commands_of_the_page_on_ci_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """As they stand there, in the project of a newcomer, with its plan as the deployed one."""
    page = (ROOT / "docs" / "how-to" / "check-in-ci.md").read_text(encoding="utf-8")
    commands = [line.split()[2:] for line in page.splitlines() if line.startswith("$ fqlc ")]
    monkeypatch.chdir(tmp_path)
    assert run(["init", "shop"]) == 0
    monkeypatch.chdir(tmp_path / "shop")
    for plan in ("plan.json", "deployed.plan.json"):
        assert run(["compile", "-o", plan, "."]) == 0
    assert run(["export", "openapi", "-o", "contracts/", "."]) == 0
    ended = {command[0]: run(command) for command in commands}
    assert ended == {"fmt": 0, "check": 0, "test": 1, "compile": 0, "diff": 0, "export": 0}
    assert "less than 80 %" in capfd.readouterr().err
