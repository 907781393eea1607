"""A copy of the tree in which faults are planted, and tests run there."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

from tests.mutants.mutant import ROOT, Mutant

PARTS = ("runtime", "compiler", "grammar", "tests", "examples", "docs")
FILES = ("pyproject.toml", "README.md", "CHANGELOG.md", "LICENSE", "Makefile", "CONTRIBUTING.md")
PATIENCE = 600
"""Seconds for the test of one fault: one that makes a test hang is found as well."""


class Copy:
    """The copy in `folder`, where one fault is planted at a time."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._times = count(1)
        hidden = shutil.ignore_patterns("__pycache__", ".*")
        for part in PARTS:
            shutil.copytree(ROOT / part, folder / part, ignore=hidden)
        for name in FILES:
            shutil.copy(ROOT / name, folder / name)

    @contextmanager
    def planted(self, mutant: Mutant) -> Iterator[None]:
        """With the fault, for as long as this lasts."""
        sound = (self.folder / mutant.path).read_text(encoding="utf-8")
        self._write(mutant.path, sound.replace(mutant.old, mutant.new))
        try:
            yield
        finally:
            self._write(mutant.path, sound)

    def _write(self, path: str, text: str) -> None:
        """Bytecode is known by the time and size of its source: each text has a time of its own."""
        place = self.folder / path
        place.write_text(text, encoding="utf-8")
        second = 1_000_000_000 + next(self._times)
        os.utime(place, (second, second))

    def fails(self, *tests: str) -> str:
        """The first test that fails, as pytest names it; nothing where all pass."""
        where = os.pathsep.join(str(self.folder / part) for part in PARTS[:3])
        environment = {**os.environ, "PYTHONPATH": where}
        command = [sys.executable, "-m", "pytest", "-q", "-x", "--tb=no", "-p", "no:cacheprovider"]
        try:
            done = subprocess.run(
                [*command, *tests], cwd=self.folder, env=environment, capture_output=True,
                text=True, timeout=PATIENCE, check=False,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            return "it hangs"
        if done.returncode == 0:
            return ""
        lines = [one for one in done.stdout.splitlines() if one.startswith(("FAILED", "ERROR"))]
        assert lines or "Timeout" in done.stdout, done.stdout + done.stderr
        return lines[0] if lines else "Timeout"
