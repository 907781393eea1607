"""How wide text is on a terminal, and what to show of a long line."""

from __future__ import annotations

import unicodedata

TAB = 4
ELLIPSIS = "…"


def width_of(char: str) -> int:
    """Columns of a character: 2 for wide ones, 0 for those that combine (Unicode UAX 11)."""
    if char < "\x7f":
        return 1
    if unicodedata.combining(char) or unicodedata.category(char) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in ("W", "F") else 1


def displayed(line: str) -> tuple[str, list[int]]:
    """The line with tabs as blanks and controls as `?`, and the column at which each of its
    characters begins, with the end as last."""
    shown: list[str] = []
    columns: list[int] = []
    column = 0
    for char in line:
        columns.append(column)
        piece = _shown(char, column)
        shown.append(piece)
        column += len(piece) if char == "\t" else width_of(piece)
    return "".join(shown), [*columns, column]


def _shown(char: str, column: int) -> str:
    if char == "\t":
        return " " * (TAB - column % TAB)
    return char if char.isprintable() else "?"


def window(columns: list[int], first: int, last: int, width: int) -> tuple[int, int]:
    """The characters `a..b` of a line to show so that `first..last` is seen in `width`."""
    if columns[-1] <= width:
        return 0, len(columns) - 1
    middle = (columns[first] + columns[min(last, len(columns) - 1)]) // 2
    left = max(0, min(columns[first] - width // 4, middle - width // 2))
    a = next(i for i, c in enumerate(columns) if c >= left)
    b = max(i for i, c in enumerate(columns) if c <= columns[a] + width)
    return a, b
