"""FQL104: how a spelling of another language is reported, wherever it is met."""

from __future__ import annotations

from fqlc.diagnostics.model import Diagnostic, Fix
from fqlc.source.text import Span

FOREIGN = "FQL104"
LABEL = "a spelling from another language"


def foreign(
    span: Span, message: str, fix: Fix | None = None, advice: tuple[str, ...] = ()
) -> Diagnostic:
    """The finding for a stretch, with the edits that put it right and further advice."""
    return Diagnostic(FOREIGN, message, span, label=LABEL, help=advice, fix=fix)
