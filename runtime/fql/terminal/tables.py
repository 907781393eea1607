"""Tables for people. On a terminal they keep to its width; in a file or a pipe nothing is cut."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import click

from fql.terminal.folding import columns_of, cut, padded
from fql.terminal.lines import data, room, say
from fql.terminal.words import one_line

GAP = 2


@dataclass(frozen=True, slots=True)
class Column:
    """A column, and what becomes of it where the terminal is too narrow.

    `least`: it may be shortened to so many columns of the terminal; 0: never.
    `drop`: columns with 1 are left out first, then those with 2; 0: never.
    """

    title: str
    least: int = 0
    drop: int = 0


def fitted(columns: Sequence[Column], widths: Sequence[int], space: int | None) -> list[int]:
    """The width of each column within `space` columns of a terminal; 0 for one that is left out.

    Columns are shortened, the widest first, before one is left out. Pure.
    """
    if space is None:
        return list(widths)
    order = sorted({column.drop for column in columns} - {0})
    kept: list[int] = []
    for dropped in (0, *order):
        kept = [w if not 0 < c.drop <= dropped else 0 for c, w in zip(columns, widths, strict=True)]
        if _shortened(columns, kept, space):
            break
    return kept


def _shortened(columns: Sequence[Column], widths: list[int], space: int) -> bool:
    """Shorten what may be shortened, in place; True when all fits then."""
    while (over := _total_width(widths) - space) > 0:
        slack = [(w - c.least if c.least else 0) for c, w in zip(columns, widths, strict=True)]
        widest = max(range(len(widths)), key=lambda n: (slack[n] > 0, widths[n]))
        if slack[widest] <= 0:
            return False
        others = [w for n, w in enumerate(widths) if n != widest and slack[n] > 0]
        step = max(widths[widest] - max(others, default=0), 1)
        widths[widest] -= min(over, slack[widest], step)
    return True


def _total_width(widths: Sequence[int]) -> int:
    shown = [width for width in widths if width]
    return sum(shown) + GAP * (len(shown) - 1)


def table(columns: Sequence[Column], rows: Iterable[Sequence[str]]) -> None:
    """Write a table; nothing but a remark on standard error when there are no rows."""
    written = Table(columns)
    written.add(rows)
    written.end()


class Table:
    """A table that is written page by page, as wide as its first page needs."""

    def __init__(self, columns: Sequence[Column]) -> None:
        self._columns = columns
        self._widths: list[int] = []
        self._space = room()

    def add(self, rows: Iterable[Sequence[str]]) -> None:
        """Write these rows."""
        cells = [[one_line(cell) for cell in row] for row in rows]
        if cells and not self._widths:
            titles = [column.title for column in self._columns]
            natural = [max(map(columns_of, column)) for column in zip(titles, *cells, strict=True)]
            self._widths = fitted(self._columns, natural, self._space)
            data(click.style(self._line(titles), bold=True))
        for row in cells:
            data(self._line(row))

    def end(self) -> None:
        """Say so where there was nothing, and which columns were left out."""
        if not self._widths:
            say("nothing to show")
        pairs = zip(self._columns, self._widths, strict=False)
        left_out = [column.title for column, width in pairs if not width]
        if left_out:
            say(f"left out because the terminal is too narrow: {', '.join(left_out)}")

    def _line(self, cells: Sequence[str]) -> str:
        whole = self._space is None
        shown = [
            padded(cell if whole or not column.least else cut(cell, width), width)
            for cell, width, column in zip(cells, self._widths, self._columns, strict=True)
            if width
        ]
        return (" " * GAP).join(shown).rstrip()
