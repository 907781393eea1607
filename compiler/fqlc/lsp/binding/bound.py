"""A server with everything bound."""

from __future__ import annotations

import logging
from pathlib import Path

from fqlc.lsp.binding import asking, changing, commanding, telling
from fqlc.lsp.server import FqlServer
from fqlc.lsp.words.showing import Pages


def bound_server(pages: Path | None, *, debug: bool = False) -> FqlServer:
    """The server; `pages` is the folder for pages of codes, `debug` writes tracebacks of faults."""
    _quiet_pygls()
    server = FqlServer(Pages(pages), debug=debug)
    telling.bind(server)
    asking.bind(server)
    changing.bind(server)
    commanding.bind(server)
    return server


def _quiet_pygls() -> None:
    """What pygls logs are tracebacks of errors that were answered, or are logged by us."""
    logger = logging.getLogger("pygls")
    logger.addHandler(logging.NullHandler())
    logger.propagate = False
