"""Diagnostics for people: the excerpt with the place underlined, labels, help, the fix."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from fqlc.diagnostics.model import Diagnostic, Fix, Label, Severity
from fqlc.diagnostics.render.columns import ELLIPSIS, displayed, window
from fqlc.source.text import SourceText

MOST_SHOWN = 100
_COLORS = {"error": "1;31", "warning": "1;33", "info": "1;36", "bold": "1", "dim": "36",
           "added": "32", "removed": "31"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Mark:
    """A stretch of one line to underline; columns are characters from 0."""

    line: int
    first: int
    last: int
    sign: str
    message: str


class _Painter:
    """Wraps text in the codes of a terminal, or not."""

    def __init__(self, *, color: bool) -> None:
        self._color = color

    def __call__(self, text: str, how: str) -> str:
        return f"\x1b[{_COLORS[how]}m{text}\x1b[0m" if self._color and text else text


@dataclass(frozen=True, slots=True)
class _Sheet:
    """Where to write: the texts, the colours, the columns of the terminal and of line numbers."""

    sources: Mapping[str, SourceText]
    paint: _Painter
    width: int
    margin: int

    @property
    def room(self) -> int:
        """The columns of an excerpt after its number and bar."""
        return self.width - self.margin - 3

    def gutter(self, number: int | None = None) -> str:
        """The start of a line, with its number or blank."""
        if number is None:
            return " " * self.margin
        return self.paint(str(number).rjust(self.margin), "dim")


def render_text(
    found: Sequence[Diagnostic],
    sources: Mapping[str, SourceText],
    *,
    color: bool = False,
    width: int = 100,
) -> str:
    """The first 100 diagnostics in full, then how many there are."""
    paint = _Painter(color=color)
    shown = found[:MOST_SHOWN]
    parts = [_diagnostic_text(d, _Sheet(sources, paint, width, _margin(d, sources))) for d in shown]
    if len(found) > MOST_SHOWN:
        parts.append(f"and {len(found) - MOST_SHOWN:,} more")
    if found:
        parts.append(closing(found))
    return "\n\n".join(parts)


def closing(found: Sequence[Diagnostic]) -> str:
    """`2 errors and 1 warning found; ...`, in the words of the last line."""
    counts = [
        f"{n} {severity.value}{'' if n == 1 else 's'}"
        for severity in Severity
        if (n := sum(d.severity is severity for d in found))
    ]
    fixable = sum(d.fix is not None and d.fix.safe for d in found)
    fixes = f"; `fqlc check --fix` fixes {fixable}" if fixable else ""
    first = min(found, key=lambda d: d.severity is not Severity.ERROR).code
    return f"{' and '.join(counts)} found{fixes}; `fqlc explain {first}` says more"


def _diagnostic_text(diagnostic: Diagnostic, sheet: _Sheet) -> str:
    severity, paint = diagnostic.severity.value, sheet.paint
    head = paint(f"{severity}[{diagnostic.code}]", severity)
    lines = [f"{head}{paint(': ' + _plain(diagnostic.message), 'bold')}"]
    for path, labels in _by_file(diagnostic):
        source = sheet.sources.get(path)
        if source is None and path != diagnostic.span.path:
            lines.extend(_unseen(path, labels, sheet))
            continue
        lines.append(_location(diagnostic, path, labels, sheet))
        if source is not None and source.text:
            lines.extend(_excerpt(source, labels, diagnostic, sheet))
    bar = f"{sheet.gutter()} {paint('=', 'dim')} "
    lines.extend(f"{bar}{paint('help', 'bold')}: {_plain(h)}" for h in diagnostic.help)
    if diagnostic.fix is not None:
        lines.extend(_fix(diagnostic.fix, sheet))
    return "\n".join(lines)


def _plain(text: str) -> str:
    """A message on one line, without what a terminal would obey."""
    return "".join(c if c.isprintable() else " " for c in text)


def _by_file(diagnostic: Diagnostic) -> list[tuple[str, list[Label]]]:
    """The labels of each file, that of the primary stretch first."""
    files: dict[str, list[Label]] = {
        diagnostic.span.path: [Label(diagnostic.span, diagnostic.label)]
    }
    for label in diagnostic.labels:
        files.setdefault(label.span.path, []).append(label)
    return list(files.items())


def _margin(diagnostic: Diagnostic, sources: Mapping[str, SourceText]) -> int:
    """Columns that the line numbers need."""
    spans = [diagnostic.span, *(x.span for x in diagnostic.labels)]
    numbers = [sources[s.path].position(s.end).line for s in spans if s.path in sources]
    return len(str(max(numbers, default=1)))


def _location(diagnostic: Diagnostic, path: str, labels: list[Label], sheet: _Sheet) -> str:
    primary = path == diagnostic.span.path
    arrow = sheet.gutter() + sheet.paint("-->" if primary else ":::", "dim")
    source = sheet.sources.get(path)
    if source is None:
        return f"{arrow} {path}"
    place = source.position((diagnostic.span if primary else labels[0].span).start)
    return f"{arrow} {path}:{place.line}:{place.column}"


def _unseen(path: str, labels: list[Label], sheet: _Sheet) -> Iterator[str]:
    """Labels in a file that is not shown, such as a contract in JSON: each by its pointer."""
    for label in labels:
        place = _plain(f"{path}#{label.pointer}" if label.pointer else path)
        yield f"{sheet.gutter()}{sheet.paint(':::', 'dim')} {place}: {_plain(label.message)}"


def _excerpt(
    source: SourceText, labels: list[Label], diagnostic: Diagnostic, sheet: _Sheet
) -> list[str]:
    """The lines that have marks, each with its marks below."""
    marks = [
        mark
        for label in labels
        for mark in _marks(source, label, primary=label.span == diagnostic.span)
    ]
    bar = sheet.paint("|", "dim")
    lines = [f"{sheet.gutter()} {bar}"]
    previous = 0
    for number in sorted({m.line for m in marks}):
        if previous and number > previous + 1:
            lines.append(sheet.paint("...", "dim"))
        here = sorted((m for m in marks if m.line == number), key=lambda m: (m.first, m.sign))
        shown, below = _line(source.line(number), here, diagnostic.severity, sheet)
        lines.append(f"{sheet.gutter(number)} {bar} {shown}".rstrip())
        lines.extend(f"{sheet.gutter()} {bar} {text}" for text in below)
        previous = number
    return lines


def _marks(source: SourceText, label: Label, *, primary: bool) -> list[_Mark]:
    """A stretch of several lines is marked at its first line, up to the end of that line."""
    start, end = source.position(label.span.start), source.position(label.span.end)
    sign = "^" if primary else "-"
    first = start.column - 1
    last = end.column - 1 if end.line == start.line else len(source.line(start.line))
    return [_Mark(start.line, first, max(last, first + 1), sign, _plain(label.message))]


def _line(
    line: str, marks: list[_Mark], severity: Severity, sheet: _Sheet
) -> tuple[str, list[str]]:
    """What to show of a line, and the rows of marks below it."""
    shown, columns = displayed(line)
    end = len(columns) - 1
    primary = next((m for m in marks if m.sign == "^"), marks[0])
    space = sheet.room if columns[-1] <= sheet.room else sheet.room - 2 * len(ELLIPSIS)
    a, b = window(columns, min(primary.first, end), min(primary.last, end), space)
    left, right = ELLIPSIS if a > 0 else "", ELLIPSIS if b < end else ""
    text = displayed(line[a:b])[0] if left or right else shown
    shift = columns[a] - len(left)
    rows = [
        row
        for m in marks
        if a <= m.first <= b
        for row in _source_rows(m, columns, columns[b], shift, sheet, severity)
    ]
    return f"{left}{text}{right}".rstrip(), rows


def _source_rows(  # noqa: PLR0917 - the measures of a mark
    mark: _Mark, columns: list[int], limit: int, shift: int, sheet: _Sheet, severity: Severity
) -> list[str]:
    """A mark with its message after it, or below it where that would not fit."""
    end = len(columns) - 1
    begin = columns[min(mark.first, end)]
    stop = columns[min(mark.last, end)] if mark.last <= end else begin + 1
    length = max(1, min(stop, max(limit, begin + 1)) - begin)
    signs, indent, said = mark.sign * length, begin - shift, mark.message
    style = severity.value if mark.sign == "^" else "dim"
    if not said or indent + length + 1 + len(said) <= sheet.room:
        return [" " * indent + sheet.paint(f"{signs} {said}".rstrip(), style)]
    parts = textwrap.wrap(said, sheet.room, break_long_words=False)
    left = max(0, min(indent, sheet.room - max(map(len, parts))))
    rows = [" " * left + sheet.paint(part, style) for part in parts]
    return [" " * indent + sheet.paint(signs, style), *rows]


# Fixes -----------------------------------------------------------------------


def _fix(fix: Fix, sheet: _Sheet) -> list[str]:
    """The first line that the fix changes, before and after it."""
    source = sheet.sources.get(fix.edits[0].span.path) if fix.edits else None
    if source is None:
        return []
    first = source.position(min(e.span.start for e in fix.edits)).line
    old = _cut(source.line(first), sheet.room)
    new = [_cut(line, sheet.room) for line in _changed(source, first, fix).split("\n")[:5]]
    if new == [old]:  # the change lies beyond what fits on a line
        return []
    paint = sheet.paint
    title = "fix" if fix.safe else "fix, if this is intended"
    return [
        f"{sheet.gutter()} {paint('=', 'dim')} {paint(title, 'bold')}:",
        f"{sheet.gutter(first)} {paint('- ' + old, 'removed')}",
        *(f"{sheet.gutter()} {paint('+ ' + line, 'added')}" for line in new),
    ]


def _changed(source: SourceText, number: int, fix: Fix) -> str:
    """The line with those edits that lie in it."""
    line = source.line(number)
    begin = _start_of(source, number)
    return SourceText("", line).edited(
        (e.span.start - begin, min(e.span.end - begin, len(line)), e.text)
        for e in fix.edits
        if begin <= e.span.start <= begin + len(line)
    )


def _start_of(source: SourceText, number: int) -> int:
    """The offset of the first character of a line, by the line's own end."""
    low, high = 0, len(source.text)
    while low < high:
        middle = (low + high) // 2
        if source.position(middle).line < number:
            low = middle + 1
        else:
            high = middle
    return low


def _cut(line: str, width: int) -> str:
    shown = "".join(displayed(line[: width * 2])[0])
    return shown if len(shown) <= width else shown[: width - 1] + ELLIPSIS
