"""Comments find their place again: on lines of their own, or after what they stood after."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence
from typing import TypeVar

from fqlc.source.text import Span
from fqlc.syntax.tree import ast

Item = TypeVar("Item", bound=ast.Tree)
_BLANKS = " \t\n"
"""Other blanks are mistakes, and stay."""


class Comments:
    """The comments of a file; each is printed once, in the innermost row of items around it."""

    def __init__(self, text: str, comments: Sequence[ast.Comment]) -> None:
        self._text = text
        self._comments = comments
        self._starts = [c.span.start for c in comments]
        self._printed: set[int] = set()

    def within(self, span: Span) -> list[int]:
        """The comments in a stretch that are not yet printed, by number."""
        first, last = bisect_left(self._starts, span.start), bisect_left(self._starts, span.end)
        return [i for i in range(first, last) if i not in self._printed]

    def lay_out(
        self,
        items: Sequence[Item],
        around: Span,
        indent: str,
        show: Callable[[Item], str],
        separator: str = "",
    ) -> list[str]:
        """The lines of a row of items with the comments in `around`. One blank line between
        items is kept, more are not."""
        lines: list[str] = []
        position = around.start + 1
        begins = [*map(start_of, items), around.end]
        for item, begin, end in zip(items, begins, begins[1:], strict=False):
            lines += self.lines_before(position, begin, indent, first=not lines)
            shown = show(item)
            lines += [f"{indent}{c}" for c in self.lines_inside(begin, item.span.end)]
            tail, position = self._tail(item.span.end, end)
            lines.append(f"{indent}{shown}{separator}{tail}")
        return lines + self.lines_before(position, around.end, indent, first=not lines, last=True)

    def lines_before(
        self, start: int, end: int, indent: str, *, first: bool, last: bool = False
    ) -> list[str]:
        """The comments between two items on lines of their own, and a blank line where there
        was one; none at the start or end of a row."""
        lines: list[str] = []
        position = start
        for number in self.within(Span("", start, end)):
            comment = self._comments[number]
            if self._is_apart(position, comment.span.start) and (lines or not first):
                lines.append("")
            lines.append(f"{indent}{self._take_comment(number)}")
            position = comment.span.end
        if not last and self._is_apart(position, end) and (lines or not first):
            lines.append("")
        return lines

    def _is_apart(self, start: int, end: int) -> bool:
        return self._text.count("\n", start, end) > 1

    def _behind(self, start: int, end: int) -> int | None:
        """The comment on the line that an item ends on."""
        found = self.within(Span("", start, end))
        if not found or "\n" in self._text[start : self._starts[found[0]]]:
            return None
        return found[0]

    def lines_inside(self, start: int, end: int) -> list[str]:
        """The comments of a stretch that found no place in it, on lines of their own."""
        return [self._take_comment(number) for number in self.within(Span("", start, end))]

    def end_of_more(self, gap: Span) -> int | None:
        """Where a stretch ends to hold more than comments and blanks, with the rest of the line
        there; None where it holds no more."""
        position, last = gap.start, None
        for number in self.within(gap):
            comment = self._comments[number].span
            if self._text[position : comment.start].strip(_BLANKS):
                last = comment.start
            position = comment.end
        if self._text[position : gap.end].strip(_BLANKS):
            last = gap.end
        if last is None:
            return None
        last = gap.start + len(self._text[gap.start : last].rstrip(_BLANKS))
        line_end = self._text.find("\n", last)
        return min(line_end if line_end >= 0 else gap.end, gap.end)

    def drop(self, gap: Span) -> None:
        """Count the comments of a stretch as printed."""
        self._printed.update(self.within(gap))

    def first_thing(self, start: int, end: int) -> int:
        """Where the first comment of a stretch begins, or its end."""
        found = self.within(Span("", start, end))
        return self._starts[found[0]] if found else end

    def tail(self, start: int, end: int) -> str:
        """The comment after an item, with two blanks before it, or nothing."""
        return self._tail(start, end)[0]

    def _tail(self, start: int, end: int) -> tuple[str, int]:
        behind = self._behind(start, end)
        if behind is None:
            return "", start
        return f"  {self._take_comment(behind)}", self._comments[behind].span.end

    def _take_comment(self, number: int) -> str:
        self._printed.add(number)
        text = self._comments[number].text
        return f"# {text}" if text and not text.startswith("!") else f"#{text}"


def start_of(item: ast.Tree) -> int:
    """Where an item begins, with its documentation."""
    doc = getattr(item, "doc", None)
    return doc.span.start if isinstance(doc, ast.Doc) else item.span.start
