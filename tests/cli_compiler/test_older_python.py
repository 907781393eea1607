"""An older Python is told which one is needed, instead of meeting syntax it cannot read."""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from fqlc.__main__ import OLDEST, main

ROOT = Path(__file__).parents[2]
FIRST = (
    "compiler/fqlc/__init__.py", "compiler/fqlc/__main__.py", "runtime/fql/__init__.py",
    "runtime/fql/version.py",
)  # fmt: skip
"""What runs before the version is known."""
PYENV = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
NAMES = [f"python3.{minor}" for minor in (10, 9, 8, 7)]
OLDER = [
    *filter(None, map(shutil.which, NAMES)),
    *(str(found) for name in NAMES for found in PYENV.glob(f"versions/*/bin/{name}")),
]
"""Those on the path, then those that pyenv keeps."""


@pytest.mark.parametrize("file", FIRST)
def test_what_runs_first_is_read_by_older_versions(file: str) -> None:
    tree = ast.parse((ROOT / file).read_text("utf-8"), feature_version=(3, 7))
    top = [n for n in tree.body if isinstance(n, ast.Import | ast.ImportFrom)]
    names = {n.module if isinstance(n, ast.ImportFrom) else n.names[0].name for n in top}
    own = {"fql.version", "importlib"}
    assert names <= {"__future__", "collections.abc", "pathlib", "typing", "sys"} | own


def test_it_says_what_it_needs(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 10, 13, "final", 0))
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 3
    assert "error: fqlc needs Python 3.11 or later; this is Python 3.10" in capsys.readouterr().err


def test_the_needed_version_is_that_of_the_package() -> None:
    text = (ROOT / "pyproject.toml").read_text("utf-8")
    assert f'requires-python = ">={OLDEST[0]}.{OLDEST[1]}"' in text


def test_a_real_older_python_is_told() -> None:
    python = next(filter(works, OLDER), None)
    if python is None:
        pytest.skip("no Python before 3.11 here: install one beside this to see the message")
    done = subprocess.run(
        [python, "-m", "fqlc", "check"], capture_output=True, text=True, check=False,
        env={**os.environ, "PYTHONPATH": f"{ROOT / 'compiler'}:{ROOT / 'runtime'}"},
    )  # fmt: skip
    assert done.returncode == 3
    assert done.stderr.startswith("error: fqlc needs Python 3.11 or later; this is Python 3.")


def works(python: str) -> bool:
    """Whether it is one: a name may be there for a version that is not."""
    return not subprocess.run([python, "-c", ""], capture_output=True, check=False).returncode
