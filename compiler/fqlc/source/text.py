"""A source text, stretches of it, and the translation of offsets to lines and columns."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable
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
_WRITTEN_END = re.compile("\r\n?|\n")
_PAIR = re.compile("\r\n")
_MARK = "\ufeff"


@dataclass(frozen=True)
class SourceText:
    """A text with the path it is known by (relative to the project, with forward slashes).

    Made from a text as it is `written`, with any line ends (LF, CRLF or a lone CR) and perhaps a
    byte order mark. `text` has LF only and no mark: it is what everybody reads, and
    what offsets, lines and columns count in.
    """

    path: str
    written: str = field(repr=False)
    text: str = field(init=False, repr=False)

    def __post_init__(self) -> None:
        text = self.written.removeprefix(_MARK)
        if "\r" in text:
            text = text.replace("\r\n", "\n").replace("\r", "\n")
        object.__setattr__(self, "text", text)

    def as_written(self, text: str) -> str:
        """Another text of this file, with the mark and the line ends that the file has."""
        end = _WRITTEN_END.search(self.written)
        marked = _MARK if self.written.startswith(_MARK) else ""
        return marked + (text.replace("\n", end[0]) if end is not None else text)

    def edited(self, edits: Iterable[tuple[int, int, str]]) -> str:
        """The file as written with stretches of `text` replaced, none of which overlap. What no
        edit touches stays byte for byte, line ends included."""
        place = self._places()
        end = _WRITTEN_END.search(self.written)
        parts, done = [], 0
        for start, stop, new in sorted(edits, key=lambda edit: edit[:2]):
            put = new.replace("\n", end[0]) if end is not None else new
            parts += [self.written[done : place(start)], put]
            done = place(stop)
        return "".join([*parts, self.written[done:]])

    def _places(self) -> Callable[[int], int]:
        """From offsets in `text` to offsets in `written`: longer by the mark and one CR a line."""
        longer = len(self.written) - len(self.written.removeprefix(_MARK))
        if "\r\n" not in self.written:
            return lambda offset: offset + longer
        pairs = [m.start() - longer - i for i, m in enumerate(_PAIR.finditer(self.written))]
        return lambda offset: offset + longer + bisect_left(pairs, offset)

    @cached_property
    def _line_starts(self) -> list[int]:
        starts = [0]
        starts.extend(found.end() for found in _LINE_END.finditer(self.text))
        return starts

    def position(self, offset: int) -> Position:
        """Line and column of an offset; offsets after the end mean the end."""
        offset = min(max(offset, 0), len(self.text))
        line = bisect_right(self._line_starts, offset)
        return Position(line, offset - self._line_starts[line - 1] + 1)

    def line(self, number: int) -> str:
        """The text of a line from 1, without its end; empty when there is no such line."""
        if not 1 <= number <= len(self._line_starts):
            return ""
        start = self._line_starts[number - 1]
        end = self.text.find("\n", start)
        return self.text[start : end if end >= 0 else len(self.text)]
