"""`fqlc check`: find what is wrong."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import click

from fql.errors import UsageError
from fql.terminal.lines import raw, say
from fql.terminal.options import format_option
from fql.terminal.words import counted
from fqlc.cli.inputs import inputs, source_options, stdin_option
from fqlc.cli.shared.watching import Round, watch_option
from fqlc.cli.shared.watching import watch as watched
from fqlc.cli.show import FORMATS, chosen_format, show_diagnostics, summary, write_report
from fqlc.project.cache import Compiled
from fqlc.project.door import Door


@dataclass(frozen=True, slots=True)
class Fixing:
    """Which fixes are applied."""

    safe: bool
    unsafe: bool

    @property
    def asked(self) -> bool:
        """Whether any is."""
        return self.safe or self.unsafe


@click.command(epilog="\b\nExamples:\n  fqlc check .\n  fqlc check --format json shop.fql\n"
               "  fqlc check --fix .\n  fqlc check - --stdin-filename shop.fql < shop.fql\n"
               "  fqlc check --watch .")  # fmt: skip
@click.argument("paths", nargs=-1, metavar="[FILE|FOLDER]... | -")
@format_option(FORMATS, default=None, text="Output format; `github` where GitHub Actions runs.")
@click.option("--output-file", metavar="FILE", help="Write what is found there, at once.")
@click.option("--fix", is_flag=True, help="Apply the safe fixes.")
@click.option("--unsafe-fixes", is_flag=True, help="Also apply fixes that may change the meaning.")
@click.option("--exit-zero", is_flag=True, help="Exit with 0, whatever is found.")
@watch_option
@stdin_option
@source_options
@click.pass_context
def check(
    ctx: click.Context,
    paths: tuple[str, ...],
    *,
    form: str | None,
    output_file: str | None,
    fix: bool,
    unsafe_fixes: bool,
    exit_zero: bool,
    watch: bool,
    settings: str | None,
) -> None:
    """Check sources for errors. Exit code 1 when there are errors."""
    shown, fixing = chosen_format(form), Fixing(fix, unsafe_fixes)
    if watch:
        _watch(paths, settings, shown, output_file, fixing)
    chosen = inputs(paths, settings)
    checked = chosen.diagnose()
    if fixing.asked:
        checked = _fixed(chosen, checked, fixing)
    _show(checked, shown, output_file, err=fixing.asked and bool(chosen.sources.instead))
    ctx.exit(1 if checked.has_errors and not exit_zero else 0)


def _show(checked: Compiled, form: str, file: str | None, *, err: bool = False) -> None:
    if file is not None:
        write_report(file, checked, form)
    else:
        show_diagnostics(checked.diagnostics, checked.sources, form, err=err)
    if form == "text" and not checked.diagnostics:
        say(summary(checked))


def _watch(
    paths: tuple[str, ...], settings: str | None, form: str, file: str | None, fixing: Fixing
) -> None:
    """Check at each change, for good. Raises UsageError where fixes are asked for as well."""
    if fixing.asked:
        raise UsageError("--watch changes no sources: use it without --fix")

    def once() -> Round:
        checked = inputs(paths, settings, again=True).diagnose()
        _show(checked, form, file)
        return Round.of(checked)

    watched(paths, settings, once)


_MOST_ROUNDS = 10
"""Fixing one thing may uncover another; but not for ever."""


def _fixed(chosen: Door, checked: Compiled, fixing: Fixing) -> Compiled:
    from fqlc.diagnostics.fixes import apply_fixes

    applied = 0
    for _ in range(_MOST_ROUNDS):
        found = [d for d in checked.diagnostics if _is_ours(chosen, d.span.path)]
        changed, count = apply_fixes(found, checked.sources, unsafe=fixing.unsafe)
        if not count:
            break
        applied += count
        for path, text in changed.items():
            if path in chosen.sources.instead:
                there = chosen.sources.with_text(path, text.encode("utf-8"))
                chosen = replace(chosen, sources=there)
            else:
                Path(path).write_bytes(text.encode("utf-8"))
        checked = chosen.diagnose()
    for given in chosen.sources.instead.values():
        raw(given)
    say(f"{counted(applied, 'fix', 'fixes')} applied")
    return checked


def _is_ours(chosen: Door, path: str) -> bool:
    """With a text of standard input, files stay as they are."""
    return not chosen.sources.instead or path in chosen.sources.instead
