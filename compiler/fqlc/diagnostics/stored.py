"""Diagnostics as JSON values and back. How a place is written is the caller's choice."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from fqlc.diagnostics.model import Diagnostic, Edit, Fix, Label, Severity
from fqlc.source.text import Span


def dump_diagnostic(diagnostic: Diagnostic, place: Callable[[Span], Any]) -> dict[str, Any]:
    """The stored form; `place` writes a span."""
    fix = diagnostic.fix
    return {
        "code": diagnostic.code,
        "message": diagnostic.message,
        "span": place(diagnostic.span),
        "severity": diagnostic.severity.value,
        "label": diagnostic.label,
        "labels": [[place(label.span), label.message] for label in diagnostic.labels],
        "help": list(diagnostic.help),
        "edits": None if fix is None else [[place(edit.span), edit.text] for edit in fix.edits],
        "safe": fix is not None and fix.safe,
    }


def load_diagnostic(stored: Mapping[str, Any], place: Callable[[Any], Span]) -> Diagnostic:
    """The diagnostic of a stored form; `place` reads a span. Raises KeyError, TypeError or
    ValueError for anything else."""
    edits = stored["edits"]
    return Diagnostic(
        code=stored["code"],
        message=stored["message"],
        span=place(stored["span"]),
        severity=Severity(stored["severity"]),
        label=stored["label"],
        labels=tuple(Label(place(at), message) for at, message in stored["labels"]),
        help=tuple(stored["help"]),
        fix=None
        if edits is None
        else Fix(tuple(Edit(place(at), text) for at, text in edits), stored["safe"]),
    )
