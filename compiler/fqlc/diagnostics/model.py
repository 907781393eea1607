"""A problem as data. Facts are gathered where it is found, prose is laid out by the renderers."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from fqlc.source.text import Span


class Severity(StrEnum):
    """How bad it is. Only errors stop a compile."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True, slots=True)
class Label:
    """A stretch of source with words: another party of the problem. In a contract `pointer` is
    the JSON pointer of the place; a stretch without characters is then not known."""

    span: Span
    message: str
    pointer: str = ""


@dataclass(frozen=True, slots=True)
class Edit:
    """Replace the stretch by the text."""

    span: Span
    text: str


@dataclass(frozen=True, slots=True)
class Fix:
    """Edits that belong together. `safe` fixes keep the meaning or cannot be meant otherwise."""

    edits: tuple[Edit, ...]
    safe: bool = True


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One problem, one cause. `message` says all; `note` of the primary span is `label`."""

    code: str
    message: str
    span: Span
    severity: Severity = Severity.ERROR
    label: str = ""
    labels: tuple[Label, ...] = ()
    help: tuple[str, ...] = ()
    fix: Fix | None = None

    def order(self) -> tuple[object, ...]:
        """What diagnostics are sorted by: file, place and code, then what is reported, so that the
        order of passes does not matter."""
        places = tuple((label.span.path, label.span.start) for label in self.labels)
        return self.span.path, self.span.start, self.span.end, self.code, self.message, places
