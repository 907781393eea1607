"""`fqlc init`: a small project that runs at once, without a network."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

import click

from fql.errors import UsageError
from fql.terminal.lines import data, say

FILES = ("shop.fql", "shop_test.fql", "fql.toml", "events.jsonl", "receiver.py")


@click.command(
    epilog="""\b
Examples:
  fqlc init
  fqlc init shop"""
)
@click.argument("folder", default=".", metavar="[DIR]")
def init(folder: str) -> None:
    """Write a small project that is ready to run.

    It has a .fql, fql.toml, a test, events, and a receiver to try it on.
    """
    target = Path(folder)
    taken = [name for name in FILES if (target / name).exists()]
    if taken:
        raise UsageError(
            f"{target / taken[0]} exists already and is not overwritten",
            hint="choose a new folder: fqlc init shop",
        )
    _write_project_files(target)
    for name in FILES:
        say(f"  {target / name}")
    data(next_steps(target))


def _write_project_files(target: Path) -> None:
    files = resources.files("fql.cli") / "project_files"
    try:
        target.mkdir(parents=True, exist_ok=True)
        for name in FILES:
            # Templates are neither modules of ours nor sources of anybody's project.
            stored = f"{name}.txt" if name.endswith((".py", ".fql")) else name
            text = (files / stored).read_text("utf-8")
            (target / name).write_text(text, "utf-8")
    except OSError as error:
        raise UsageError(f"{target} cannot be written: {error.strerror}") from error


def next_steps(target: Path) -> str:
    """What to try next, as commands."""
    enter = "" if target == Path() else f"cd {target}\n  "
    return (
        f"Next:\n  {enter}fqlc check\n"
        "  python3 receiver.py &\n"
        "  fqlc run --events events.jsonl --until-idle"
    )
