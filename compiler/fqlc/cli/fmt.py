"""`fqlc fmt`: format sources. The style is fixed."""

from __future__ import annotations

import difflib
import sys
from pathlib import Path

import click

from fql.terminal.lines import data, raw, say
from fql.terminal.words import counted
from fqlc.cli.inputs import inputs
from fqlc.diagnostics.sink import Sink
from fqlc.project.errors import CommandError, SurroundingsError
from fqlc.syntax.parsing.sources import read_source


@click.command(epilog="\b\nExamples:\n  fqlc fmt .\n  fqlc fmt --check .\n  fqlc fmt - < shop.fql")
@click.argument("paths", nargs=-1, metavar="[FILE|FOLDER]... | -")
@click.option(
    "--check", "only_check", is_flag=True, help="Write nothing; fail if a file would change."
)
@click.option("--diff", "show_diff", is_flag=True, help="Print what would change; write nothing.")
@click.pass_context
def fmt(ctx: click.Context, paths: tuple[str, ...], *, only_check: bool, show_diff: bool) -> None:
    """Format sources. The style is fixed. What cannot be read stays as it is."""
    if paths == ("-",):
        raw(_formatted("input.fql", sys.stdin.buffer.read())[1].encode())
        return
    changed = 0
    chosen = inputs(paths)
    for path in chosen.sources.roots:
        before, after = _formatted(path, chosen.sources.read(path))
        if before == after:
            continue
        changed += 1
        if show_diff:
            data(_diff(path, before, after).removesuffix("\n"))
        elif not only_check:
            _write_source(path, after)
        else:
            data(path)
    _say(changed, len(chosen.sources.roots), written=not (only_check or show_diff))
    ctx.exit(1 if changed and (only_check or show_diff) else 0)


def _formatted(path: str, data: bytes | None) -> tuple[str, str]:
    """The text as it is and as it should be. Raises CommandError for what is not a text."""
    from fqlc.syntax.printing.files import format_source

    sink = Sink()
    source = None if data is None else read_source(path, data, sink)
    if source is None:
        reason = sink.found[0].message if sink.found else f"{path} cannot be read"
        raise CommandError(reason)
    return source.written, source.as_written(format_source(source))


def _write_source(path: str, text: str) -> None:
    try:
        Path(path).write_bytes(text.encode("utf-8"))
    except OSError as error:
        raise SurroundingsError(f"{path} cannot be written: {error.strerror}") from None


def _diff(path: str, before: str, after: str) -> str:
    lines = difflib.unified_diff(
        before.splitlines(keepends=True), after.splitlines(keepends=True), path, path
    )
    return "".join(lines)


def _say(changed: int, total: int, *, written: bool) -> None:
    would = "formatted" if written else "would be formatted"
    say(f"{changed} of {counted(total, 'file')} {would}")
