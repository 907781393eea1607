"""One line for each finding: what `grep` and the lists of errors of editors read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from fql.terminal.harmless import harmless
from fqlc.diagnostics.model import Diagnostic
from fqlc.diagnostics.render.places import place_of
from fqlc.source.text import SourceText


def render_concise(found: Sequence[Diagnostic], sources: Mapping[str, SourceText]) -> str:
    """`path:line:column: code message`."""
    return "\n".join(_line(d, sources) for d in found)


def _line(diagnostic: Diagnostic, sources: Mapping[str, SourceText]) -> str:
    place = place_of(diagnostic.span, sources)
    message = " ".join(harmless(diagnostic.message).split("\n"))
    return f"{place.file}:{place.line}:{place.column}: {diagnostic.code} {message}"
