"""What the arguments of a command mean as sources."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from fqlc import __version__
from fqlc.project.cache import Cache, cache_folder, maker
from fqlc.project.door import Door
from fqlc.project.files import project_of

if TYPE_CHECKING:
    from fql.plan.model import Plan

C = TypeVar("C", bound=Callable[..., object])
_NO_CACHE = "fqlc.no_cache"
"""Key in `click.Context.meta`: True when nothing may be taken from or put into the cache."""


def inputs(paths: Sequence[str], settings: str | None = None) -> Door:
    """The sources that the arguments mean. Raises CommandError where there are none,
    SurroundingsError for a path that is not there."""
    return Door(project_of(paths, settings), _cache())


def cache_option(command: C) -> C:
    """The option `--no-cache` of a command that takes sources."""

    def remember(ctx: click.Context, _: click.Parameter, value: bool) -> None:
        ctx.meta[_NO_CACHE] = value

    return click.option(
        "--no-cache", is_flag=True, expose_value=False, callback=remember,
        help="Compile without the cache.",
    )(command)  # fmt: skip


def _cache() -> Cache | None:
    context = click.get_current_context(silent=True)
    asked = context is not None and context.meta.get(_NO_CACHE)
    if asked or os.environ.get("FQLC_NO_CACHE"):
        return None
    folder = cache_folder(os.environ, sys.platform, Path.home)
    return Cache(folder, maker(__version__)) if folder else None


def load_plan_bytes(paths: Sequence[str]) -> bytes:
    """The plan of sources, for the commands of the runtime: prints what is wrong and ends."""
    from fqlc.cli.show import show_diagnostics

    found = inputs(paths).compile()
    show_diagnostics(found.diagnostics, found.sources, "text", err=True)
    if found.plan is None:
        raise click.exceptions.Exit(1)
    return found.plan


def plan_differences(old: Plan, new: Plan) -> list[tuple[str, str]]:
    """Where and what changes between two plans, for the page of the runtime."""
    from fqlc.exporting.changes.differences import differences

    return [(change.where, change.what) for change in differences(old, new)]
