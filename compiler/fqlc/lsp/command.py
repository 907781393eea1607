"""`fqlc lsp`: the language server."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from fql.errors import not_installed


@click.command(epilog="\b\nExamples:\n  fqlc lsp\n  fqlc lsp --debug 2> lsp.log")
@click.option("--stdio", is_flag=True, expose_value=False, hidden=True,
              help="What some editors add; there is no other way.")  # fmt: skip
@click.option("--debug", is_flag=True, help="Also write the tracebacks of faults.")
@click.pass_context
def lsp(ctx: click.Context, *, debug: bool) -> None:
    """Answer an editor over standard input and output.

    Editors start it themselves; docs/how-to/editors.md says how. It ends with the editor. Faults
    are written to standard error.
    """
    try:
        import lsprotocol  # noqa: F401 - is it there?
        import pygls  # noqa: F401
    except ModuleNotFoundError as missing:
        raise not_installed("`fqlc lsp`", "pygls", "lsp") from missing
    from fql.terminal.environment import cache_folder
    from fqlc import __version__
    from fqlc.lsp.binding.bound import bound_server
    from fqlc.lsp.wire import serve

    folder = cache_folder(os.environ, sys.platform, Path.home)
    server = bound_server(folder / f"pages-{__version__}" if folder else None, debug=debug)
    ctx.exit(serve(server))
