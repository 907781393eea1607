"""How reading a project fails: one sentence that says what, where and why, and a line of advice."""

from __future__ import annotations

from fql.errors import FqlError


class CommandError(FqlError):
    """Bad input, as people see it. Exit code 1."""

    exit_code = 1

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message, hint=hint)


class SurroundingsError(CommandError):
    """A file, program or place that does not do its part. Exit code 3."""

    exit_code = 3
