"""Printing what was found, in the format that was asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import click

from fqlc.diagnostics.model import Diagnostic
from fqlc.pipeline import Checked
from fqlc.source.text import SourceText

FORMATS = ("text", "json", "github", "sarif")


def show_diagnostics(
    found: Sequence[Diagnostic], sources: Mapping[str, SourceText], form: str, *, err: bool = False
) -> None:
    """Print diagnostics: data to standard output, or beside other data to standard error."""
    for d in found:
        s = sources.get(d.span.path) or SourceText(d.span.path, "")
        p = s.position(d.span.start)
        click.echo(
            f"{d.span.path}:{p.line}:{p.column}: {d.severity}[{d.code}]: {d.message}", err=err
        )


def summary(checked: Checked) -> str:
    """What to say when nothing is wrong."""
    count = len(checked.sources)
    return f"{count} file{'' if count == 1 else 's'} checked, nothing is wrong"
