"""The documented install works with the oldest pip that a supported Python comes with."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
OLDEST = "22.3"
"""The pip of Python 3.11.0. Before 23.3 pip resolves extras even where all hashes are given."""


def recipe() -> list[str]:
    """The lines of `make install` that call pip, with `$(BIN)` left as it is."""
    made = (ROOT / "Makefile").read_text(encoding="utf-8")
    return re.findall(r"^\t\$\(BIN\)/(python -m pip install .*)$", made, re.MULTILINE)


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The programs of a new environment with the oldest pip."""
    folder = tmp_path_factory.mktemp("fresh") / "venv"
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    programs = folder / ("Scripts" if sys.platform == "win32" else "bin")
    done = pip(programs, "install", "--quiet", f"pip=={OLDEST}")
    if done.returncode != 0:
        pytest.skip(f"no package index can be reached for pip {OLDEST}: {done.stderr[-300:]}")
    return programs


def pip(programs: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    # Bytecode is of no use here and costs half of the time.
    environment = os.environ | {"PIP_NO_COMPILE": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    return subprocess.run(
        [str(programs / "python"), "-m", "pip", *arguments],
        cwd=ROOT, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip


@pytest.mark.soak  # a minute and a half; each fresh clone shows the same with the pip it has
@pytest.mark.timeout(900)
def test_install_by_the_makefile(old: Path) -> None:
    """Nothing is resolved, nothing is missing, and the command runs."""
    lines = recipe()
    assert len(lines) == 2
    for line in lines:
        done = pip(old, *line.split()[3:])
        assert done.returncode == 0, done.stderr
    complete = pip(old, "check")
    assert complete.returncode == 0, complete.stdout
    shown = subprocess.run(
        [str(old / "fqlc"), "--version"], capture_output=True, text=True, check=True
    )
    assert shown.stdout.startswith("fqlc ")


def test_nothing_is_resolved() -> None:
    """Both installs take what is named and nothing else."""
    assert all("--no-deps" in line for line in recipe())


def test_the_lock_names_no_index() -> None:
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    assert not re.search(r"https?://|--(extra-)?index-url|--find-links", lock)
