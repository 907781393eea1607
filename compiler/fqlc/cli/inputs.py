"""What the arguments of a command mean as sources."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from fql.errors import UsageError
from fql.terminal.environment import cache_folder
from fql.terminal.lines import detail, standard_input
from fql.terminal.options import NamedOption, settings_option
from fqlc import __version__
from fqlc.cli.shared.following import Following
from fqlc.project.cache import Cache, maker
from fqlc.project.door import Door
from fqlc.project.files import ProjectSources, project_of, project_with
from fqlc.source.files import LONGEST_SOURCE, SUFFIX

if TYPE_CHECKING:
    from fql.plan.model import Plan

C = TypeVar("C", bound=Callable[..., object])
_NO_CACHE, _STDIN = "fqlc.no_cache", "fqlc.stdin"
"""Keys in `click.Context.meta`: True when nothing may be taken from or put into the cache, and the
name of what is read from standard input."""

STANDARD_INPUT = "-"


def inputs(paths: Sequence[str], settings: str | None = None, *, again: bool = False) -> Door:
    """The sources that the arguments mean; `again` says that more compiles follow. Raises
    CommandError where there are none, SurroundingsError for a path that is not there."""
    sources = _meant(paths, settings)
    detail(f"settings: {sources.settings or 'no fql.toml; defaults'}")
    for root in sources.roots:
        detail(f"source: {root}", depth=2)
    return Door(sources, cache_in_use(), again, Following(len(sources.roots)))


def _meant(paths: Sequence[str], settings: str | None) -> ProjectSources:
    if STANDARD_INPUT not in paths:
        _refuse_a_name()
        return project_of(
            paths, settings, skipped=lambda path, why: detail(f"left out: {path}: {why}")
        )
    if len(paths) > 1:
        raise UsageError("standard input (-) is one text: no other sources go with it")
    name = str(_meta(_STDIN) or f"stdin{SUFFIX}")
    if not name.endswith(SUFFIX):
        raise UsageError(f"--stdin-filename {name}: only files called *{SUFFIX} are sources")
    return project_with(name, standard_input(LONGEST_SOURCE + 1), settings)


def _refuse_a_name() -> None:
    if _meta(_STDIN) is not None:
        raise UsageError("--stdin-filename needs standard input", hint="add - as the source")


def _meta(key: str) -> object:
    context = click.get_current_context(silent=True)
    return None if context is None else context.meta.get(key)


def _remember(key: str) -> Callable[[click.Context, click.Parameter, object], None]:
    def remember(ctx: click.Context, _: click.Parameter, value: object) -> None:
        ctx.meta[key] = value

    return remember


def cache_option(command: C) -> C:
    """The option `--no-cache` of a command that takes sources."""
    return click.option(
        "--no-cache", is_flag=True, expose_value=False, callback=_remember(_NO_CACHE),
        cls=NamedOption, envvar="FQLC_NO_CACHE", show_envvar=True,
        help="Compile without the cache, whose folder FQLC_CACHE_DIR names.",
    )(command)  # fmt: skip


def stdin_option(command: C) -> C:
    """The option `--stdin-filename` of a command that takes `-` as its source."""
    return click.option(
        "--stdin-filename", metavar="PATH", expose_value=False, callback=_remember(_STDIN),
        help="With - as the source: the file of the project that the text stands for.",
    )(command)  # fmt: skip


def source_options(command: C) -> C:
    """The options of a command that takes sources."""
    return settings_option("settings")(cache_option(command))


def cache_in_use() -> Cache | None:
    """The cache, unless the command was told to do without, or there is no place for it. Raises
    UsageError where its folder is not one."""
    folder = cache_folder(os.environ, sys.platform, Path.home)
    if os.environ.get("FQLC_CACHE_DIR") and folder and folder.exists() and not folder.is_dir():
        raise UsageError(f"FQLC_CACHE_DIR: {folder} is not a folder")
    return None if without_cache() or not folder else Cache(folder, maker(__version__))


def without_cache() -> bool:
    """Whether the command was told to compile without the cache."""
    return bool(_meta(_NO_CACHE))


def load_plan_bytes(paths: Sequence[str], settings: Path | None = None) -> bytes:
    """The plan of sources, for the commands of the runtime: prints what is wrong and ends."""
    from fqlc.cli.show import show_diagnostics

    found = inputs(paths, str(settings) if settings else None).compile()
    show_diagnostics(found.diagnostics, found.sources, "text", err=True)
    if found.plan is None:
        raise click.exceptions.Exit(1)
    return found.plan


def plan_differences(old: Plan, new: Plan) -> list[tuple[str, str]]:
    """Where and what changes between two plans, for the page of the runtime."""
    from fqlc.exporting.changes.differences import differences

    return [(change.where, change.what) for change in differences(old, new)]
