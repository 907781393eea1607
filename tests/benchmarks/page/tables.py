"""Tables of docs/performance.md that a benchmark writes.

A table has a fixed head and fixed rows. A row that could not be measured says why, so that the page
and what a run prints always have the same shape.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

PAGE = Path(__file__).parents[3] / "docs" / "performance.md"


@dataclass(frozen=True)
class Table:
    """A table by the `name` of its place in the page, and the command that makes it."""

    name: str
    command: str
    head: tuple[str, ...]
    rows: tuple[str, ...]

    def lines(self, cells: Mapping[str, Sequence[str] | str], said: str) -> list[str]:
        """A row has a cell for each column, or the reason why it has none; `said` is what
        the figures must be read with."""
        found = [f"`{self.command}`: {said}", "", _row(self.head), _row(["---"] * len(self.head))]
        for row in self.rows:
            given = cells.get(row, "not measured")
            if isinstance(given, str):
                given = [given, *[""] * (len(self.head) - 2)]
            found.append(_row([row, *given]))
        return found


def shape(lines: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The head of a table and the first cells of its rows."""
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines if line[:1] == "|"]
    return tuple(rows[0]), tuple(row[0] for row in rows[2:])


def cells_of(lines: Sequence[str]) -> dict[str, list[str]]:
    """The cells of a table that was written, by the first one of their row."""
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines if line[:1] == "|"]
    return {row[0]: row[1:] for row in rows[2:]}


def block(page: str, name: str) -> list[str]:
    """The lines of a place in the page."""
    found = _place(name).search(page)
    if found is None:
        raise LookupError(f"docs/performance.md has no place called {name}")
    return found[2].strip().splitlines()


def write(name: str, lines: Sequence[str], page: Path = PAGE) -> None:
    """Put lines into their place in the page."""
    text = page.read_text(encoding="utf-8")
    block(text, name)
    inner = "\n".join(lines)
    changed = _place(name).sub(lambda found: f"{found[1]}\n{inner}\n{found[3]}", text)
    page.write_text(changed, encoding="utf-8")


def _place(name: str) -> re.Pattern[str]:
    return re.compile(rf"(<!-- bench: {name} -->)\n(.*?)(<!-- end of {name} -->)", re.DOTALL)


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
