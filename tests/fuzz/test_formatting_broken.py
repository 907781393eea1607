"""The formatter on broken files: formatting twice changes nothing more, and it never mends what it
did not report: what was wrong before is wrong after it."""

from __future__ import annotations

import random
from collections import Counter

import pytest

from fqlc import format_text
from fqlc.diagnostics.sink import Sink
from fqlc.source.text import SourceText
from fqlc.syntax.parsing.parser import parse_file
from tests.faults.corpus import MAIN, Fault, faults
from tests.fuzz.test_nothing_vanishes import EXAMPLES, spoilt

COMMENTS = ("# c", "  # fql: allow FQL207 it is used elsewhere", " #!")


def mistakes(text: str) -> Counter[str]:
    """The codes of what is wrong with the syntax of a text."""
    sink = Sink()
    parse_file(SourceText("t.fql", text), sink)
    return Counter(d.code for d in sink.found)


def commented(rng: random.Random, text: str) -> str:
    """The text with comments at random ends of words."""
    words = text.split(" ")
    for _ in range(rng.randrange(3)):
        place = rng.randrange(len(words))
        words[place] += f"{rng.choice(COMMENTS)}\n"
    return " ".join(words)


def judge(text: str) -> None:
    """Assert what this module promises of one text."""
    once = format_text(text)
    assert format_text(once) == once, text
    assert mistakes(once) == mistakes(text), text
    assert once.count("#") == text.count("#"), text


@pytest.mark.parametrize("fault", faults(), ids=lambda fault: fault.name)
def test_faulty_programs(fault: Fault) -> None:
    judge(fault.files[MAIN])


@pytest.mark.parametrize("seed", range(10))
def test_random_edits(seed: int) -> None:
    rng = random.Random(seed)
    for _ in range(40):
        text = rng.choice(EXAMPLES).read_text(encoding="utf-8")
        judge(commented(rng, spoilt(rng, text)))


@pytest.mark.parametrize(
    "text",
    [
        "observer o\n  on: A.update\n}\nlet a = 5\n",
        "foo\n\n# fql: allow FQL207 why\nlet a = 5\n",
        "x y z\nobserver # c\no {\n}\n",
        "let a = 5 }\nlet   b = 6\n",
        "enum A { a, b } # c\n}\n# d\nlet   b = 6\n",
        "export let a   = 5\n",
        "entity A { id: ID @key, n: Int = 5 }\n",
    ],
)
def test_what_was_mended_in_silence(text: str) -> None:
    """A brace that is missing stays missing, a comment stays where it was."""
    judge(text)
