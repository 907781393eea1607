"""Open texts, changes to them, and positions: the one place where offsets meet the protocol.

The protocol's lines end at LF, CRLF or a lone CR, and at nothing else; columns count what the
client and we have agreed on. Python's own idea of lines is another one, and so is that of pygls,
whose documents are not used for that reason.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import cached_property

from lsprotocol.types import (
    Position,
    PositionEncodingKind,
    Range,
    TextDocumentContentChangeEvent,
    TextDocumentContentChangePartial,
)

from fqlc.source.text import SourceText

LARGE = 2_000_000
"""Bytes of a text beyond which only its syntax is looked at."""

Encoding = PositionEncodingKind | str
"""What columns count: UTF-16 code units, bytes of UTF-8, or characters."""

_LINE_END = re.compile("\r\n|\n|\r")
_MARK = "\ufeff"
_HALF = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True)
class Ruler:
    """Offsets of a text, in characters, and positions of the protocol in it."""

    text: str = field(repr=False)
    encoding: Encoding = PositionEncodingKind.Utf16

    @cached_property
    def _line_ends(self) -> list[tuple[int, int]]:
        """Where each line starts, and where it ends without its line end."""
        lines, start = [], 0
        for found in _LINE_END.finditer(self.text):
            lines.append((start, found.start()))
            start = found.end()
        return [*lines, (start, len(self.text))]

    @cached_property
    def _starts(self) -> list[int]:
        return [start for start, _ in self._line_ends]

    def offset(self, position: Position) -> int:
        """The offset of a position. One after the end of its line is that end, one after the last
        line the end of the text; one within a character is before it."""
        if position.line >= len(self._line_ends):
            return len(self.text)
        start, end = self._line_ends[position.line]
        if self._is_simple(start, end):
            return min(start + position.character, end)
        left = position.character
        for at in range(start, end):
            left -= _width(self.text[at], self.encoding)
            if left < 0:
                return at
        return end

    def position(self, offset: int) -> Position:
        """The position of an offset; an offset after the end means the end."""
        return Position(*self.place(offset))

    def place(self, offset: int) -> tuple[int, int]:
        """The same as line and column."""
        offset = min(max(offset, 0), len(self.text))
        line = bisect_right(self._starts, offset) - 1
        start = self._starts[line]
        if self._is_all_simple or self._is_simple(start, offset):
            return line, offset - start
        return line, sum(_width(c, self.encoding) for c in self.text[start:offset])

    def range(self, start: int, end: int) -> Range:
        """The stretch between two offsets."""
        return Range(self.position(start), self.position(end))

    @cached_property
    def _is_all_simple(self) -> bool:
        return self._is_simple(0, len(self.text))

    def _is_simple(self, start: int, end: int) -> bool:
        """True where columns are characters: all of them, or those of this stretch."""
        return self.encoding == PositionEncodingKind.Utf32 or self.text[start:end].isascii()


def _width(character: str, encoding: Encoding) -> int:
    code = ord(character)
    if encoding == PositionEncodingKind.Utf16:
        return 2 if code > 0xFFFF else 1
    return 1 if code < 0x80 else 2 if code < 0x800 else 3 if code < 0x10000 else 4


@dataclass(frozen=True)
class Document:
    """A text that an editor has open. `uri` is what the editor calls it, `text` as it has it."""

    uri: str
    version: int | None
    text: str = field(repr=False)
    encoding: Encoding = PositionEncodingKind.Utf16

    @cached_property
    def is_large(self) -> bool:
        """True for a text of more than 2 MB."""
        least = len(self.text)
        return least > LARGE or (
            least > LARGE // 4 and len(self.text.encode("utf-8", "surrogatepass")) > LARGE
        )

    @cached_property
    def source(self) -> SourceText:
        """The text as the compiler reads it: LF only, no byte order mark."""
        return SourceText(self.uri, self.text)

    @cached_property
    def _ruler(self) -> Ruler:
        mark = _MARK if self.text.startswith(_MARK) else ""
        return Ruler(mark + self.source.text, self.encoding)

    @property
    def _mark(self) -> int:
        return 1 if self.text.startswith(_MARK) else 0

    def offset(self, position: Position) -> int:
        """The offset in `source.text` of a position."""
        return max(self._ruler.offset(position) - self._mark, 0)

    def place(self, offset: int) -> tuple[int, int]:
        """Line and column of an offset in `source.text`."""
        return self._ruler.place(offset + self._mark)

    def range(self, start: int, end: int) -> Range:
        """The stretch between two offsets in `source.text`."""
        return self._ruler.range(start + self._mark, end + self._mark)

    def spelled(self, text: str) -> str:
        """A new text with the line ends of this document."""
        end = _LINE_END.search(self.text)
        return text if end is None else text.replace("\n", end[0])

    def changed(
        self, version: int | None, changes: Iterable[TextDocumentContentChangeEvent]
    ) -> Document:
        """The document after changes, each of which counts from what the one before has left."""
        text = self.text
        for change in changes:
            text = joined(_applied(text, change, self.encoding))
        return replace(self, version=version, text=text)


def joined(text: str) -> str:
    """The text with each two halves of a character, which changes have brought together, as that
    character."""
    if not _HALF.search(text):
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")


def _applied(text: str, change: TextDocumentContentChangeEvent, encoding: Encoding) -> str:
    if not isinstance(change, TextDocumentContentChangePartial):
        return change.text
    ruler = Ruler(text, encoding)
    ends = (ruler.offset(change.range.start), ruler.offset(change.range.end))
    return text[: min(ends)] + change.text + text[max(ends) :]
