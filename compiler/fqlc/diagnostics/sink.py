"""Where passes put what they find."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection
from typing import TypedDict, Unpack

from fqlc.diagnostics.model import Diagnostic, Fix, Label, Severity
from fqlc.source.text import Span

MAX_COMPARED = 100_000
"""After so many comparisons of names, no more similar ones are looked for."""


class Budget:
    """So much of something for one compile, however large the program is."""

    def __init__(self, most: int) -> None:
        self._left = most

    def take(self, amount: int) -> bool:
        """True while there is enough left; from then on never again."""
        self._left -= amount
        return self._left >= 0


class Details(TypedDict, total=False):
    """What a diagnostic may have besides code, message and span; see `Diagnostic`."""

    label: str
    labels: tuple[Label, ...]
    help: tuple[str, ...]
    fix: Fix | None


class Sink:
    """Collects diagnostics of one compile. Passes report here and go on."""

    def __init__(self, comparisons: Budget | None = None) -> None:
        """`comparisons` are those of another sink of the same compile."""
        self._found: dict[Diagnostic, None] = {}
        self._places: set[tuple[str, Span]] = set()
        self._covered: list[tuple[Span, Diagnostic | None]] = []
        self.comparisons = comparisons or Budget(MAX_COMPARED)

    def error(
        self,
        code: str,
        message: str,
        span: Span,
        *,
        covers: Span | None = None,
        **details: Unpack[Details],
    ) -> None:
        """Report an error; `covers` is the stretch in which everything else hangs on it."""
        found = Diagnostic(code, message, span, Severity.ERROR, **details)
        self.cause(found, covers) if covers is not None else self.add(found)

    def warning(self, code: str, message: str, span: Span, **details: Unpack[Details]) -> None:
        """Report a warning."""
        self.add(Diagnostic(code, message, span, Severity.WARNING, **details))

    def add(self, diagnostic: Diagnostic) -> None:
        """Report a finished diagnostic; the same one twice counts once."""
        self._found[diagnostic] = None
        self._places.add((diagnostic.code, diagnostic.span))

    def cause(self, diagnostic: Diagnostic | None, covers: Span) -> None:
        """Report what explains everything else that is found in a stretch: nothing else is reported
        of it, whoever finds it and when. None where the cause lies, and was said, elsewhere."""
        if diagnostic is not None:
            self.add(diagnostic)
        self._covered.append((covers, diagnostic))

    def comparable(self, names: Collection[str]) -> Collection[str]:
        """The names, to look for a similar one among them; none when thousands of mistakes have
        been compared with thousands of names already, so that the time stays linear."""
        return names if self.comparisons.take(len(names)) else ()

    def is_reported(self, code: str, span: Span) -> bool:
        """True when a stretch, neither more nor less, has such a report."""
        return (code, span) in self._places

    @property
    def count(self) -> int:
        """How many reports have come so far."""
        return len(self._found)

    @property
    def found(self) -> tuple[Diagnostic, ...]:
        """All reports that are a cause of their own, ordered by file, place and code."""
        covers = _outermost(self._covered)
        kept = (d for d in self._found if not covers or not _is_explained(d, covers))
        return tuple(sorted(kept, key=Diagnostic.order))

    @property
    def has_errors(self) -> bool:
        """True when anything is an error."""
        return any(d.severity is Severity.ERROR for d in self._found)


_ALWAYS_SAID = frozenset({"FQL102", "FQL390"})
"""An open bracket and a limit explain what is around them."""

_Causes = frozenset[Diagnostic | None]
_Cover = tuple[int, int, _Causes]


def _outermost(covered: list[tuple[Span, Diagnostic | None]]) -> dict[str, list[_Cover]]:
    """For each file, in order, stretches that share nothing, each with the causes that are reported
    of it. What was covered inside another stretch hangs on the cause of that."""
    rows: dict[str, list[_Cover]] = {}
    for span, cause in sorted(covered, key=lambda c: (c[0].path, c[0].start, -c[0].end)):
        row = rows.setdefault(span.path, [])
        if row and span.start < row[-1][1]:
            start, end, causes = row[-1]
            if span.end > end:
                row[-1] = (start, span.end, causes | {cause})
        else:
            row.append((span.start, span.end, frozenset({cause})))
    return rows


def _is_explained(diagnostic: Diagnostic, covers: dict[str, list[_Cover]]) -> bool:
    """True for a report about something of a stretch that has another cause."""
    row, span = covers.get(diagnostic.span.path, []), diagnostic.span
    if diagnostic.code in _ALWAYS_SAID or not row:
        return False
    last = bisect_right(row, max(span.end - 1, span.start), key=lambda cover: cover[0]) - 1
    _, end, causes = row[last]
    return last >= 0 and span.start < end and diagnostic not in causes
