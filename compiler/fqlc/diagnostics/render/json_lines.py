"""One JSON object per line: a promise to programs that read it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from fql.exact.writing import json_text
from fqlc.diagnostics.model import Diagnostic, Fix, Label
from fqlc.diagnostics.render.places import place_of
from fqlc.source.text import SourceText


def render_json(found: Sequence[Diagnostic], sources: Mapping[str, SourceText]) -> str:
    """All diagnostics; none is left out."""
    return "\n".join(json_text(as_dict(d, sources)) for d in found)


def as_dict(diagnostic: Diagnostic, sources: Mapping[str, SourceText]) -> dict[str, object]:
    """The object of one diagnostic."""
    return {
        "code": diagnostic.code,
        "severity": diagnostic.severity.value,
        "message": diagnostic.message,
        **place_of(diagnostic.span, sources).as_dict(),
        "labels": [_label(label, sources) for label in diagnostic.labels],
        "help": list(diagnostic.help),
        "fix": _fix(diagnostic.fix, sources),
    }


def _label(label: Label, sources: Mapping[str, SourceText]) -> dict[str, object]:
    """A label; one in a contract has the JSON pointer of its place besides."""
    at = {**place_of(label.span, sources).as_dict(), "message": label.message}
    return {**at, "pointer": label.pointer} if label.pointer else at


def _fix(fix: Fix | None, sources: Mapping[str, SourceText]) -> dict[str, object] | None:
    if fix is None:
        return None
    edits = [{**place_of(e.span, sources).as_dict(), "text": e.text} for e in fix.edits]
    return {"safe": fix.safe, "edits": edits}
