"""Projects made of everything that this repository says in the language, edited at random."""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest

from fql_grammar.tokens import TOP_LEVEL
from fqlc.incremental.kept import Kept
from fqlc.syntax.reading.split import split
from tests.incremental.corpus import FILES, Medley, programs, strangers
from tests.incremental.test_same_answer import assert_same, in_parts

STEPS = 16
MENDED = 0.7
"""How often a mistake is taken back at once. One that stays hides what comes behind it."""
ROOTS = (["main.fql"], ["main.fql", "b/d.fql"], list(FILES))


def test_there_is_much_to_choose_from() -> None:
    assert len(programs()) > 50
    assert len(strangers()) > 1_000
    kinds = {part.kind for program in programs() for text in program for part in split(text)}
    assert kinds >= TOP_LEVEL.keys() - {"import"}


@pytest.mark.parametrize(
    "seed", [*range(40), *(pytest.param(n, marks=pytest.mark.soak) for n in range(40, 1_000))]
)
def test_a_medley_that_changes(seed: int) -> None:
    """After each edit, with what the edits before left known."""
    play(seed)


def play(seed: int) -> int:
    """Play one story; how many of its steps were compiled in parts."""
    chance = random.Random(seed)
    medley = Medley(chance)
    roots: Sequence[str] = chance.choice(ROOTS)
    known = Kept()
    sound = list(medley.pieces)
    compiled = 0
    for step in range(STEPS):
        files = medley.files()
        done = in_parts(files, roots, known, jobs=1 + step % 3)
        if done is not None:
            assert_same(done, files, roots)
            known, sound = done.kept, list(medley.pieces)
            compiled += 1
        elif chance.random() < MENDED:
            medley.pieces = list(sound)
        medley.edit()
    return compiled
