"""The formatter: one style, no options; comments are kept, and printing twice changes nothing.

Sound declarations are printed from their tree. Everything else of a file with mistakes stays as
it was, byte for byte.
"""

from __future__ import annotations

from bisect import bisect_right

from fqlc.diagnostics.sink import Sink
from fqlc.source.text import SourceText, Span
from fqlc.syntax.parsing.parser import is_sound, parse_file
from fqlc.syntax.printing.blocks import BlockPrinter
from fqlc.syntax.printing.comments import Comments, start_of
from fqlc.syntax.tree import ast

_PACKED = (ast.ImportDeclaration, ast.LetDeclaration)


def format_source(source: SourceText) -> str:
    """The formatted text."""
    return format_tree(source, parse_file(source, Sink()))


def format_tree(source: SourceText, file: ast.File) -> str:
    """The same where the text was parsed before."""
    return _Printer(source.text, file).print(_sound_declarations(file))


def format_declarations(source: SourceText, start: int, end: int) -> list[tuple[int, int, str]]:
    """The sound declarations that a stretch touches, formatted: from where to where each is, with
    its documentation and a comment after it, and its text."""
    file = parse_file(source, Sink())
    touched = [d for d in _sound_declarations(file) if start_of(d) <= end and d.span.end >= start]
    printer = _Printer(source.text, file)
    found = []
    for declaration in touched:
        begin = start_of(declaration)
        shown, last = printer.declaration(declaration, begin)
        found.append((begin, last, shown))
    return found


def format_text(text: str) -> str:
    """`format_source` for a text without a path."""
    return format_source(SourceText("", text))


def _sound_declarations(file: ast.File) -> list[ast.Declaration]:
    """The declarations in which no mistake of syntax was reported, not even one that was read as
    what it means: the formatter fixes nothing."""
    ends = [place.end for place in file.faulty]

    def is_faulty(declaration: ast.Declaration) -> bool:
        near = file.faulty[bisect_right(ends, declaration.span.start) :][:1]
        return bool(near) and near[0].start < declaration.span.end

    return [d for d in file.declarations if is_sound(d) and not is_faulty(d)]


class _Printer:
    """Prints the declarations of one text, and what is between them."""

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
            kept, position = self._keep(position, start)
            together = not kept and self._are_packed(previous, declaration, position)
            lines = self._comments.lines_before(position, start, "", first=True)
            shown, position = self.declaration(declaration, start)
            self._add("\n".join((*lines, shown)), together=together)
            previous = declaration
        end = len(self._text)
        _, position = self._keep(position, end)
        self._add("\n".join(self._comments.lines_before(position, end, "", first=True, last=True)))
        return "".join(self._parts) + "\n" if self._parts else ""

    def declaration(self, declaration: ast.Declaration, start: int) -> tuple[str, int]:
        """The lines of a declaration with its comments, and where to go on in the source."""
        shown = self._blocks.declaration(declaration)
        end = declaration.span.end
        inside = self._comments.lines_inside(start, end)
        line_end = self._text.find("\n", end)
        line_end = len(self._text) if line_end < 0 else line_end
        tail = self._comments.tail(end, line_end)
        return "\n".join((*inside, shown + tail)), line_end if tail else end

    def _add(self, part: str, *, together: bool = False) -> None:
        """One blank line is between parts that are not packed together."""
        if part:
            between = "\n" if together else "\n\n"
            self._parts.append(between + part if self._parts else part)

    def _keep(self, start: int, end: int) -> tuple[bool, int]:
        """Take over what is between two sound declarations when it is more than comments, up
        to the comments before the next one. True when it was, and where to go on."""
        last = self._comments.end_of_more(Span("", start, end))
        if last is None:
            return False, start
        gap = Span("", start, last)
        self._comments.drop(gap)
        self._add(self._text[start:last].strip("\n"))
        return True, last

    def _are_packed(
        self, before: ast.Declaration | None, behind: ast.Declaration, position: int
    ) -> bool:
        """Imports follow each other without blank line, and `let`s where there was none."""
        if not isinstance(behind, _PACKED) or type(before) is not type(behind):
            return False
        first = self._comments.first_thing(position, start_of(behind))
        return self._text.count("\n", position, first) < 2
