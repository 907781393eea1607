"""Rows of lexemes: their lines, their brackets, their stretch."""

from __future__ import annotations

from fql_grammar.tokens import CLOSERS, OPENERS
from fqlc.source.text import Span
from fqlc.syntax.reading.lexemes import Lexeme

DEPTH = {**dict.fromkeys(OPENERS, 1), **dict.fromkeys(CLOSERS, -1)}
"""What a terminal adds to the number of open brackets."""


def span_of(row: list[Lexeme]) -> Span:
    """The stretch of a row. Its lexemes need not be in order: what a spelling means is read in
    its place."""
    return row[0].origin.span(row[0].start, max(x.end for x in row))


def head_of(row: list[Lexeme]) -> int:
    """The index of the first lexeme that is not documentation of what follows."""
    return 1 if row[0].type == "DOC" and len(row) > 1 else 0


def same_line(a: Lexeme, b: Lexeme) -> bool:
    """True when no line ends between two lexemes."""
    return "\n" not in a.origin.text[a.end : b.start]


def begins_line(row: list[Lexeme], index: int) -> bool:
    """True when a line ends between a lexeme and the one before it in the row."""
    return 0 < index < len(row) and not same_line(row[index - 1], row[index])


def depth_of(row: list[Lexeme]) -> int:
    """How many more brackets a row opens than it closes."""
    return sum(DEPTH.get(x.type, 0) for x in row)


def partner(row: list[Lexeme], at: int) -> int | None:
    """The index of the lexeme that closes the bracket at `at`, of whatever kind; None where none
    does."""
    depth = 0
    for index in range(at, len(row)):
        depth += DEPTH.get(row[index].type, 0)
        if depth == 0:
            return index
    return None


def line_start(lexeme: Lexeme) -> int:
    """The offset at which the line of a lexeme begins."""
    return lexeme.origin.text.rfind("\n", 0, lexeme.start) + 1


def indentation(lexeme: Lexeme) -> str:
    """The blanks at the start of its line."""
    line = lexeme.origin.text[line_start(lexeme) : lexeme.start]
    return line[: len(line) - len(line.lstrip(" \t"))]
