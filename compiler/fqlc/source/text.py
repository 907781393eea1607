"""A source text, stretches of it, and the translation of offsets to lines and columns."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass, field
from functools import cached_property


@dataclass(frozen=True, slots=True)
class Span:
    """A half-open stretch `start..end` of a source, in characters; `path` says of which."""

    path: str
    start: int
    end: int

    def to(self, other: Span) -> Span:
        """The stretch from the begin of this to the end of `other`."""
        return Span(self.path, self.start, other.end)


@dataclass(frozen=True, slots=True)
class Position:
    """A place for people: line and column from 1, columns in characters."""

    line: int
    column: int


_LINE_END = re.compile("\n")


@dataclass(frozen=True)
class SourceText:
    """A text with the path it is known by (relative to the project, with forward slashes)."""

    path: str
    text: str = field(repr=False)

    @cached_property
    def _line_starts(self) -> list[int]:
        starts = [0]
        starts.extend(found.end() for found in _LINE_END.finditer(self.text))
        return starts

    def position(self, offset: int) -> Position:
        """Line and column of an offset; offsets behind the end mean the end."""
        offset = min(max(offset, 0), len(self.text))
        line = bisect_right(self._line_starts, offset)
        return Position(line, offset - self._line_starts[line - 1] + 1)

    def line(self, number: int) -> str:
        """The text of a line from 1, without its end; empty when there is no such line."""
        if not 1 <= number <= len(self._line_starts):
            return ""
        start = self._line_starts[number - 1]
        end = self.text.find("\n", start)
        return self.text[start : end if end >= 0 else len(self.text)].rstrip("\r")
