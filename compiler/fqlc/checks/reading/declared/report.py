"""The one code of `test` blocks."""

from __future__ import annotations

from fqlc.diagnostics.model import Fix
from fqlc.diagnostics.sink import Sink
from fqlc.source.text import Span


def wrong(
    sink: Sink, message: str, span: Span, label: str, *help_: str, fix: Fix | None = None
) -> None:
    """Report what cannot be in a test."""
    sink.error("FQL381", message, span, label=label, help=help_, fix=fix)
