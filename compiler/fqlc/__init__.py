"""The compiler of the fql language.

`compile_paths`, `compile_text`, `check_paths` and `format_text` are the public interface; each
imports what it needs on first use, so that `import fqlc` costs nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from fql.version import VERSION

if TYPE_CHECKING:
    from fqlc.checks.model import Surroundings
    from fqlc.diagnostics.compilation import Compilation
    from fqlc.diagnostics.model import Diagnostic
    from fqlc.pipeline import Read

__all__ = [
    "FOUND",
    "__version__",
    "check_paths",
    "compile_paths",
    "compile_text",
    "format_text",
]

__version__ = VERSION


FOUND = "found"
"""For `settings`: the nearest `fql.toml` from the first source upwards, as the command does."""


def compile_paths(
    paths: Sequence[str | Path],
    *,
    settings: str | Path | None = FOUND,
    read: Read | None = None,
) -> Compilation:
    """Compile the files and folders of `paths` and all they import, as `fqlc compile` does: the
    same bytes.

    `plan` of the result is None where there are errors; `plan_or_raise()` raises them. `settings`
    is the path of an `fql.toml`, FOUND, or None for no settings. `read` returns the bytes of a
    path, or None where there is no file; with it nothing else is read and no settings are looked
    for. By default files are read, and imports reach the files of the project. Raises FqlError for
    a path that does not exist and for settings that cannot be used.
    """
    from fqlc.pipeline import compile_project

    return compile_project(*_project(paths, settings, read))


def compile_text(
    text: str, *, path: str = "input.fql", settings: str | Path | None = None
) -> Compilation:
    """Compile one text that imports nothing. `settings` is the path of an `fql.toml`, the only
    file that is read."""
    from fqlc.pipeline import compile_project

    return compile_project([path], {path: text.encode()}.get, _surroundings(settings))


def check_paths(
    paths: Sequence[str | Path],
    *,
    settings: str | Path | None = FOUND,
    read: Read | None = None,
) -> tuple[Diagnostic, ...]:
    """What is wrong with the files and folders of `paths` and all they import. `settings` and
    `read` are those of `compile_paths`. Raises FqlError as it does."""
    from fqlc.pipeline import check_project

    return check_project(*_project(paths, settings, read)).diagnostics


def format_text(text: str) -> str:
    """The formatted text; broken declarations stay as they are."""
    from fqlc.source.text import SourceText
    from fqlc.syntax.printing.files import format_source

    source = SourceText("input.fql", text)
    return source.as_written(format_source(source))


def _project(
    paths: Sequence[str | Path], settings: str | Path | None, read: Read | None
) -> tuple[Sequence[str], Read, Surroundings | None]:
    """What the pipeline takes."""
    if read is not None:
        given = None if settings == FOUND else settings
        return [Path(path).as_posix() for path in paths], read, _surroundings(given)
    from fqlc.project.files import project_of

    project = project_of([str(path) for path in paths], _file(settings), find=settings == FOUND)
    return project.roots, project.read, project.surroundings()


def _surroundings(settings: str | Path | None) -> Surroundings | None:
    if settings is None:
        return None
    from fqlc.project.files import surroundings_of

    return surroundings_of(str(settings))


def _file(settings: str | Path | None) -> str | None:
    return None if settings is None or settings == FOUND else str(settings)
