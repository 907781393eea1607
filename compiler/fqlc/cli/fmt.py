"""`fqlc fmt`: format sources. The style is fixed."""

from __future__ import annotations

import difflib

import click

from fql.terminal.lines import data, raw, say
from fql.terminal.words import counted
from fqlc.cli.inputs import inputs, stdin_option
from fqlc.cli.shared.writing import write_whole
from fqlc.diagnostics.sink import Sink
from fqlc.project.errors import CommandError
from fqlc.syntax.parsing.sources import read_source


@click.command(epilog="\b\nExamples:\n  fqlc fmt .\n  fqlc fmt --check .\n  fqlc fmt - < shop.fql")
@click.argument("paths", nargs=-1, metavar="[FILE|FOLDER]... | -")
@click.option(
    "--check", "only_check", is_flag=True, help="Write nothing; fail if a file would change."
)
@click.option("--diff", "show_diff", is_flag=True, help="Print what would change; write nothing.")
@click.option("--exit-zero", is_flag=True, help="Exit with 0, whatever would change.")
@stdin_option
@click.pass_context
def fmt(
    ctx: click.Context,
    paths: tuple[str, ...],
    *,
    only_check: bool,
    show_diff: bool,
    exit_zero: bool,
) -> None:
    """Format sources. The style is fixed. What cannot be read stays as it is.

    With - the text of standard input is formatted to standard output.
    """
    changed = 0
    chosen = inputs(paths)
    looks = only_check or show_diff
    given = bool(chosen.sources.instead)
    for path in chosen.sources.roots:
        before, after = _formatted(path, chosen.sources.read(path))
        changed += before != after
        if given and not looks:
            raw(after.encode())
        elif before != after:
            _treat(path, before, after, only_check=only_check, show_diff=show_diff)
    if not given or looks:
        _say(changed, len(chosen.sources.roots), written=not looks)
    ctx.exit(1 if changed and looks and not exit_zero else 0)


def _treat(path: str, before: str, after: str, *, only_check: bool, show_diff: bool) -> None:
    if show_diff:
        data(_diff(path, before, after).removesuffix("\n"))
    elif only_check:
        data(path)
    else:
        write_whole(path, after.encode("utf-8"))


def _formatted(path: str, data: bytes | None) -> tuple[str, str]:
    """The text as it is and as it should be. Raises CommandError for what is not a text."""
    from fqlc.syntax.printing.files import format_source

    sink = Sink()
    source = None if data is None else read_source(path, data, sink)
    if source is None:
        reason = sink.found[0].message if sink.found else f"{path} cannot be read"
        raise CommandError(reason)
    return source.written, source.as_written(format_source(source))


def _diff(path: str, before: str, after: str) -> str:
    lines = difflib.unified_diff(
        before.splitlines(keepends=True), after.splitlines(keepends=True), path, path
    )
    return "".join(lines)


def _say(changed: int, total: int, *, written: bool) -> None:
    would = "formatted" if written else "would be formatted"
    say(f"{changed} of {counted(total, 'file')} {would}")
