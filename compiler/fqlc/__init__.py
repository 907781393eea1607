"""The compiler of the fql language.

`compile_paths`, `compile_text`, `check_paths` and `format_text` are the public interface; each
imports what it needs on first use, so that `import fqlc` costs nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fqlc.diagnostics.model import Diagnostic
    from fqlc.pipeline import Compilation, Read

__all__ = ["__version__", "check_paths", "compile_paths", "compile_text", "format_text"]

__version__ = "0.1.0"


def compile_paths(paths: Sequence[str | Path], *, read: Read | None = None) -> Compilation:
    """Compile files and all they import. `plan` of the result is None where there are errors.

    `read` gives the bytes of a path, None where there is no file. By default the file system,
    where imports reach files below the working folder, or below that of a source elsewhere.
    """
    from fqlc.pipeline import compile_project

    labels = [_label(p) for p in paths]
    return compile_project(labels, read or _read(labels))


def compile_text(text: str, *, path: str = "input.fql") -> Compilation:
    """Compile one text that imports nothing."""
    from fqlc.pipeline import compile_project

    return compile_project([path], {path: text.encode()}.get)


def check_paths(paths: Sequence[str | Path], *, read: Read | None = None) -> tuple[Diagnostic, ...]:
    """What is wrong with files and all they import."""
    from fqlc.pipeline import check_project

    labels = [_label(p) for p in paths]
    return check_project(labels, read or _read(labels)).diagnostics


def format_text(text: str) -> str:
    """The text in the one style of the language; broken declarations stay as they are."""
    from fqlc.source.text import SourceText
    from fqlc.syntax.printing.files import format_source

    source = SourceText("input.fql", text)
    return source.as_written(format_source(source))


def _label(path: str | Path) -> str:
    return Path(path).as_posix()


def _read(paths: Sequence[str]) -> Read:
    """Reads the sources that are named, and what lies in their folders or below the working one."""
    from fqlc.source.files import ProjectFiles

    return ProjectFiles.of(paths, None, Path.cwd()).read
