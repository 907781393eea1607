"""What the lexer hands to the parser."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, field

from fqlc.diagnostics.model import Diagnostic
from fqlc.diagnostics.sink import Sink
from fqlc.source.text import Span
from fqlc.syntax.tree import ast


@dataclass(slots=True)
class Origin:
    """The file that lexemes come from. `soft` holds FQL101 found while building, to be thinned;
    `unreadable` what was reported of stretches that are not tokens, in their order."""

    path: str
    text: str
    sink: Sink
    soft: list[Diagnostic] = field(default_factory=list)
    unreadable: list[Diagnostic] = field(default_factory=list)

    def span(self, start: int, end: int) -> Span:
        """A stretch of this file."""
        return Span(self.path, start, end)

    def first_unreadable(self, start: int, end: int) -> Diagnostic | None:
        """What was reported first of stretches that are not tokens, from `start` to `end`."""
        index = bisect_left(self.unreadable, start, key=lambda d: d.span.start)
        found = self.unreadable[index : index + 1]
        return found[0] if found and found[0].span.start < end else None


Literal = (
    ast.StringLiteral | ast.NumberLiteral | ast.DurationLiteral | ast.SizeLiteral
    | ast.RangeLiteral | ast.ErrorExpression | ast.Doc
)  # fmt: skip


class Lexeme:
    """A token: its terminal, its stretch, its text, and for a literal what it means.

    Not a dataclass and not Lark's Token: some hundred thousand are made for each megabyte.
    A lexeme with an empty text was put in by the recovery.
    """

    __slots__ = ("end", "origin", "start", "text", "type", "value")

    start_pos = end_pos = line = column = end_line = end_column = 0
    """Lark asks for these when it makes its end token; places come from `start` and `end`."""

    def __init__(  # noqa: PLR0917 - keywords would cost a tenth of the lexer's time
        self,
        type_: str,
        start: int,
        end: int,
        text: str,
        origin: Origin,
        value: Literal | None = None,
    ) -> None:
        self.type = type_
        self.start = start
        self.end = end
        self.text = text
        self.origin = origin
        self.value = value

    def span(self) -> Span:
        """The stretch of source."""
        return Span(self.origin.path, self.start, self.end)

    def __repr__(self) -> str:
        return f"{self.type}({self.text!r} at {self.start})"


class Lexed:
    """The lexemes of a file. `starts` are the indices at which declarations begin, `suspects`
    those of spellings of other languages, which `fqlc.syntax.foreign.repair` answers, `odd` the
    stretches that look like a sign or a blank, each with what they look like."""

    def __init__(self) -> None:
        self.lexemes: list[Lexeme] = []
        self.comments: list[ast.Comment] = []
        self.starts: list[int] = []
        self.suspects: list[int] = []
        self.odd: list[tuple[int, int, str]] = []
