"""Whoever reads a plan reads the model; its JSON is known where it is made and where it is read."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOMS = Path(__file__).parents[2] / "compiler/fqlc"
READERS = sorted([*(ROOMS / "emit").rglob("*.py"), *(ROOMS / "cli").glob("*.py")])
RAW = re.compile(r"\b(?:Mapping|dict)\[str, Any\]|\bAny\b")


@pytest.mark.parametrize("path", READERS, ids=lambda path: path.name)
def test_what_reads_a_plan_takes_no_raw_mapping(path: Path) -> None:
    found = [
        f"{path.name}:{number}: {line.strip()}"
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if RAW.search(line)
    ]
    assert not found
