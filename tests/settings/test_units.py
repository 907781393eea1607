"""Durations and sizes, read and shown."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from fql.plan.language.units import (
    MILLISECONDS,
    SIZES,
    parse_duration,
    parse_size,
    show_duration,
    show_size,
)
from fql_grammar.tokens import DURATION_UNITS, SIZE_UNITS
from fqlc.diagnostics.sink import Sink
from fqlc.source.text import SourceText
from fqlc.syntax.parsing.parser import parse_file
from fqlc.syntax.tree import ast


@pytest.mark.parametrize(
    ("text", "milliseconds"),
    [("0s", 0), ("100ms", 100), ("30s", 30_000), ("2m", 120_000), ("1h", 3_600_000),
     ("7d", 604_800_000), ("1.5s", 1_500), ("0.001s", 1), ("1_000ms", 1_000)],
)  # fmt: skip
def test_duration(text: str, milliseconds: int) -> None:
    assert parse_duration(text) == milliseconds


@pytest.mark.parametrize(
    "text",
    ["", "5", "s", "-5s", "5 seconds", "5S", "1e3s", "٣s", "0.5ms", "5 s", "05s", "1__0s", "1.s"],
)
def test_what_is_no_duration(text: str) -> None:
    with pytest.raises(ValueError, match=r"is not a duration|is finer than"):
        parse_duration(text)


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("10GB", 10**10),
        ("64KB", 64_000),
        ("0.1MB", 100_000),
        ("7B", 7),
        ("1KiB", 1_024),
        ("1.5MiB", 1_572_864),
    ],
)
def test_size(text: str, size: int) -> None:
    assert parse_size(text) == size


@pytest.mark.parametrize("text", ["10", "10gb", "10gib", "10 GB", "0.5B"])
def test_what_is_no_size(text: str) -> None:
    with pytest.raises(ValueError, match=r"is not a size|is finer than"):
        parse_size(text)


def test_shown_as_the_largest_whole_unit() -> None:
    shown = [show_duration(n) for n in (0, 250, 90_000, 120_000, 604_800_000)]
    assert shown == ["0s", "250ms", "90s", "2m", "7d"]
    assert [show_size(n) for n in (0, 64_000, 10**10)] == ["0B", "64KB", "10GB"]


def in_settings(parse: Callable[[str], int], text: str) -> int | None:
    """What `fql.toml` makes of it."""
    try:
        return parse(text)
    except ValueError:
        return None


def in_source(text: str) -> tuple[int | None, int | None]:
    """The duration and the size that a `.fql` file makes of it."""
    sink = Sink()
    file = parse_file(SourceText("a.fql", f"let x = {text}"), sink)
    let = file.declarations[0] if file.declarations and not sink.has_errors else None
    value = let.value if isinstance(let, ast.LetDeclaration) else None
    return (value.milliseconds if isinstance(value, ast.DurationLiteral) else None,
            value.size if isinstance(value, ast.SizeLiteral) else None)  # fmt: skip


def test_both_kinds_of_file_mean_the_same() -> None:
    """Every spelling of a duration or size is read in `fql.toml` as in a `.fql` file, or in
    neither."""
    rng = random.Random(1)
    numbers = (
        "0",
        "5",
        "05",
        "1_000",
        "1__0",
        "_1",
        "1.5",
        "0.25",
        "1.",
        ".5",
        "1.5_0",
        "90071992547409930.1",
    )
    units = ("ms", "s", "m", "h", "d", "B", "KB", "MB", "GB", "TB", "KiB", "MiB", "GiB", "TiB",
             "S", "kb", "Kb", "kib", "sec", "min", "D", "w", "")  # fmt: skip
    texts = {
        rng.choice(numbers) + rng.choice(("", "", " ", "_")) + rng.choice(units) for _ in range(900)
    }
    for text in sorted(texts):
        found = in_settings(parse_duration, text), in_settings(parse_size, text)
        assert found == in_source(text), text


def test_editors_colour_the_units_there_are() -> None:
    assert tuple(MILLISECONDS) == DURATION_UNITS
    assert tuple(SIZES) == SIZE_UNITS
