"""`fqlc help COMMAND`: all about a command, through the pager."""

from __future__ import annotations

import click

from fql.errors import UsageError
from fql.near import did_you_mean
from fql.terminal.environment import NAMES
from fql.terminal.lines import paged

EXIT_CODES = """Exit codes:
  0    fine
  1    the input has errors, a test failed, or a check found something
  2    wrong usage
  3    the environment failed (file, network, database), or fqlc itself
  130  interrupted"""


@click.command("help", epilog="\b\nExamples:\n  fqlc help check\n  fqlc help dlq replay")
@click.argument("names", nargs=-1, metavar="[COMMAND]...")
@click.pass_context
def help_(ctx: click.Context, names: tuple[str, ...]) -> None:
    """Show all about a command: its help, its exit codes, and the names of the environment.

    On a terminal it is shown by the program that PAGER names.
    """
    found, where = _found(ctx.find_root(), names)
    widest = max(map(len, NAMES))
    named = [f"  {name:{widest}}  {what}" for name, what in NAMES.items()]
    environment = "\n".join(
        ["Environment (a flag wins over it, and it wins over fql.toml):", *named]
    )
    paged("\n\n".join([found.get_help(where), EXIT_CODES, environment]))


def _found(root: click.Context, names: tuple[str, ...]) -> tuple[click.Command, click.Context]:
    """The command of a path, and where its help says that it is. Raises UsageError."""
    command, where = root.command, root
    for name in names:
        inner = command.get_command(where, name) if isinstance(command, click.Group) else None
        if inner is None:
            known = command.list_commands(where) if isinstance(command, click.Group) else []
            hint = did_you_mean(name, known) or f"see `{where.command_path} --help`"
            raise UsageError(f"there is no command `{where.command_path} {name}`", hint=hint)
        command, where = inner, click.Context(inner, parent=where, info_name=name)
    return command, where
