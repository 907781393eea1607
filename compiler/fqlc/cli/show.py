"""Printing what was found, in the format that was asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from fql.terminal.lines import colored, excerpts, room
from fql.terminal.words import counted
from fqlc.diagnostics.model import Diagnostic
from fqlc.diagnostics.render import FORMATS, render
from fqlc.project.cache import Compiled
from fqlc.source.text import SourceText

__all__ = ["FORMATS", "show_diagnostics", "summary"]

WIDE = 100
"""Columns of what is read from a file or a pipe."""


def show_diagnostics(
    found: Sequence[Diagnostic], sources: Mapping[str, SourceText], form: str, *, err: bool = False
) -> None:
    """Print diagnostics: data to standard output, or beside other data to standard error."""
    if not found and form != "sarif":
        return
    width = max(room(err=err) or WIDE, 40)
    text = render(found, sources, form, color=colored(err=err), width=width)
    excerpts(text, err=err, json=form in {"json", "sarif"})


def summary(checked: Compiled) -> str:
    """What to say when nothing is wrong."""
    return f"{counted(len(checked.sources), 'file')} checked, nothing is wrong"
