"""The command reference, printed from help texts; `python -m tests.docs.command_page` accepts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

PAGE = Path(__file__).parents[2] / "docs/reference/commands.md"

LOOK: Any = {
    "terminal_width": 100, "max_content_width": 100, "help_option_names": ["-h", "--help"],
}  # fmt: skip
"""As the program itself shows its help."""

HEAD = """# Commands

Printed from the program's own help by `python -m tests.docs.command_page`; a test keeps it current.

Exit codes: 0 fine; 1 the input has errors, a test failed or a check found something; 2 wrong usage;
3 the environment failed (file, network, database); 130 interrupted. The code is 130
too where a signal stops `fqlc run --until-idle` before all work has ended; without `--until-idle` a
signal is the usual way to end, and the code is 0. Errors go to standard error: one line and a hint;
`--debug` adds the traceback of an internal error. Each command whose output a program may read has
`--format json`.
"""


def page() -> str:
    """The whole page."""
    from fqlc.cli.main import fqlc

    context = click.Context(fqlc, info_name="fqlc", **LOOK)
    own = f"\n## `fqlc`\n\n```text\n{fqlc.get_help(context)}\n```\n"
    return HEAD + own + "".join(sections(fqlc, context, 2))


def sections(group: click.Group, context: click.Context, level: int) -> list[str]:
    """One section a command, groups before what is in them."""
    found = []
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if command is None or command.hidden:
            continue
        inner = click.Context(command, info_name=name, parent=context, **LOOK)
        text = command.get_help(inner)
        found.append(f"\n{'#' * level} `fqlc {inner.command_path[5:]}`\n\n```text\n{text}\n```\n")
        if isinstance(command, click.Group):
            found.extend(sections(command, inner, level + 1))
    return found


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
