"""Programs broken at random: the compiler answers with diagnostics, in time, and stays up."""

from __future__ import annotations

import random
import time
from pathlib import Path

import pytest

from fqlc import compile_text, format_text

ROOT = Path(__file__).parents[1]
SOURCES = sorted(
    path
    for folder in (ROOT / "golden" / "programs", ROOT.parent / "examples")
    for path in folder.rglob("*.fql")
)
PIECES = [
    "{", "}", "[", "]", "(", ")", ":", ",", ".", "?.", "->", "..", "=", "!", "-", "||", "==", "in",
    "not", "and", "None", "null", "flow", "observer", "else", "each", "@key", "@sensitive", "true",
    '"t"', "'u'", '"""', '"open', "5s", "1e9", "999999999999999999999", "\n", "# c\n", "\u00e4",
    "\\", "${NAME}", "{{ id }}", "{% if id %}", "{% for x in y %}", "order_by:", "batch:", "a.b.c",
    "webhook w {", "when: ", "retry: { max_attempts: 0 }", "\x00", "\ufeff", "\U0001f980",
]  # fmt: skip
LONGEST = 5.0
"""Seconds for one broken program of a few kilobytes, on a busy machine."""


def broken(rng: random.Random) -> str:
    """A real program with some cuts, swaps, copies and foreign pieces."""
    text = rng.choice(SOURCES).read_text()
    for _ in range(rng.randint(1, 6)):
        begin = rng.randrange(len(text) + 1)
        end = min(len(text), begin + rng.choice([0, 1, 3, 20, 200]))
        other = rng.choice(SOURCES).read_text()
        start = rng.randrange(len(other) + 1)
        insert = rng.choice(
            ["", rng.choice(PIECES), text[begin:end] * 2, other[start : start + 60]]
        )
        text = text[:begin] + insert + text[end:]
    return text


def compile_broken(seed: int) -> None:
    """Compile and format one; places of diagnostics lie in the text."""
    text = broken(random.Random(seed))
    began = time.monotonic()
    compilation = compile_text(text)
    assert (compilation.plan is None) == any(
        found.severity.value == "error" for found in compilation.diagnostics
    ), seed
    for found in compilation.diagnostics:
        assert 0 <= found.span.start <= found.span.end <= len(text), seed
    if compilation.plan is not None:
        formatted = format_text(text)
        assert format_text(formatted) == formatted, seed
        assert compile_text(formatted).plan is not None, seed
    assert time.monotonic() - began < LONGEST, seed


def test_there_is_something_to_break() -> None:
    assert len(SOURCES) > 3


@pytest.mark.parametrize("block", range(4))
def test_broken_programs_get_diagnostics(block: int) -> None:
    for seed in range(block * 50, block * 50 + 50):
        compile_broken(seed)


@pytest.mark.soak
@pytest.mark.timeout(900)
@pytest.mark.parametrize("block", range(4))
def test_many_broken_programs_get_diagnostics(block: int) -> None:
    """For two minutes each, from a seed that goes on where the last one ended."""
    end, seed = time.monotonic() + 120, 10**6 * (block + 1)
    while time.monotonic() < end:
        compile_broken(seed)
        seed += 1
