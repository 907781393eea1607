"""`fqlc compile`: write the plan."""

from __future__ import annotations

from pathlib import Path

import click

from fql.terminal.lines import raw, say
from fql.terminal.options import format_option
from fql.terminal.words import counted
from fqlc.cli.inputs import inputs, source_options, stdin_option
from fqlc.cli.shared.watching import Round, watch_option
from fqlc.cli.shared.watching import watch as watched
from fqlc.cli.shared.writing import write_whole
from fqlc.cli.show import FORMATS, chosen_format, show_diagnostics
from fqlc.project.cache import Compiled
from fqlc.project.errors import CommandError


@click.command("compile", epilog="\b\nExamples:\n  fqlc compile -o plan.json shop.fql\n"
               "  fqlc compile --check -o plan.json .")  # fmt: skip
@click.argument("paths", nargs=-1, metavar="[FILE|FOLDER]... | -")
@click.option("-o", "--output", metavar="FILE", help="Where to write; by default standard output.")
@click.option("--check", "only_check", is_flag=True, help="Write nothing; fail if FILE is stale.")
@format_option(FORMATS, default=None, text="The format of what is found, as with `fqlc check`.")
@watch_option
@stdin_option
@source_options
@click.pass_context
def compile_(
    ctx: click.Context,
    paths: tuple[str, ...],
    *,
    output: str | None,
    only_check: bool,
    form: str | None,
    watch: bool,
    settings: str | None,
) -> None:
    """Write the plan of sources: canonical JSON, the same bytes for the same sources.

    What is found goes to standard error; with --format, and a FILE for the plan, to standard
    output.
    """
    if (only_check or watch) and output is None:
        raise click.UsageError("--check and --watch need -o FILE", ctx)
    if watch and output is not None:
        _watch(paths, output, form, settings)
    plan = _compiled(inputs(paths, settings).compile(), form, output).plan
    if plan is None:
        ctx.exit(1)
    elif only_check and output is not None:
        _compare(Path(output), plan)
    elif output is None:
        raw(plan + b"\n")
    else:
        _write_plan(output, plan)


def _compiled(found: Compiled, form: str | None, output: str | None) -> Compiled:
    """The compile, with what it found shown."""
    beside = form is None or output is None
    show_diagnostics(found.diagnostics, found.sources, chosen_format(form), err=beside)
    return found


def _compare(output: Path, plan: bytes) -> None:
    try:
        current = output.read_bytes()
    except FileNotFoundError:
        raise CommandError(f"{output} does not exist", "run without --check") from None
    if current != plan + b"\n":
        raise CommandError(
            f"{output} is stale: it is not what the sources compile to", "run without --check"
        )


def _write_plan(output: str, plan: bytes) -> None:
    write_whole(output, plan + b"\n")
    say(f"wrote {output} ({counted(len(plan), 'byte')})")


def _watch(paths: tuple[str, ...], output: str, form: str | None, settings: str | None) -> None:
    """Compile at each change, for good; where there are errors the last good plan stays."""

    def once() -> Round:
        found = _compiled(inputs(paths, settings, again=True).compile(), form, output)
        if found.plan is not None:
            _write_plan(output, found.plan)
        return Round.of(found)

    watched(paths, settings, once)
