"""What every command shares: how it is found, and how its errors are shown and counted."""

from __future__ import annotations

import re

import click

from fql.errors import FqlError, UsageError
from fql.near import did_you_mean
from fql.terminal.lines import json_line, problem
from fql.terminal.options import JSON, named_by_environment, talking


class Commands(click.Group):
    """A group of commands: its help cuts no line short, and a name that it does not have is told in
    the one form."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command, or say which one may have been meant."""
        name = args[0] if args else ""
        if self.get_command(ctx, name) is None and not name.startswith("-"):
            hint = did_you_mean(name, self.list_commands(ctx))
            raise UsageError(
                f"there is no command `{name}`", hint=hint or f"see `{ctx.command_path} --help`"
            )
        return super().resolve_command(ctx, args)

    def add_command(self, cmd: click.Command, name: str | None = None) -> None:
        """Take in a command; each can be told to say less or more."""
        super().add_command(talking(cmd), name)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The commands with their whole first sentences."""
        with formatter.section("Commands"):
            formatter.write_dl([(n, self.line(ctx, n)) for n in self.list_commands(ctx)])

    def line(self, ctx: click.Context, name: str) -> str:
        """What the help says of a command; nothing of one that cannot be imported."""
        command = self.get_command(ctx, name)
        return command.get_short_help_str(_WHOLE) if command else ""


_WHOLE = 200
"""Characters of a first sentence that no help reaches: the width of the terminal folds it."""


class Reporting(Commands):
    """A group of commands whose errors become `error: ...`, and exit codes."""

    def invoke(self, ctx: click.Context) -> object:
        """Run the command; what it could not do is reported in the one form."""
        try:
            return super().invoke(ctx)
        except FqlError as error:
            _tell(ctx, named_by_environment(ctx.meta, error))
            ctx.exit(error.exit_code)
        except click.ClickException as error:
            ctx.exit(report_usage(error))


def _tell(ctx: click.Context, error: FqlError) -> None:
    """Say it to people, and to the program that asked for JSON as well."""
    report(error)
    if ctx.meta.get(JSON):
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
    message = _as_ours(_ONE_OF.sub("", error.format_message()))
    if isinstance(error, click.NoSuchOption):
        message = f"there is no option `{error.option_name}`"
        path = context.command_path if context else ""
        meant = ELSEWHERE.get((path, error.option_name), "")
        hint = meant or did_you_mean(error.option_name, _options(context)) or hint
    elif isinstance(error, click.BadParameter):
        hint = _meant(error) or hint
    problem("error", message, hint)
    return error.exit_code


ELSEWHERE = {
    ("fqlc run", "--dry-run"): "`fqlc explain --event FILE` shows what would be sent, and why",
}
"""Options that people look for, and what does it here."""


def _meant(error: click.BadParameter) -> str:
    """The choice that may have been meant."""
    given = re.match(r"'(.*)' is not one of ", error.message)
    kind = error.param.type if error.param else None
    if given is None or not isinstance(kind, click.Choice):
        return ""
    return did_you_mean(given[1], list(map(str, kind.choices)))


def _options(context: click.Context | None) -> list[str]:
    return [name for each in context.command.params for name in each.opts] if context else []


_ONE_OF = re.compile(r"\. Choose from:\s.*", re.DOTALL)
"""What click adds, over several lines, to a missing argument whose choices are its name."""


def _as_ours(message: str) -> str:
    """A sentence of click in the form of our own: no capital, no full stop."""
    text = message.strip().removesuffix(".")
    for theirs, ours in _IN_OUR_WORDS.items():
        text = text.replace(theirs, ours)
    return text if text[:2].isupper() else text[:1].lower() + text[1:]


_IN_OUR_WORDS = {
    "is not a valid integer range": "is not a whole number",
    "is not a valid integer": "is not a whole number",
    "is not a valid float range": "is not a number",
    "is not a valid float": "is not a number",
    "is not a valid boolean. Recognized values: , ": "is neither yes nor no; it may be ",
}
"""What click says of what is not a number; it names a class of its own."""
