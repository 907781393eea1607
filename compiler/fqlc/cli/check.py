"""`fqlc check`: find what is wrong."""

from __future__ import annotations

import os
from pathlib import Path

import click

from fql.terminal.commands import format_option
from fql.terminal.lines import say
from fql.terminal.words import counted
from fqlc.cli.inputs import cache_option, inputs
from fqlc.cli.show import FORMATS, show_diagnostics, summary
from fqlc.project.cache import Compiled
from fqlc.project.door import Door


@click.command(epilog="\b\nExamples:\n  fqlc check .\n  fqlc check --format json shop.fql\n"
               "  fqlc check --fix .")  # fmt: skip
@click.argument("paths", nargs=-1, metavar="[FILE|FOLDER]...")
@format_option(FORMATS, default=None, text="Output format.")
@click.option("--fix", is_flag=True, help="Apply the safe fixes.")
@click.option("--unsafe-fixes", is_flag=True, help="Also apply fixes that may change the meaning.")
@click.option("--settings", metavar="FILE", help="Settings file to use instead of fql.toml.")
@cache_option
@click.pass_context
def check(
    ctx: click.Context,
    paths: tuple[str, ...],
    *,
    form: str | None,
    fix: bool,
    unsafe_fixes: bool,
    settings: str | None,
) -> None:
    """Check sources for errors. Exit code 1 when there are errors."""
    chosen = inputs(paths, settings)
    checked = chosen.diagnose()
    if fix or unsafe_fixes:
        checked = _fixed(chosen, checked, unsafe=unsafe_fixes)
    shown = form or ("github" if os.environ.get("GITHUB_ACTIONS") == "true" else "text")
    show_diagnostics(checked.diagnostics, checked.sources, shown)
    if shown == "text" and not checked.diagnostics:
        say(summary(checked))
    ctx.exit(1 if checked.has_errors else 0)


_MOST_ROUNDS = 10
"""Fixing one thing may uncover another; but not for ever."""


def _fixed(chosen: Door, checked: Compiled, *, unsafe: bool) -> Compiled:
    from fqlc.diagnostics.fixes import apply_fixes

    applied = 0
    for _ in range(_MOST_ROUNDS):
        changed, count = apply_fixes(checked.diagnostics, checked.sources, unsafe=unsafe)
        if not count:
            break
        applied += count
        for path, text in changed.items():
            Path(path).write_bytes(text.encode("utf-8"))
        checked = chosen.diagnose()
    say(f"{counted(applied, 'fix', 'fixes')} applied")
    return checked
