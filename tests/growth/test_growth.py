"""What a program costs grows with its size: eight times as long, not sixty-four times as dear."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable
from functools import cache

import pytest

from fqlc import compile_text
from fqlc.diagnostics.compilation import Compilation
from fqlc.diagnostics.render import FORMATS, render
from tests.growth.programs import KINDS, program

SMALL, TIMES = 64, 8
SLACK = 0.15
"""Seconds of CPU that say nothing: the clock of a process ticks in hundredths on some machines."""
EACH = 4
"""Every fourth kind is measured in each run, the others in long ones."""
MEASURED = [
    pytest.param(kind, marks=[pytest.mark.soak] if number % EACH else [])
    for number, kind in enumerate(KINDS)
]


def cpu(work: Callable[[], object]) -> float:
    """Seconds of CPU that a piece of work takes."""
    gc.collect()
    begin = time.process_time()
    work()
    return time.process_time() - begin


def is_linear(work: Callable[[int], object], times: int = TIMES) -> bool:
    """True where the cost of `times` the size is in proportion: twice and a half that, to be told
    apart from noise, and far from the square. What looks worse is measured again."""
    for _ in range(3):
        small = cpu(lambda: work(SMALL))
        large = cpu(lambda: work(SMALL * times))
        if large <= 2.5 * times * small + SLACK:
            return True
    return False


def test_the_judge_tells_a_square_from_a_line() -> None:
    assert is_linear(lambda size: sum(range(size * 200)))
    assert not is_linear(lambda size: sum(i * j for i in range(size * 8) for j in range(size * 8)))


@cache
def found(kind: str, size: int) -> Compilation:
    """What a compile finds, for all who only show it."""
    return compile_text(program(KINDS[kind], size))


@pytest.mark.parametrize("kind", MEASURED)
def test_compiling_takes_time_in_proportion(kind: str) -> None:
    """And the memory of a plan: it is written in that time too."""
    compile_text("enum E { a }")
    assert is_linear(lambda size: compile_text(program(KINDS[kind], size)))


@pytest.mark.parametrize(
    "kind", ["names: names on one line", "names: names", "values: bad escapes", "flows: else"]
)
@pytest.mark.parametrize("form", FORMATS)
def test_so_does_showing_what_is_wrong(kind: str, form: str) -> None:
    def show(size: int) -> str:
        compiled = found(kind, size)
        return render(compiled.diagnostics, compiled.sources, form)

    found(kind, SMALL), found(kind, SMALL * TIMES)
    assert is_linear(show)


@pytest.mark.parametrize(
    ("kind", "size", "most"),
    [
        ("names: names beside fields", 2_000, 4.0),
        ("flows: chain", 4_000, 6.0),
        ("flows: bracket to bracket", 1_000, 3.0),
    ],
)
def test_what_once_took_a_quarter_of_a_minute(kind: str, size: int, most: float) -> None:
    """15 s, 15.6 s and 25 s; the bounds are for a machine that others use as well."""
    source = program(KINDS[kind], size)
    assert any(cpu(lambda: compile_text(source)) < most for _ in range(2))
