"""Diagnostics for people and for programs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from fqlc.diagnostics.model import Diagnostic
from fqlc.source.text import SourceText

FORMATS = ("text", "concise", "json", "github", "gitlab", "junit", "sarif")
DOCUMENTS = frozenset({"gitlab", "junit", "sarif"})
"""Formats that are one document, and are written where nothing was found as well."""


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
    if form == "concise":
        from fqlc.diagnostics.render.concise import render_concise

        return render_concise(found, sources)
    if form in DOCUMENTS:
        return _document(found, sources, form)
    from fqlc.diagnostics.render.text import render_text

    return render_text(found, sources, color=color, width=width)


def _document(found: Sequence[Diagnostic], sources: Mapping[str, SourceText], form: str) -> str:
    if form == "gitlab":
        from fqlc.diagnostics.render.gitlab import render_gitlab

        return render_gitlab(found, sources)
    if form == "junit":
        from fqlc.diagnostics.render.junit import render_junit

        return render_junit(found, sources)
    from fqlc.diagnostics.render.sarif import render_sarif

    return render_sarif(found, sources)
