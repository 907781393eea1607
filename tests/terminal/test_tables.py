"""Tables keep to the width of the terminal: columns are shortened, then left out."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fql.terminal.folding import columns_of, cut, folded, padded
from fql.terminal.tables import Column, fitted

COLUMNS = (Column("id"), Column("at", drop=2), Column("n", drop=1), Column("reason", least=10))


def whole(widths: list[int]) -> int:
    shown = [width for width in widths if width]
    return sum(shown) + 2 * (len(shown) - 1)


@pytest.mark.parametrize(
    ("space", "expected"),
    [
        (None, [20, 19, 3, 60]),
        (200, [20, 19, 3, 60]),
        (80, [20, 19, 3, 32]),
        (58, [20, 19, 3, 10]),
        (57, [20, 19, 0, 14]),
        (50, [20, 0, 0, 28]),
        (32, [20, 0, 0, 10]),
        (20, [20, 0, 0, 10]),
    ],
)
def test_the_widths(space: int | None, expected: list[int]) -> None:
    """What can neither be shortened nor left out is longer than the terminal, and whole."""
    assert fitted(COLUMNS, [20, 19, 3, 60], space) == expected


def test_the_widest_is_shortened_first() -> None:
    columns = (Column("a", least=5), Column("b", least=5), Column("c", least=5))
    assert (
        fitted(columns, [30, 20, 6], 50) == [22, 18, 6]
        or sum(fitted(columns, [30, 20, 6], 50)) == 46
    )
    assert fitted(columns, [30, 20, 6], 30) == [10, 10, 6]


@given(
    st.lists(st.tuples(st.integers(0, 20), st.integers(0, 3), st.integers(1, 60)), min_size=1,
             max_size=7),
    st.integers(20, 200),
)  # fmt: skip
def test_it_fits_or_nothing_more_can_go(parts: list[tuple[int, int, int]], space: int) -> None:
    columns = [Column("c", least=least, drop=drop) for least, drop, _ in parts]
    natural = [width for _, _, width in parts]
    found = fitted(columns, natural, space)
    assert all(f <= n for f, n in zip(found, natural, strict=True))
    assert all(f or c.drop for f, c in zip(found, columns, strict=True))
    if whole(natural) <= space:
        assert found == natural
    if whole(found) > space:
        assert all(
            f == 0 or (not c.drop and (not c.least or f <= c.least or f == n))
            for f, c, n in zip(found, columns, natural, strict=True)
        )


def test_columns_of_wide_and_coloured_text() -> None:
    assert columns_of("abc") == 3
    assert columns_of("\x1b[1;31mabc\x1b[0m") == 3
    assert columns_of("注文") == 4
    assert columns_of("e\u0301") == 1
    assert padded("注文", 6) == "注文  "
    assert cut("注文注文", 5) == "注文…"
    assert cut("abcdef", 4) == "abc…"


def test_folding_breaks_between_words() -> None:
    text = "  error: a sentence of some length that does not fit\nshort"
    assert folded(text, 24) == (
        "  error: a sentence of\n    some length that\n    does not fit\nshort"
    )
    address = "https://example.com/a/very/long/path/that/is/never/broken"
    assert folded("name  a value of two lines", 16, hang=6) == "name  a value of\n      two lines"
    assert folded(f"see {address} now", 20) == f"see {address}\n  now"


@given(st.text(alphabet="ab \n", max_size=200), st.integers(20, 60))
def test_folding_loses_no_word(text: str, width: int) -> None:
    assert folded(text, width).split() == text.split()
    for line in folded(text, width).split("\n"):
        indent = len(line) - len(line.lstrip())
        longest = max(map(len, line.split(" ")))
        assert columns_of(line) <= width or indent + 2 + longest > width or not line.strip()
