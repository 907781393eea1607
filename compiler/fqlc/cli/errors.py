"""How a command fails: one line that says what, where and why, and a line of advice."""

from __future__ import annotations

from typing import IO, Any

import click


class CommandError(click.ClickException):
    """A failure that people see. Exit code 1 for bad input, 3 for the surroundings."""

    def __init__(self, message: str, hint: str = "", *, exit_code: int = 1) -> None:
        super().__init__(message)
        self.hint = hint
        self.exit_code = exit_code

    def show(self, file: IO[Any] | None = None) -> None:
        """Print to standard error."""
        click.echo(f"error: {self.message}", file=file, err=file is None)
        if self.hint:
            click.echo(f"  help: {self.hint}", file=file, err=file is None)
