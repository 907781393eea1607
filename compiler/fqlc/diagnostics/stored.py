"""Diagnostics as JSON values and back. How a place is written is the caller's choice."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from fql.exact.kinds import as_a, as_list
from fqlc.diagnostics.model import Diagnostic, Edit, Fix, Label, Severity
from fqlc.source.text import Span


def dump_diagnostic(diagnostic: Diagnostic, place: Callable[[Span], object]) -> dict[str, object]:
    """The stored form; `place` writes a span."""
    fix = diagnostic.fix
    return {
        "code": diagnostic.code,
        "message": diagnostic.message,
        "span": place(diagnostic.span),
        "severity": diagnostic.severity.value,
        "label": diagnostic.label,
        "labels": [
            [place(label.span), label.message, label.pointer] for label in diagnostic.labels
        ],
        "help": list(diagnostic.help),
        "edits": None if fix is None else [[place(edit.span), edit.text] for edit in fix.edits],
        "safe": fix is not None and fix.safe,
    }


def load_diagnostic(
    stored: Mapping[str, object], place: Callable[[Sequence[object]], Span]
) -> Diagnostic:
    """The diagnostic of a stored form; `place` reads a span. Raises KeyError, TypeError or
    ValueError for anything else."""
    edits = stored["edits"]
    return Diagnostic(
        code=as_a(str, stored["code"]),
        message=as_a(str, stored["message"]),
        span=place(as_list(stored["span"])),
        severity=Severity(as_a(str, stored["severity"])),
        label=as_a(str, stored["label"]),
        labels=tuple(_label(as_list(one), place) for one in as_list(stored["labels"])),
        help=tuple(as_a(str, text) for text in as_list(stored["help"])),
        fix=None
        if edits is None
        else Fix(tuple(Edit(*pair) for pair in placed(edits, place)), as_a(bool, stored["safe"])),
    )


def _label(stored: Sequence[object], place: Callable[[Sequence[object]], Span]) -> Label:
    at, *texts = stored
    return Label(place(as_list(at)), *(as_a(str, text) for text in texts))


def placed(pairs: object, place: Callable[[Sequence[object]], Span]) -> Iterator[tuple[Span, str]]:
    """Texts with their spans, of which each was stored as a list of two. Raises as above."""
    for pair in as_list(pairs):
        at, text = as_list(pair)
        yield place(as_list(at)), as_a(str, text)
