"""How reading a source of entities fails: what, where, why, and what to do."""

from __future__ import annotations

from fql.errors import FqlError


class ImportFailed(FqlError):
    """The source cannot be read as what it is said to be. Exit code 1."""

    exit_code = 1

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message, hint=hint)


class SourceMissing(ImportFailed):
    """There is no such file, or the module of the user failed. Exit code 3."""

    exit_code = 3
