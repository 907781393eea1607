"""What a command compiles: its sources and settings, from the cache where nothing has changed, in
parts where the project is large.

The compiler itself is imported only where the cache has no answer.
"""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from fqlc import __version__
from fqlc.cli.cache import Cache, Compiled, Recorder, cache_folder, maker
from fqlc.cli.errors import CommandError
from fqlc.cli.files import (
    expand,
    label,
    project_files,
    settings_of,
    surroundings_of,
    working_folder,
)
from fqlc.source.files import ProjectFiles

if TYPE_CHECKING:
    from fqlc.pipeline import Checked, Compilation

_WORTH_PARTS = 100_000
"""Characters of a project from which on it is compiled in parts; a smaller one takes no longer
than that would."""

_NO_CACHE = "fqlc.no_cache"
"""Key in `click.Context.meta`: True when nothing may be taken from or put into the cache."""


@dataclass(frozen=True, slots=True)
class Inputs:
    """The sources of a command by the paths that messages show, and the settings file."""

    roots: tuple[str, ...]
    files: ProjectFiles
    settings: str | None = None
    cache: Cache | None = None

    def check(self) -> Checked:
        """Check them here and now; the result holds the whole program."""
        return self._checked(Recorder(self.files.read))

    def diagnose(self) -> Compiled:
        """What is wrong with them, without a plan."""
        return self._result(plan=False)

    def compile(self) -> Compiled:
        """What is wrong with them, and the plan if there are no errors."""
        return self._result(plan=True)

    def _result(self, *, plan: bool) -> Compiled:
        recorder = Recorder(self.files.read)
        key = [str(working_folder()), self.settings or "", *self.roots]
        if self.settings:
            recorder.read(self.settings)
        found = self.cache.load(key, recorder.read, plan=plan) if self.cache else None
        if found is None:
            with _trees_kept():
                done = self._parts(key, recorder, plan=plan) or self._whole(recorder, plan=plan)
            found = Compiled(done.plan, done.diagnostics, done.sources, tuple(recorder.data))
            if self.cache:
                self.cache.save(key, recorder, found)
        return found

    def _parts(self, key: Sequence[str], recorder: Recorder, *, plan: bool) -> Compilation | None:
        """The compilation from what is known of single declarations; None where that is not the
        way: the project is small, or something in it is an error."""
        roots = [recorder.read(root) or b"" for root in self.roots]
        if sum(map(len, roots)) < _WORTH_PARTS and not any(b"import" in data for data in roots):
            return None
        from fqlc.incremental.layout import lay_out

        settings = recorder.read(self.settings) if self.settings else None
        layout = lay_out(self.roots, recorder.read, sha256(settings or b"").hexdigest())
        if layout is None or layout.length < _WORTH_PARTS:
            return None
        from fqlc.incremental.compile import Request, compile_parts
        from fqlc.incremental.pool import processes, run
        from fqlc.incremental.stored import pack, unpack

        request = Request(self.roots, surroundings_of(self.settings), plan, processes())
        kept = self.cache.load_parts(key) if self.cache else b""
        done = compile_parts(layout, request, unpack(kept), run)
        if done is None:
            return None
        if self.cache and done.worked_out:
            self.cache.save_parts(key, pack(done.kept))
        return done.compilation

    def _whole(self, recorder: Recorder, *, plan: bool) -> Compilation:
        from fqlc.pipeline import Compilation, plan_of

        checked = self._checked(recorder)
        return Compilation(plan_of(checked) if plan else None, checked.diagnostics, checked.sources)

    def _checked(self, recorder: Recorder) -> Checked:
        from fqlc.pipeline import check_project

        return check_project(self.roots, recorder.read, surroundings_of(self.settings))


@contextmanager
def _trees_kept() -> Iterator[None]:
    """What a command has compiled lives as long as the command: the collector need not look."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


def inputs(paths: Sequence[str], settings: str | None = None) -> Inputs:
    """The sources that the arguments mean. Raises CommandError when there are none.

    Without arguments they are those of `[project] files`, else the working folder. Folders mean
    all `.fql` files below them, but for hidden folders.
    """
    file = Path(settings) if settings else settings_of(paths)
    chosen = list(paths) or (project_files(file) if file else []) or ["."]
    roots = tuple(dict.fromkeys(root for path in chosen for root in expand(path)))
    if not roots:
        raise CommandError(
            f"there are no .fql files in {', '.join(chosen)}", "name a file or another folder"
        )
    shown = label(file) if file else None
    files = ProjectFiles.of(roots if paths else (), shown, working_folder())
    return Inputs(roots, files, shown, _cache())


def cache_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """The option `--no-cache` of a command that takes sources."""

    def remember(ctx: click.Context, _: click.Parameter, value: bool) -> None:
        ctx.meta[_NO_CACHE] = value

    return click.option(
        "--no-cache", is_flag=True, expose_value=False, callback=remember,
        help="Compile anew, whatever is remembered.",
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
