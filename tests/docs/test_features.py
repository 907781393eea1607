"""Every capability has a proof that exists, or says plainly that it is not there yet."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.settings.named import TESTS, exists

PAGE = Path(__file__).parents[2] / "docs" / "features.md"
ROW = re.compile(r"^\| (M\d+) \| .+ \| (.+) \|$", re.MULTILINE)
NAMED = re.compile(r"`((?:\w+/)+test_\w+\.py(?:::\w+)?)`")
BENCHMARK = re.compile(r"python -m tests\.benchmarks\.([\w.]+)")

TEXT = PAGE.read_text("utf-8")
ROWS = dict(ROW.findall(TEXT))


def test_every_capability_has_a_row() -> None:
    assert list(ROWS) == [f"M{number}" for number in (*range(1, 54), 59)]


@pytest.mark.parametrize("row", ROWS)
def test_every_row_has_a_proof_or_says_not_yet(row: str) -> None:
    assert NAMED.search(ROWS[row]) or ROWS[row].startswith("Not yet")


@pytest.mark.parametrize("test", sorted(set(NAMED.findall(TEXT))))
def test_every_proof_exists(test: str) -> None:
    assert exists(test) if "::" in test else (TESTS / test).is_file()


@pytest.mark.parametrize("name", sorted(set(BENCHMARK.findall(TEXT))))
def test_every_benchmark_exists(name: str) -> None:
    place = TESTS / "benchmarks" / name.replace(".", "/")
    assert place.with_suffix(".py").is_file() or (place / "__main__.py").is_file()
