"""`fqlc init`: a small project that runs at once, without a network."""

from __future__ import annotations

import shlex
from contextlib import suppress
from importlib import resources
from pathlib import Path

import click

from fql.cli.additions import ADDITIONS, PROBED, AdditionsType, add
from fql.errors import FqlError, UsageError, advice_on_file
from fql.settings.files import read_file
from fql.store.opening import SETTINGS_FILE
from fql.terminal.lines import data, say

FILES = ("shop.fql", "shop_test.fql", "fql.toml", "events.jsonl", "receiver.py")


@click.command(
    epilog="""\b
Examples:
  fqlc init
  fqlc init shop
  fqlc init --with systemd,pre-commit
  fqlc init --with docker,github shop

A folder that has fql.toml or a .fql file gets only the files of --with. A file that is there
already is kept as it is."""
)
@click.argument("folder", default=".", metavar="[DIR]")
@click.option(
    "--with",
    "additions",
    type=AdditionsType(),
    default=(),
    metavar="NAMES",
    help=f"Add files for where it runs and is checked: {', '.join(ADDITIONS)}.",
)
def init(folder: str, additions: tuple[str, ...]) -> None:
    """Write a small project that is ready to run.

    It has a .fql, fql.toml, a test, events, and a receiver to try it on.
    """
    target = Path(folder)
    fresh = not (additions and _is_project(target))
    if fresh:
        _refuse_taken(target)
        _write_project_files(target)
        for name in FILES:
            say(f"  {target / name}")
    if additions:
        _add(target, additions)
    if fresh:
        data(next_steps(target))


def _is_project(target: Path) -> bool:
    return (target / SETTINGS_FILE).exists() or any(target.glob("*.fql"))


def _refuse_taken(target: Path) -> None:
    taken = [name for name in FILES if (target / name).exists()]
    if taken:
        raise UsageError(
            f"{target / taken[0]} exists already and is not overwritten",
            hint=f"choose a new folder: fqlc init {_another()}",
        )


def _another() -> str:
    """The name of a folder that is not there."""
    names = ("shop", *(f"shop{number}" for number in range(2, 100)))
    return next((name for name in names if not Path(name).exists()), "FOLDER")


def _add(target: Path, additions: tuple[str, ...]) -> None:
    written, kept = add(target, additions)
    for path in written:
        say(f"  {path}")
    for path in kept:
        say(f"  {path} is there already and is kept as it is")
    if PROBED.intersection(additions) and not _has_port(target / SETTINGS_FILE):
        say(
            "The probes of a container ask for health on the port of the metrics. In fql.toml:\n"
            '  [observability.prometheus]\n  host = "0.0.0.0"'
        )


def _has_port(settings: Path) -> bool:
    """Whether these settings switch the port on; what is wrong with them is for other commands."""
    try:
        return read_file(settings).observability.prometheus is not None
    except FqlError:
        return False


def _write_project_files(target: Path) -> None:
    files = resources.files("fql.cli") / "project_files"
    written: list[Path] = []
    try:
        target.mkdir(parents=True, exist_ok=True)
        for name in FILES:
            # Templates are neither modules of ours nor sources of anybody's project.
            stored = f"{name}.txt" if name.endswith((".py", ".fql")) else name
            text = (files / stored).read_text("utf-8")
            written.append(target / name)
            written[-1].write_text(text, "utf-8")
    except OSError as error:
        for path in written:  # half a project would be in the way of the next try
            with suppress(OSError):
                path.unlink(missing_ok=True)
        advice = advice_on_file(error, written=True)
        raise FqlError(f"{target} cannot be written: {error.strerror}", hint=advice) from error


def next_steps(target: Path) -> str:
    """What to try next, as commands."""
    enter = "" if target == Path() else f"cd {shlex.quote(str(target))}\n  "
    return (
        f"Next:\n  {enter}fqlc check\n"
        "  python3 receiver.py &\n"
        "  fqlc run --events events.jsonl --until-idle"
    )
