"""Inputs bred by coverage: no text makes the compiler raise, from lexer to plan."""

from __future__ import annotations

import random
import time
from pathlib import Path

import pytest

import fqlc
from tests.syntax.guided import Corpus, fuzz

ROOT = Path(__file__).parents[2]
SEEDS = sorted([*ROOT.glob("examples/*/shop.fql"), *ROOT.glob("tests/faults/cases/*.fql")])


def corpus() -> Corpus:
    """Sound programs and faulty ones."""
    return Corpus([seed.read_text(encoding="utf-8")[:4000] for seed in SEEDS])


def run(text: str) -> None:
    """Compile and format: both answer, whatever the text."""
    compilation = fqlc.compile_text(text)
    assert compilation.plan is not None or compilation.diagnostics, text
    assert not [d for d in compilation.diagnostics if d.code == "FQL901"], text
    fqlc.format_text(text)


def test_no_bred_text_makes_the_compiler_raise() -> None:
    """A short seeded run; what it learns shows that coverage leads it."""
    bred = corpus()
    fuzz(bred, run, random.Random(5), rounds=20)
    assert len(bred.inputs) > len(SEEDS), "nothing new was reached: the tracer is blind"


@pytest.mark.soak
def test_no_bred_text_makes_the_compiler_raise_in_ten_minutes() -> None:
    """The long run, with another seed each time; a finding prints the text."""
    bred = corpus()
    seed = int(time.time())
    end = time.monotonic() + 600
    while time.monotonic() < end:
        fuzz(bred, run, random.Random(seed), rounds=100)
        seed += 1
