"""Durations and sizes, read and shown."""

from __future__ import annotations

import pytest

from fql.plan.units import parse_duration, parse_size, show_duration, show_size


@pytest.mark.parametrize(
    ("text", "milliseconds"),
    [("0s", 0), ("100ms", 100), ("30s", 30_000), ("2m", 120_000), ("1h", 3_600_000),
     ("7d", 604_800_000), ("1.5s", 1_500), ("0.001s", 1), ("1_000ms", 1_000), ("5 s", 5_000)],
)  # fmt: skip
def test_duration(text: str, milliseconds: int) -> None:
    assert parse_duration(text) == milliseconds


@pytest.mark.parametrize("text", ["", "5", "s", "-5s", "5 seconds", "5S", "1e3s", "٣s", "0.5ms"])
def test_what_is_no_duration(text: str) -> None:
    with pytest.raises(ValueError, match=r"is not a duration|is finer than"):
        parse_duration(text)


@pytest.mark.parametrize(
    ("text", "size"), [("10GB", 10**10), ("64KB", 64_000), ("0.1MB", 100_000), ("7B", 7)]
)
def test_size(text: str, size: int) -> None:
    assert parse_size(text) == size


@pytest.mark.parametrize("text", ["10", "10gb", "10GiB", "0.5B"])
def test_what_is_no_size(text: str) -> None:
    with pytest.raises(ValueError, match=r"is not a size|is finer than"):
        parse_size(text)


def test_shown_as_the_largest_whole_unit() -> None:
    shown = [show_duration(n) for n in (0, 250, 90_000, 120_000, 604_800_000)]
    assert shown == ["0ms", "250ms", "90s", "2m", "7d"]
    assert [show_size(n) for n in (0, 64_000, 10**10)] == ["0B", "64KB", "10GB"]
