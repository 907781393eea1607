"""Workflow commands of GitHub Actions: annotations beside the lines of a change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from fql.terminal.harmless import harmless
from fqlc.diagnostics.model import Diagnostic, Severity
from fqlc.diagnostics.render.places import place_of
from fqlc.source.text import SourceText

_COMMANDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}


def render_github(found: Sequence[Diagnostic], sources: Mapping[str, SourceText]) -> str:
    """One command a line."""
    return "\n".join(_command(d, sources) for d in found)


def _command(diagnostic: Diagnostic, sources: Mapping[str, SourceText]) -> str:
    place = place_of(diagnostic.span, sources)
    properties = {
        "file": place.file,
        "line": place.line,
        "col": place.column,
        "endLine": place.end_line,
        "endColumn": place.end_column,
        "title": diagnostic.code,
    }
    told = ",".join(f"{k}={property_text(str(v))}" for k, v in properties.items())
    text = "\n".join((diagnostic.message, *(f"help: {h}" for h in diagnostic.help)))
    return f"::{_COMMANDS[diagnostic.severity]} {told}::{message_text(text)}"


def message_text(text: str) -> str:
    """Escaped as GitHub's runner wants it (actions/toolkit, `command.ts`); what would steer the
    terminal of whoever reads the log is an escape of ours."""
    return harmless(text).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def property_text(text: str) -> str:
    """The same for the value of a property."""
    return message_text(text).replace(":", "%3A").replace(",", "%2C")
