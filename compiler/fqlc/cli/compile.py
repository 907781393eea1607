"""`fqlc compile`: write the plan."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path

import click

from fql.terminal.lines import raw, say
from fql.terminal.words import counted
from fqlc.cli.inputs import cache_option, inputs
from fqlc.cli.show import show_diagnostics
from fqlc.project.cache import Compiled
from fqlc.project.errors import CommandError, SurroundingsError


@click.command("compile", epilog="\b\nExamples:\n  fqlc compile -o plan.json shop.fql\n"
               "  fqlc compile --check -o plan.json .")  # fmt: skip
@click.argument("paths", nargs=-1, metavar="[FILE|FOLDER]...")
@click.option("-o", "--output", metavar="FILE", help="Where to write; by default standard output.")
@click.option("--check", "only_check", is_flag=True, help="Write nothing; fail if FILE is stale.")
@click.option("--watch", is_flag=True, help="Compile again whenever a source changes.")
@click.option("--settings", metavar="FILE", help="Settings file to use instead of fql.toml.")
@cache_option
@click.pass_context
def compile_(
    ctx: click.Context,
    paths: tuple[str, ...],
    *,
    output: str | None,
    only_check: bool,
    watch: bool,
    settings: str | None,
) -> None:
    """Write the plan of sources: canonical JSON, the same bytes for the same sources."""
    if (only_check or watch) and output is None:
        raise click.UsageError("--check and --watch need -o FILE", ctx)
    if watch and output is not None:
        _watch(paths, output, settings)
    plan = _compiled(paths, settings).plan
    if plan is None:
        ctx.exit(1)
    elif only_check and output is not None:
        _compare(Path(output), plan)
    elif output is None:
        raw(plan + b"\n")
    else:
        _write_plan(Path(output), plan)


def _compiled(paths: tuple[str, ...], settings: str | None) -> Compiled:
    found = inputs(paths, settings).compile()
    show_diagnostics(found.diagnostics, found.sources, "text", err=True)
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


def _write_plan(output: Path, plan: bytes) -> None:
    """Replace the file as a whole: nobody ever reads half a plan. A link stays a link, and what is
    not a file, such as a device or a pipe, is written to."""
    place = output.resolve()
    beside = place.with_name(f".{place.name}.new")
    try:
        if place.exists() and not place.is_file():
            place.write_bytes(plan + b"\n")
        else:
            beside.write_bytes(plan + b"\n")
            beside.replace(place)
    except OSError as error:
        with suppress(OSError):
            beside.unlink(missing_ok=True)
        reason = error.strerror or str(error)
        raise SurroundingsError(f"{output} cannot be written: {reason}") from None
    say(f"wrote {output} ({counted(len(plan), 'byte')})")


A_TICK = 1_000_000_000
"""Nanoseconds that the times of files may lag behind the clock."""
UNKNOWN = -1


def _watch(paths: tuple[str, ...], output: str, settings: str | None) -> None:
    """Compile whenever a file that counts is younger than before; ends with an interrupt."""
    seen: dict[str, int] = {}
    while True:
        chosen = inputs(paths, settings)
        now = _stamps([*chosen.sources.roots, *seen])
        if now != seen:
            began = time.time_ns() - A_TICK
            found = _compiled(paths, settings)
            seen = seen_by(began, now, _stamps([*chosen.sources.roots, *found.files]))
            if found.plan is not None:
                _write_plan(Path(output), found.plan)
        time.sleep(0.2)


def seen_by(began: int, before: Mapping[str, int], after: Mapping[str, int]) -> dict[str, int]:
    """The stamps of the files that a compile read which `began` then. One that was saved while it
    was at work may have been read before that: it counts as changed."""
    return {
        file: before.get(file, stamp if stamp < began else UNKNOWN) for file, stamp in after.items()
    }


def _stamps(files: Iterable[str]) -> dict[str, int]:
    """When each file was written last; 0 where there is none."""
    paths = {file: Path(file) for file in files}
    return {f: p.stat().st_mtime_ns if p.exists() else 0 for f, p in paths.items()}
