"""The group of all commands, each imported when it is called, and the one place that ends it.

Exit codes: 0 fine; 1 the input has errors or a check found something; 2 wrong usage; 3 the
environment failed, or fqlc itself; 130 interrupted.
"""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Mapping, Sequence

import click

from fql.terminal.commands import Reporting, report_usage
from fql.terminal.lines import data, problem
from fqlc import __version__

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
        return list(_places())

    def get_command(  # click's signature
        self,
        ctx: click.Context,  # noqa: ARG002
        cmd_name: str,
    ) -> click.Command | None:
        """Import the command of a name."""
        place = _places().get(cmd_name)
        if place is None:
            return None
        module, _, attribute = place.partition(":")
        try:
            found = getattr(importlib.import_module(module), attribute)
        except ModuleNotFoundError as error:
            if error.name != module:
                raise
            return None
        return found if isinstance(found, click.Command) else None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The commands by section."""
        for title, names in SECTIONS:
            rows = [(name, self.line(ctx, name)) for name in names]
            found = [row for row in rows if row[1]]
            if found:
                with formatter.section(title):
                    formatter.write_dl(found)

    def line(self, ctx: click.Context, name: str) -> str:
        """What the help says of a command; those of the compiler are not imported for it."""
        own = COMPILER_COMMANDS.get(name)
        return super().line(ctx, name) if own is None else own[1]


def _places() -> dict[str, str]:
    from fql.cli import commands

    places = {name: place for name, (place, _) in COMPILER_COMMANDS.items()}
    return {**places, **commands()}


@click.group(
    cls=Commands,
    invoke_without_command=True,
    subcommand_metavar="COMMAND [ARGS]...",
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog=EXAMPLES,
)
@click.version_option(__version__, message="%(prog)s %(version)s")
@click.option(
    "--color",
    type=click.Choice(["auto", "always", "never"]),
    default="auto",
    help="Colours; `auto` follows the terminal and NO_COLOR.",
)
@click.option(
    "--debug", is_flag=True, expose_value=False, help="Show the traceback of an internal error."
)
@click.pass_context
def fqlc(ctx: click.Context, color: str) -> None:
    """When this row changes, make these HTTP calls, in this order, and never lose one."""
    from fql.cli import PLAN_DIFFERENCES, PLAN_LOADER
    from fqlc.cli.inputs import load_plan_bytes, plan_differences

    ctx.meta[PLAN_LOADER] = load_plan_bytes
    ctx.meta[PLAN_DIFFERENCES] = plan_differences
    if color != "auto":
        ctx.color = color == "always"
    if ctx.invoked_subcommand is None:
        data(ctx.get_help())


def run(arguments: Sequence[str]) -> int:
    """Run a command line; the exit code. The one place where the unknown becomes FQL901."""
    try:
        result = fqlc.main(list(arguments), prog_name="fqlc", standalone_mode=False)
        sys.stdout.flush()
    except (click.exceptions.Abort, KeyboardInterrupt):
        return 130
    except click.ClickException as error:
        return report_usage(error)
    except BrokenPipeError:
        _close_quietly()
        return 0
    except Exception as error:  # noqa: BLE001 - the one place that turns the unknown into a line
        return _fault(error, arguments)
    return result if isinstance(result, int) and not isinstance(result, bool) else 0


def _close_quietly() -> None:
    """The reader of our output has gone: do not complain again while Python ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


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
