"""Printing what was found, in the format that was asked for."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

from fql.terminal.lines import colored, excerpts, room, say
from fql.terminal.words import counted
from fqlc.cli.shared.writing import write_whole
from fqlc.diagnostics.compilation import Compilation
from fqlc.diagnostics.model import Diagnostic
from fqlc.diagnostics.render import DOCUMENTS, FORMATS, render
from fqlc.source.text import SourceText

__all__ = ["FORMATS", "chosen_format", "show_diagnostics", "summary", "write_report"]

WIDE = 100
"""Columns of what is read from a file or a pipe."""
_IN_JSON = frozenset({"json", "sarif", "gitlab"})


def chosen_format(form: str | None) -> str:
    """The format that was asked for, else that of where the command runs."""
    return form or ("github" if os.environ.get("GITHUB_ACTIONS") == "true" else "text")


def show_diagnostics(
    found: Sequence[Diagnostic], sources: Mapping[str, SourceText], form: str, *, err: bool = False
) -> None:
    """Print diagnostics: data to standard output, or beside other data to standard error."""
    if not found and form not in DOCUMENTS:
        return
    width = max(room(err=err) or WIDE, 40)
    text = render(found, sources, form, color=colored(err=err), width=width)
    excerpts(text, err=err, json=form in _IN_JSON)


def write_report(file: str, found: Compilation, form: str) -> None:
    """Put diagnostics into a file, whole or not at all. Raises SurroundingsError."""
    text = render(found.diagnostics, found.sources, form, width=WIDE)
    write_whole(file, f"{text}\n".encode() if text else b"")
    say(f"wrote {file} ({counted(len(found.diagnostics), 'finding')})")


def summary(checked: Compilation) -> str:
    """What to say when nothing is wrong."""
    return f"{counted(len(checked.sources), 'file')} checked, nothing is wrong"
