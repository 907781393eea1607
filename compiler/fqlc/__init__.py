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

    `read` gives the bytes of a path, None where there is no file; by default the file system.
    """
    from fqlc.pipeline import compile_project

    return compile_project([_label(p) for p in paths], read or _read)


def compile_text(text: str, *, path: str = "input.fql") -> Compilation:
    """Compile one text that imports nothing."""
    from fqlc.pipeline import compile_project

    return compile_project([path], {path: text.encode()}.get)


def check_paths(paths: Sequence[str | Path], *, read: Read | None = None) -> tuple[Diagnostic, ...]:
    """What is wrong with files and all they import."""
    from fqlc.pipeline import check_project

    return check_project([_label(p) for p in paths], read or _read).diagnostics


def format_text(text: str) -> str:
    """The text in the one style of the language; broken declarations stay as they are."""
    from fqlc.source.text import SourceText
    from fqlc.syntax.printing.files import format_source

    return format_source(SourceText("input.fql", text))


def _label(path: str | Path) -> str:
    return Path(path).as_posix()


def _read(path: str) -> bytes | None:
    try:
        return Path(path).read_bytes()
    except OSError:
        return None
