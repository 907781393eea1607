"""What grows with a project: compiles, in processes of their own."""

from __future__ import annotations

import tempfile
from pathlib import Path

from tests.benchmarks.compile import changed_one, cold
from tests.benchmarks.page.curves import Curve, Points

FILES = (250, 500, 1_000)


def compile_cold() -> Points:
    """CPU seconds of a compile of so many files with nothing known."""
    with tempfile.TemporaryDirectory() as folder:
        return [(n, cold(Path(folder) / str(n), n).cpu) for n in FILES]


def compile_changed() -> Points:
    """CPU seconds after a change of one of so many files."""
    with tempfile.TemporaryDirectory() as folder:
        return [(n, changed_one(Path(folder) / str(n), n).cpu) for n in FILES]


CURVES = (
    Curve("compile-cold", "files of 30 lines", "compile, cold: CPU s", "n^1", compile_cold),
    Curve("compile-changed", "files, one of them changed", "compile: CPU s", "below n^1",
          compile_changed),
)  # fmt: skip
