"""Observers of other systems as a new file."""

from __future__ import annotations

from collections.abc import Sequence

from fql.errors import UsageError
from fql.terminal.lines import problem, say
from fqlc.cli.importing.output import Printed, write_new
from fqlc.importing.observers.drafts import drafts_text
from fqlc.importing.reading import Wish, read_drafts


def write_observers(
    kind: str, sources: Sequence[str], wish: Wish, output: str | None, form: str, *, partial: bool
) -> int:
    """Write them to a new file or to standard output; the exit code."""
    drafts = read_drafts(kind, sources, wish)
    for one in drafts.problems:
        problem("warning", one)
    for one in drafts.remarks:
        say(one)
    if not drafts.observers:
        raise UsageError("the source has no observers", hint="check the source")
    text = drafts_text(drafts)
    if output is not None:
        write_new(output, text)
    else:
        Printed(form).text(text)
    Printed(form).entities(drafts.groups)
    return 1 if drafts.problems and not partial else 0
