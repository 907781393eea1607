"""Printing what was found, in the format that was asked for."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Mapping, Sequence

import click

from fql.plan.harmless import harmless_json, harmless_styled
from fqlc.diagnostics.model import Diagnostic
from fqlc.diagnostics.render import FORMATS, render
from fqlc.project.cache import Compiled
from fqlc.source.text import SourceText

__all__ = ["FORMATS", "show_diagnostics", "summary"]


def show_diagnostics(
    found: Sequence[Diagnostic], sources: Mapping[str, SourceText], form: str, *, err: bool = False
) -> None:
    """Print diagnostics: data to standard output, or beside other data to standard error."""
    if not found and form != "sarif":
        return
    width = shutil.get_terminal_size((100, 24)).columns
    text = render(found, sources, form, color=_colored(err=err), width=max(width, 40))
    fit = harmless_json if form in {"json", "sarif"} else harmless_styled
    click.echo(fit(text), err=err, color=True)


def _colored(*, err: bool) -> bool:
    """`--color`, else the environment, else whether a person reads it."""
    context = click.get_current_context(silent=True)
    if context is not None and context.find_root().color is not None:
        return bool(context.find_root().color)
    stream = sys.stderr if err else sys.stdout
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def summary(checked: Compiled) -> str:
    """What to say when nothing is wrong."""
    count = len(checked.sources)
    return f"{count} file{'' if count == 1 else 's'} checked, nothing is wrong"
