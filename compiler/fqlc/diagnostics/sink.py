"""Where passes put what they find."""

from __future__ import annotations

from collections.abc import Collection

from fqlc.diagnostics.model import Diagnostic, Fix, Label, Severity
from fqlc.source.text import Span

MAX_COMPARED = 100_000
"""Behind so many comparisons of names, no more similar ones are looked for."""


class Sink:
    """Collects diagnostics of one compile. Passes report here and go on."""

    def __init__(self) -> None:
        self._found: dict[Diagnostic, None] = {}
        self._compared = 0

    def error(
        self,
        code: str,
        message: str,
        span: Span,
        *,
        label: str = "",
        labels: tuple[Label, ...] = (),
        help: tuple[str, ...] = (),  # noqa: A002 - the name of the field in the interface
        fix: Fix | None = None,
    ) -> None:
        """Report an error."""
        self.add(Diagnostic(code, message, span, Severity.ERROR, label, labels, help, fix))

    def warning(
        self,
        code: str,
        message: str,
        span: Span,
        *,
        label: str = "",
        labels: tuple[Label, ...] = (),
        help: tuple[str, ...] = (),  # noqa: A002 - the name of the field in the interface
        fix: Fix | None = None,
    ) -> None:
        """Report a warning."""
        self.add(Diagnostic(code, message, span, Severity.WARNING, label, labels, help, fix))

    def add(self, diagnostic: Diagnostic) -> None:
        """Report a finished diagnostic; the same one twice counts once."""
        self._found[diagnostic] = None

    def comparable(self, names: Collection[str]) -> Collection[str]:
        """The names, to look for a similar one among them; none when thousands of mistakes have
        been compared with thousands of names already, so that the time stays linear."""
        self._compared += len(names)
        return names if self._compared <= MAX_COMPARED else ()

    @property
    def found(self) -> tuple[Diagnostic, ...]:
        """All reports, ordered by file, place and code."""
        return tuple(sorted(self._found, key=Diagnostic.order))

    @property
    def has_errors(self) -> bool:
        """True when anything is an error."""
        return any(d.severity is Severity.ERROR for d in self._found)
