"""The formatter: one style, no options; comments are kept, and printing twice changes nothing.

Sound declarations are printed from their tree. Everything else of a file with mistakes stays as
it was, byte for byte.
"""

from __future__ import annotations

from bisect import bisect_left

from fqlc.diagnostics.sink import Sink
from fqlc.source.text import SourceText, Span
from fqlc.syntax.printing.blocks import BlockPrinter
from fqlc.syntax.printing.comments import Comments, start_of
from fqlc.syntax.reading.parser import is_sound, parse_file
from fqlc.syntax.tree import ast

_PACKED = (ast.ImportDeclaration, ast.LetDeclaration)


def format_source(source: SourceText) -> str:
    """The text in the one style of the language."""
    sink = Sink()
    file = parse_file(source, sink)
    mistakes = [d.span.start for d in sink.found]
    sound = _sound_declarations(file, mistakes, source.text)
    return _Printer(source.text, file).print(sound)


def format_text(text: str) -> str:
    """`format_source` for a text without a path."""
    return format_source(SourceText("", text))


def _sound_declarations(file: ast.File, mistakes: list[int], text: str) -> list[ast.Declaration]:
    """The declarations in which, and up to the next of which, nothing was reported."""
    sound: list[ast.Declaration] = []
    end = len(text) + 1
    for declaration in reversed(file.declarations):
        start = start_of(declaration)
        if is_sound(declaration) and not _has_mistake(mistakes, declaration, start, end):
            sound.append(declaration)
        end = start
    return sound[::-1]


def _has_mistake(mistakes: list[int], declaration: ast.Declaration, start: int, end: int) -> bool:
    """A mistake at the first word itself is one of what stands before: it ended too early."""
    first = bisect_left(mistakes, start)
    inside = mistakes[first : bisect_left(mistakes, end)]
    return any(place != declaration.span.start for place in inside)


class _Printer:
    """Prints the declarations of one text, and what stands between them."""

    def __init__(self, text: str, file: ast.File) -> None:
        self._text = text
        self._comments = Comments(text, file.comments)
        self._blocks = BlockPrinter(text, self._comments)
        self._parts: list[str] = []

    def print(self, sound: list[ast.Declaration]) -> str:
        """The whole text."""
        position = 0
        previous: ast.Declaration | None = None
        for declaration in sound:
            start = start_of(declaration)
            kept = self._keep(position, start)
            together = not kept and self._are_packed(previous, declaration, position)
            lines = self._comments.lines_before(position, start, "", first=True)
            shown, position = self._declaration(declaration, start)
            self._add("\n".join((*lines, shown)), together=together)
            previous = declaration
        end = len(self._text)
        self._keep(position, end)
        self._add("\n".join(self._comments.lines_before(position, end, "", first=True, last=True)))
        return "".join(self._parts) + "\n" if self._parts else ""

    def _declaration(self, declaration: ast.Declaration, start: int) -> tuple[str, int]:
        """The lines of a declaration with its comments, and where to go on in the source."""
        shown = self._blocks.declaration(declaration)
        end = declaration.span.end
        inside = self._comments.lines_inside(start, end)
        line_end = self._text.find("\n", end)
        line_end = len(self._text) if line_end < 0 else line_end
        tail = self._comments.tail(end, line_end)
        return "\n".join((*inside, shown + tail)), line_end if tail else end

    def _add(self, part: str, *, together: bool = False) -> None:
        """One blank line stands between parts that are not packed together."""
        if part:
            between = "\n" if together else "\n\n"
            self._parts.append(between + part if self._parts else part)

    def _keep(self, start: int, end: int) -> bool:
        """Take over what stands between two sound declarations when it is more than comments."""
        gap = Span("", start, end)
        if not self._comments.leave_more(gap):
            return False
        self._comments.drop(gap)
        self._add(self._text[start:end].strip("\n"))
        return True

    def _are_packed(
        self, before: ast.Declaration | None, behind: ast.Declaration, position: int
    ) -> bool:
        """Imports follow each other without blank line, and `let`s where there was none."""
        if not isinstance(behind, _PACKED) or type(before) is not type(behind):
            return False
        first = self._comments.first_thing(position, start_of(behind))
        return self._text.count("\n", position, first) < 2
