"""The group of all commands, each imported when it is called, and the one place that ends it.

Exit codes: 0 fine; 1 the input has errors or a check found something; 2 wrong usage; 3 the
environment failed, or fqlc itself; 130 interrupted.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import click

from fql.errors import FqlError
from fql.terminal.commands import Reporting, report, report_usage
from fql.terminal.environment import unknown_names
from fql.terminal.lines import data, flush, open_closed_streams, problem
from fql.terminal.options import NamedOption, quiet_option, talking, verbose_option
from fql.terminal.talk import talk_level
from fqlc import __version__

if TYPE_CHECKING:
    from pathlib import Path

    from click.shell_completion import CompletionItem

    from fql.plan.model import Plan

COMPLETE = "_FQLC_COMPLETE"
"""The name by which the scripts of shells ask for completions."""

COMPILER_COMMANDS: Mapping[str, tuple[str, str]] = {
    "check": ("fqlc.cli.check:check", "Check sources for errors."),
    "compile": ("fqlc.cli.compile:compile_", "Write the plan of sources."),
    "fmt": ("fqlc.cli.fmt:fmt", "Format sources."),
    "graph": ("fqlc.cli.graph:graph", "Draw the observers of sources or a plan."),
    "list": ("fqlc.cli.list:list_", "List observers and their actions."),
    "explain": (
        "fqlc.cli.explaining.explain:explain",
        "Explain a code, an event or a retry schedule.",
    ),
    "import": (
        "fqlc.cli.importing.command:import_",
        "Write entities from a database, DDL or models.",
    ),
    "contract": (
        "fqlc.cli.contract.command:contract",
        "Fetch, check and show contracts of receivers.",
    ),
    "diff": ("fqlc.cli.diff:diff", "Show what changes between two plans."),
    "export": (
        "fqlc.cli.exporting.command:export",
        "Describe what is sent: OpenAPI or JSON Schema.",
    ),
    "schema": ("fqlc.cli.exporting.schema:schema", "Print a published JSON Schema."),
    "test": ("fqlc.cli.test:test", "Run the test blocks of sources."),
    "lsp": ("fqlc.lsp.command:lsp", "Answer an editor: the language server."),
    "config": ("fqlc.cli.guiding.config:config", "Show each setting and where it comes from."),
    "completion": (
        "fqlc.cli.guiding.completion:completion",
        "Print what completes command lines in a shell.",
    ),
    "help": ("fqlc.cli.guiding.help:help_", "Show all about a command."),
}
"""Where each command is, and its line in the help."""

SECTIONS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (
        "Language",
        (
            "init",
            "import",
            "check",
            "compile",
            "fmt",
            "graph",
            "list",
            "explain",
            "contract",
            "diff",
            "export",
            "test",
            "schema",
            "lsp",
        ),
    ),
    (
        "Running",
        ("run", "emit", "runs", "dlq", "trace", "pause", "resume", "store", "ui", "demo"),
    ),
    ("Environment", ("capture", "status", "health", "doctor", "support", "observability")),
    ("Command line", ("config", "completion", "help")),
)
"""The order of the help."""

EXAMPLES = """\b
Examples:
  fqlc init shop && cd shop
  fqlc check .
  fqlc compile -o plan.json shop.fql
  fqlc run plan.json
"""


class Commands(Reporting):
    """A group that imports a command only when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's
        """All names, in the order of the help."""
        return list(_commands())

    def get_command(  # click's signature
        self,
        ctx: click.Context,  # noqa: ARG002
        cmd_name: str,
    ) -> click.Command | None:
        """Import the command of a name."""
        if cmd_name not in _commands():
            return None
        module, _, attribute = _commands()[cmd_name][0].partition(":")
        try:
            found = getattr(importlib.import_module(module), attribute)
        except ModuleNotFoundError as error:
            if error.name != module:
                raise
            return None
        return talking(found) if isinstance(found, click.Command) else None

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem[str]]:
        """The names of commands, none of which is imported for it, and the options."""
        from click.shell_completion import CompletionItem

        names = [n for n in self.list_commands(ctx) if n.startswith(incomplete)]
        lines = [_commands()[name][1] for name in names]
        found = [CompletionItem(n, help=line) for n, line in zip(names, lines, strict=True)]
        return [*found, *click.Command.shell_complete(self, ctx, incomplete)]

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The commands by section."""
        for title, names in SECTIONS:
            rows = [(name, self.line(ctx, name)) for name in names]
            found = [row for row in rows if row[1]]
            if found:
                with formatter.section(title):
                    formatter.write_dl(found)

    def line(self, ctx: click.Context, name: str) -> str:  # noqa: ARG002 - as above
        """What the help says of a command, none of which is imported for it."""
        return _commands()[name][1]


def _commands() -> dict[str, tuple[str, str]]:
    from fql.cli import RUNTIME_COMMANDS

    return {**COMPILER_COMMANDS, **RUNTIME_COMMANDS}


@click.group(
    cls=Commands,
    invoke_without_command=True,
    subcommand_metavar="COMMAND [ARGS]...",
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog=EXAMPLES,
)
@click.option(
    "--version", "version", is_flag=True, help="Show the version; with -v of all that it needs."
)
@click.option(
    "--color",
    type=click.Choice(["auto", "always", "never"]),
    default="auto",
    cls=NamedOption,
    envvar="FQLC_COLOR",
    show_envvar=True,
    help="Colours; `auto` follows the terminal, NO_COLOR and FORCE_COLOR.",
)
@click.option(
    "--debug", is_flag=True, expose_value=False, help="Show the traceback of an internal error."
)
@click.pass_context
def fqlc(ctx: click.Context, color: str, *, version: bool) -> None:
    """When this row changes, make these HTTP calls, in this order, and never lose one."""
    from fql.cli import PLAN_DIFFERENCES, PLAN_LOADER

    ctx.meta[PLAN_LOADER] = _load_plan
    ctx.meta[PLAN_DIFFERENCES] = _plan_differences
    if color != "auto":
        ctx.color = color == "always"
    if version:
        _show_version()
        ctx.exit()
    for name, hint in unknown_names(os.environ):
        problem("warning", f"{name} means nothing to fqlc", hint)
    if ctx.invoked_subcommand is None:
        data(ctx.get_help())


def _load_plan(paths: Sequence[str], settings: Path | None = None) -> bytes:
    from fqlc.cli.inputs import load_plan_bytes

    return load_plan_bytes(paths, settings)


def _plan_differences(old: Plan, new: Plan) -> list[tuple[str, str]]:
    from fqlc.cli.inputs import plan_differences

    return plan_differences(old, new)


def _show_version() -> None:
    data(f"fqlc {__version__}")
    if talk_level() > 0:
        from fql.cli.operating.versions import versions

        for name, found in versions():
            data(f"{name} {found}")


fqlc.params += [quiet_option(), verbose_option()]


def run(arguments: Sequence[str]) -> int:
    """Run a command line, or answer a shell that asks what may follow in one; the exit code."""
    open_closed_streams()
    if COMPLETE in os.environ:
        from fqlc.cli.guiding.completing import complete

        return complete(fqlc, os.environ[COMPLETE])
    return _ended(arguments)


def _ended(arguments: Sequence[str]) -> int:
    """The one place where the unknown becomes FQL901."""
    try:
        result = fqlc.main(list(arguments), prog_name="fqlc", standalone_mode=False)
        flush()
    except (click.exceptions.Abort, KeyboardInterrupt):
        return 130
    except click.ClickException as error:
        return report_usage(error)
    except click.exceptions.Exit as end:  # nobody reads what was still in memory
        return end.exit_code
    except FqlError as error:  # standard output is full
        report(error)
        return error.exit_code
    except Exception as error:  # noqa: BLE001 - the one place that turns the unknown into a line
        return _fault(error, arguments)
    return result if isinstance(result, int) and not isinstance(result, bool) else 0


def _fault(error: Exception, arguments: Sequence[str]) -> int:
    if "--debug" in arguments:
        import traceback

        traceback.print_exception(error)
    problem(
        "error[FQL901]",
        f"a fault in fqlc: {type(error).__name__}: {error}",
        "this is not your mistake; run again with --debug and report what it prints",
    )
    return 3
