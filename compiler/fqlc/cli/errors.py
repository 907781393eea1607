"""How a command fails: one line that says what, where and why, and a line of advice."""

from __future__ import annotations

from typing import IO, Any

import click


class CommandError(click.ClickException):
    """Bad input, as people see it. Exit code 1."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint

    def show(self, file: IO[Any] | None = None) -> None:
        """Print to standard error."""
        click.echo(f"error: {self.message}", file=file, err=file is None)
        if self.hint:
            click.echo(f"  help: {self.hint}", file=file, err=file is None)


class SurroundingsError(CommandError):
    """A file, program or place that does not do its part. Exit code 3."""

    exit_code = 3
