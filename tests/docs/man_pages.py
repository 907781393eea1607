"""Man pages, from the same help as the command reference: `python -m tests.accept`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from textwrap import wrap

import click

from fql.version import VERSION
from tests.docs.command_page import LOOK

FOLDER = Path(__file__).parents[2] / "docs/man"
DATE = "2026-03-02"
"""Of the last release, or of its preparation."""


def files() -> dict[str, str]:
    """The text of each page by the name of its file."""
    from fqlc.cli.main import fqlc

    context = click.Context(fqlc, info_name="fqlc", **LOOK)
    return {
        f"{each.command_path.replace(' ', '-')}.1": "\n".join(_page(each)) + "\n"
        for each in (context, *_below(fqlc, context))
    }


def _below(group: click.Group, context: click.Context) -> Iterator[click.Context]:
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if command is not None and not command.hidden:
            inner = click.Context(command, info_name=name, parent=context, **LOOK)
            yield inner
            if isinstance(command, click.Group):
                yield from _below(command, inner)


def _page(context: click.Context) -> Iterator[str]:
    command, name = context.command, context.command_path.replace(" ", "-")
    first, _, rest = (command.help or "").partition("\n\n")
    yield f'.TH "{name.upper()}" 1 "{DATE}" "fqlc {VERSION}" "fqlc"'
    short = " ".join(first.split()).rstrip(".")
    yield ".SH NAME\n" + _text(f"{name} - {short}")
    usage = " ".join(command.collect_usage_pieces(context))
    yield f".SH SYNOPSIS\n.B {_text(context.command_path)}\n{_text(usage)}"
    if rest:
        yield ".SH DESCRIPTION"
        yield from _paragraphs(rest)
    options = [each for each in command.params if isinstance(each, click.Option)]
    records = [record for each in options if (record := each.get_help_record(context))]
    yield ".SH OPTIONS"
    for left, right in (*records, ("-h, --help", "Show the help and exit.")):
        yield f".TP\n.B {_text(left)}\n{_text(right)}"
    if isinstance(command, click.Group):
        yield ".SH COMMANDS"
        for inner in command.list_commands(context):
            found = command.get_command(context, inner)
            if found is not None and not found.hidden:
                yield f".TP\n.B {_text(inner)}\n{_text(found.get_short_help_str(200))}"
    if command.epilog:
        yield ".SH EXAMPLES"
        lines = command.epilog.replace("\b", "").strip().splitlines()[1:]
        yield "\n".join([".nf", *(_line(line.strip()) for line in lines), ".fi"])
    if context.parent is not None:
        yield f".SH SEE ALSO\n.BR {_text(context.parent.command_path.replace(' ', '-'))} (1)"


def _paragraphs(text: str) -> Iterator[str]:
    for number, part in enumerate(re.split(r"\n\s*\n", text.strip())):
        if number:
            yield ".PP"
        if "\b" in part:
            lines = part.replace("\b", "").strip("\n").splitlines()
            yield "\n".join([".nf", *map(_line, lines), ".fi"])
        else:
            yield _text(" ".join(part.split()))


def _text(text: str) -> str:
    """A text over several lines, none of them long."""
    return "\n".join(map(_line, wrap(text, 76, break_long_words=False, break_on_hyphens=False)))


def _line(text: str) -> str:
    """A line as it is: a backslash, a dash and a dot at its start mean something else."""
    plain = text.replace("\\", "\\e").replace("-", "\\-").replace("`", "")
    return f"\\&{plain}" if plain[:1] in (".", "'") else plain
