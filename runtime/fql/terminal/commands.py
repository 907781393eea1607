"""What every command shares: its output format, and how its errors are shown and counted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

import click

from fql.errors import FqlError
from fql.near import did_you_mean
from fql.terminal.lines import json_line, problem

C = TypeVar("C", bound=Callable[..., object])

_JSON = "fql.json"
"""Key in `click.Context.meta`: True when the command was asked for JSON."""


def format_option(
    forms: Sequence[str] = ("text", "json"),
    *,
    default: str | None = "text",
    text: str = "Output for people, or one JSON object per line.",
) -> Callable[[C], C]:
    """The option `--format` of a command, as its parameter `form`."""

    def remember(ctx: click.Context, _: click.Parameter, value: str | None) -> str | None:
        ctx.meta[_JSON] = value == "json"
        return value

    return click.option(
        "--format", "form", type=click.Choice(forms), default=default, callback=remember,
        show_default=default is not None, help=text,
    )  # fmt: skip


class Reporting(click.Group):
    """A group of commands whose errors become `error: ...`, and exit codes."""

    def invoke(self, ctx: click.Context) -> object:
        """Run the command; what it could not do is reported in the one form."""
        try:
            return super().invoke(ctx)
        except FqlError as error:
            _tell(ctx, error)
            ctx.exit(error.exit_code)
        except click.ClickException as error:
            ctx.exit(report_usage(error))


def _tell(ctx: click.Context, error: FqlError) -> None:
    """Say it to people, and to the program that asked for JSON as well."""
    report(error)
    if ctx.meta.get(_JSON):
        told = {"error": error.message, "help": error.hint or None, "exit_code": error.exit_code}
        json_line(told)


def report(error: FqlError) -> None:
    """Say what an error of the runtime or compiler says."""
    problem("error", error.message, error.hint)


def report_usage(error: click.ClickException) -> int:
    """Say what is wrong with a command line; its exit code."""
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        error.show()
        return error.exit_code
    context = error.ctx if isinstance(error, click.UsageError) else None
    hint = f"see `{context.command_path} --help`" if context else ""
    message = _as_ours(error.format_message())
    if isinstance(error, click.NoSuchOption):
        message = f"there is no option `{error.option_name}`"
        hint = did_you_mean(error.option_name, _options(context)) or hint
    problem("error", message, hint)
    return error.exit_code


def _options(context: click.Context | None) -> list[str]:
    return [name for each in context.command.params for name in each.opts] if context else []


def _as_ours(message: str) -> str:
    """A sentence of click in the form of our own: no capital, no full stop."""
    text = message.strip().removesuffix(".")
    return text if text[:2].isupper() else text[:1].lower() + text[1:]
