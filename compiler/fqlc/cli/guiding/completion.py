"""`fqlc completion SHELL`: the script that completes command lines in a shell."""

from __future__ import annotations

import click

from fql.terminal.lines import data
from fqlc.cli.guiding.completing import SHELLS, script


@click.command(
    epilog="""\b
Examples:
  eval "$(fqlc completion bash)"     # in ~/.bashrc
  eval "$(fqlc completion zsh)"      # in ~/.zshrc, after compinit
  fqlc completion fish > ~/.config/fish/completions/fqlc.fish"""
)
@click.argument("shell", type=click.Choice(SHELLS), metavar="|".join(SHELLS))
@click.pass_context
def completion(ctx: click.Context, shell: str) -> None:
    """Print what completes command lines in a shell.

    It completes commands, options, their choices, codes, files, and the names of the project:
    observers, actions, endpoints and entities as they were when it was compiled last, dead letters
    and runs of its store where that is an SQLite file.
    """
    data(script(ctx.find_root().command, shell))
