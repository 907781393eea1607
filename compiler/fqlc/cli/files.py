"""Files of the command line: which sources are meant, how they are read, what `fql.toml` says.

The compiler itself is imported only where the cache has no answer, tomllib and pydantic only where
a settings file must be understood.
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
from fqlc.cli.errors import CommandError, SurroundingsError

if TYPE_CHECKING:
    from fqlc.checks.model import Surroundings
    from fqlc.pipeline import Checked, Compilation

SETTINGS = "fql.toml"
_WORTH_PARTS = 100_000
"""Characters of a project from which on it is compiled in parts; a smaller one takes no longer
than that would."""

_NO_CACHE = "fqlc.no_cache"
"""Key in `click.Context.meta`: True when nothing may be taken from or put into the cache."""


@dataclass(frozen=True, slots=True)
class Inputs:
    """The sources of a command by the paths that messages show, and the settings file."""

    roots: tuple[str, ...]
    settings: str | None = None
    cache: Cache | None = None

    def check(self) -> Checked:
        """Check them here and now; the result holds the whole program."""
        return self._checked(Recorder(read_file))

    def diagnose(self) -> Compiled:
        """What is wrong with them, without a plan."""
        return self._result(plan=False)

    def compile(self) -> Compiled:
        """What is wrong with them, and the plan if there are no errors."""
        return self._result(plan=True)

    def _result(self, *, plan: bool) -> Compiled:
        recorder = Recorder(read_file)
        key = [str(Path.cwd()), self.settings or "", *self.roots]
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
        import orjson

        from fqlc.incremental.compile import Request, compile_parts
        from fqlc.incremental.pool import processes, run

        request = Request(self.roots, _surroundings(self.settings), plan, processes())
        kept = self.cache.load_parts(key) if self.cache else b""
        done = compile_parts(layout, request, orjson.loads(kept) if kept else {}, run)
        if done is None:
            return None
        if self.cache and done.worked_out:
            self.cache.save_parts(key, orjson.dumps(done.kept))
        return done.compilation

    def _whole(self, recorder: Recorder, *, plan: bool) -> Compilation:
        from fqlc.pipeline import Compilation, plan_of

        checked = self._checked(recorder)
        return Compilation(plan_of(checked) if plan else None, checked.diagnostics, checked.sources)

    def _checked(self, recorder: Recorder) -> Checked:
        from fqlc.pipeline import check_project

        return check_project(self.roots, recorder.read, _surroundings(self.settings))


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
    file = Path(settings) if settings else _settings_of(paths)
    chosen = list(paths) or (_project_files(file) if file else []) or ["."]
    roots = tuple(dict.fromkeys(root for path in chosen for root in _expand(path)))
    if not roots:
        raise CommandError(
            f"there are no .fql files in {', '.join(chosen)}", "name a file or another folder"
        )
    return Inputs(roots, _label(file) if file else None, _cache())


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
    return Cache(cache_folder(os.environ, sys.platform, Path.home()), maker(__version__))


def _expand(path: str) -> list[str]:
    place = Path(path)
    if not place.is_dir():
        if not place.exists():
            raise CommandError(f"{path} does not exist", "check the path")
        if place.suffix == ".json":
            raise CommandError(
                f"{path} is no source: plans and other JSON are not compiled",
                "name the .fql files; `fqlc run` and `fqlc diff` take plans",
            )
        return [_label(place)]
    found = (p for p in place.rglob("*.fql") if not _hidden(p.relative_to(place)))
    return sorted(_label(p) for p in found)


def _hidden(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts)


def _label(path: Path) -> str:
    """The path as messages and plans show it: relative below the working folder or where it was
    given so, with forward slashes."""
    if not path.is_absolute():
        return Path(os.path.normpath(path)).as_posix()
    here = Path.cwd()
    return path.relative_to(here).as_posix() if path.is_relative_to(here) else path.as_posix()


def read_file(path: str) -> bytes | None:
    """The bytes of a file, or None where it cannot be read."""
    try:
        return Path(path).read_bytes()
    except OSError:
        return None


def _settings_of(paths: Sequence[str]) -> Path | None:
    """The nearest `fql.toml` from the first source upwards, else from the working folder."""
    first = Path(paths[0] if paths else ".").absolute()
    for start in (first, Path.cwd()):
        for folder in (start, *start.parents):
            if (folder / SETTINGS).is_file():
                return folder / SETTINGS
    return None


def _project_files(file: Path) -> list[str]:
    """`[project] files` relative to the file. What is wrong with it is said when it is used."""
    import tomllib

    try:
        project = tomllib.loads(file.read_text(encoding="utf-8")).get("project", {})
    except (OSError, ValueError):
        return []
    files = project.get("files", []) if isinstance(project, dict) else []
    return [_label(file.parent / f) for f in files if isinstance(f, str)]


def _surroundings(file: str | None) -> Surroundings:
    """What a settings file means for the compiler."""
    from fqlc.checks.levels import Given
    from fqlc.checks.model import Surroundings

    if file is None:
        return Surroundings()
    from fql.plan.addresses import EgressSettings
    from fql.plan.settings import read_settings
    from fql.plan.settings_model import policy_settings

    try:
        text = Path(file).read_text(encoding="utf-8")
    except OSError as error:
        raise SurroundingsError(f"{file} cannot be read: {error.strerror}", "") from None
    except UnicodeDecodeError:
        raise SurroundingsError(f"{file} is not UTF-8", "save it in the encoding UTF-8") from None
    settings = read_settings(text, file)
    policies = {key: Given(v, "fql.toml") for key, v in policy_settings(settings).items()}
    egress = EgressSettings(tuple(settings.egress.allow), tuple(settings.egress.ports))
    return Surroundings(policies, egress, file)


def load_plan_bytes(paths: Sequence[str]) -> bytes:
    """The plan of sources, for the commands of the runtime: prints what is wrong and ends."""
    from fqlc.cli.show import show_diagnostics

    found = inputs(paths).compile()
    show_diagnostics(found.diagnostics, found.sources, "text", err=True)
    if found.plan is None:
        raise click.exceptions.Exit(1)
    return found.plan
