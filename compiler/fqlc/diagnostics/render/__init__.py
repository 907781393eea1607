"""Diagnostics for people and for programs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from fqlc.diagnostics.model import Diagnostic
from fqlc.source.text import SourceText

FORMATS = ("text", "json", "github", "sarif")


def render(
    found: Sequence[Diagnostic],
    sources: Mapping[str, SourceText],
    form: str = "text",
    *,
    color: bool = False,
    width: int = 100,
) -> str:
    """All of `found` in one of FORMATS, without a line end after the last line.

    `sources` are the texts by path; a diagnostic of another path is shown without excerpt.
    `color` and `width` (in columns) matter for text only.
    """
    if form == "json":
        from fqlc.diagnostics.render.json_lines import render_json

        return render_json(found, sources)
    if form == "github":
        from fqlc.diagnostics.render.github import render_github

        return render_github(found, sources)
    if form == "sarif":
        from fqlc.diagnostics.render.sarif import render_sarif

        return render_sarif(found, sources)
    from fqlc.diagnostics.render.text import render_text

    return render_text(found, sources, color=color, width=width)
