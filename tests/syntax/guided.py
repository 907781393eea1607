"""A small coverage-guided fuzzer: inputs that reach new steps of the compiler breed further ones.

Coverage is the set of (file, line before, line after) that `sys.settrace` sees in the compiler,
the idea of AFL's edge coverage (M. Zalewski, "AFL technical details"), in slow and portable.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from types import FrameType
from typing import Any

Edge = tuple[str, int, int]

PIECES = (
    "{", "}", "[", "]", "(", ")", '"', "'", '"""', "{{", "}}", "{%", "%}", "${", "->", "else",
    "each", "when:", "flow", "observer", "entity", "enum", "type", "let", "webhook", "test", "@key",
    "?", "??", "?.", "&&", "||", "!", "==", "..", "...", "not in", "null", "1e9", "0.0", "5s",
    "10GB", "\\u{1F600}", "\\", "#", "\n", "\0", "é", "old", ".changed()", "batch: { size: 2 }",
)  # fmt: skip


@dataclass
class Corpus:
    """Inputs worth mutating, and what they reached."""

    inputs: list[str]
    reached: set[Edge] = field(default_factory=set)

    def learn(self, text: str, edges: set[Edge]) -> None:
        """Keep an input that went where none went before."""
        if edges - self.reached:
            self.reached |= edges
            self.inputs.append(text)


def edges_of(call: Callable[[], object], part: str) -> set[Edge]:
    """Run the call; the steps from line to line in files whose path holds `part`."""
    seen: set[Edge] = set()

    def trace(frame: FrameType, event: str, _: object) -> Any:
        name = frame.f_code.co_filename
        if event != "call" or part not in name:
            return None
        last = 0

        def local(inner: FrameType, what: str, _: object) -> Any:
            nonlocal last
            if what == "line":
                seen.add((name, last, inner.f_lineno))
                last = inner.f_lineno
            return local

        return local

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        call()
    finally:
        sys.settrace(before)
    return seen


def mutate(text: str, others: Sequence[str], chance: random.Random) -> str:
    """A near relative of the text: cut, doubled, spliced, or with a piece put in."""
    for _ in range(chance.choice((1, 1, 2, 4))):
        begin = chance.randrange(len(text) + 1)
        end = min(len(text), begin + chance.choice((0, 1, 3, 12, 60)))
        other = chance.choice(others)
        start = chance.randrange(len(other) + 1)
        middle = chance.choice(
            ("", chance.choice(PIECES), text[begin:end] * 2, other[start : start + 40])
        )
        text = (text[:begin] + middle + text[end:])[:4000]
    return text


def fuzz(corpus: Corpus, run: Callable[[str], object], chance: random.Random, rounds: int) -> None:
    """Mutate and run; an exception of `run` is the caller's finding."""
    for _ in range(rounds):
        text = mutate(chance.choice(corpus.inputs), corpus.inputs, chance)
        corpus.learn(text, edges_of(partial(run, text), "fqlc"))
