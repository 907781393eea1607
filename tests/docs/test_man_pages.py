"""The man pages say what the help says, and read well by mandoc where it is installed."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.docs.man_pages import FOLDER, files


def test_man_pages_are_current() -> None:
    there = {path.name: path.read_text(encoding="utf-8") for path in FOLDER.glob("*.1")}
    assert there == files(), "write them: `python -m tests.accept`"


def test_mandoc_finds_nothing() -> None:
    mandoc = shutil.which("mandoc")
    if mandoc is None:
        pytest.skip("mandoc is not installed")
    command: list[str | Path] = [mandoc, "-T", "lint", *sorted(FOLDER.glob("*.1"))]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stdout) == (0, "")
