"""`fqlc ui`: serve the page of a store."""

from __future__ import annotations

import asyncio
import os
import secrets
import signal
import socket
import sys
import threading
import time
import webbrowser
from typing import TYPE_CHECKING

import click

from fql.cli import PLAN_DIFFERENCES
from fql.cli.asking import ask
from fql.cli.project import Project, find_project, settings_option, store_option
from fql.errors import SettingsError, UsageError, not_installed
from fql.settings.page_table import Ui
from fql.settings.values import host_and_port
from fql.terminal.commands import Commands
from fql.terminal.lines import data, notice
from fql.ui.links import Served, announced, folder_of, served_at

if TYPE_CHECKING:
    import uvicorn

    from fql.ui.logins import Logins

LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
NICE = 10
"""How much a page beside an engine gives way."""


@click.group(
    cls=Commands,
    invoke_without_command=True,
    epilog="\b\nExamples:\n  fqlc ui\n  fqlc ui --listen 127.0.0.1:0 --read-only\n  fqlc ui link",
)
@store_option
@settings_option
@click.option("--listen", metavar="HOST:PORT", help="Where to listen; port 0 takes a free one.")
@click.option("--read-only", is_flag=True, help="Show everything, but allow no changes.")
@click.option("--open", "open_it", is_flag=True, help="Open it in a browser.")
@click.option("--beside", is_flag=True, hidden=True)
@click.pass_context
def ui(
    context: click.Context,
    *,
    store: str | None,
    settings_file: str | None,
    listen: str | None,
    read_only: bool,
    open_it: bool,
    beside: bool,
) -> None:
    """Serve a page that shows what needs you.

    It shows the store's runs, events and dead letters, with buttons to replay, discard, pause and
    resend. It works whether an engine runs or not.
    """
    if context.invoked_subcommand is not None:
        return
    project = find_project(settings_file).resolved()
    settings = project.settings.ui
    host, port = _address(listen or settings.listen)
    _require_guarded(host, settings)
    with _listening(host, port) as listener:
        port = listener.getsockname()[1]
        server, logins = _server(project, store, port, read_only=read_only or settings.read_only)
        url = f"http://{f'[{host}]' if ':' in host else host}:{port}"
        if beside:
            _give_way(server)
        # uvicorn ends by the signal that it got, and what was announced must be taken back.
        signal.signal(signal.SIGTERM, lambda *_: sys.exit())
        with announced(folder_of(os.environ), port, Served(url, logins.keeper)):
            notice(f"fql ui on {url}, log in within 10 minutes: {url}/in/{logins.link()}")
            if open_it:
                webbrowser.open(f"{url}/in/{logins.link()}")
            asyncio.run(server.serve(sockets=[listener]))


def _give_way(server: uvicorn.Server) -> None:
    """The engine goes first, and the page ends with it."""
    os.nice(NICE)

    def until_it_ends() -> None:
        sys.stdin.buffer.read()
        server.should_exit = True

    threading.Thread(target=until_it_ends, daemon=True).start()


@ui.command("link")
@click.option("--port", type=int, help="That of the page; without it, the one that began last.")
def link(port: int | None) -> None:
    """Print another login link of a page that is running."""
    served = served_at(folder_of(os.environ), port)
    if served is None:
        raise SettingsError("no page of yours is running here", hint="start one with `fqlc ui`")
    answer = ask(f"{served.url}/in/", bearer=served.secret)
    if answer is None:
        hint = "start it again with `fqlc ui`"
        raise SettingsError(f"the page at {served.url} does not answer", hint=hint)
    if answer.status != 200:
        raise SettingsError(f"the page at {served.url} refused: {answer.text.strip()}")
    data(f"{served.url}/in/{answer.text.strip()}")


def _address(text: str) -> tuple[str, int]:
    try:
        return host_and_port(text)
    except ValueError as problem:
        raise UsageError(str(problem)) from problem


def _require_guarded(host: str, settings: Ui) -> None:
    if host in LOOPBACK or (settings.token and settings.hosts):
        return
    raise UsageError(
        f"{host} can be reached by others, so [ui] needs a `token` and `hosts`",
        hint="listen on 127.0.0.1 behind a proxy that lets in whom you want, or set both",
    )


def _listening(host: str, port: int) -> socket.socket:
    try:
        return socket.create_server(
            (host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET
        )
    except OSError as error:
        raise SettingsError(
            f"the page cannot listen on {host}:{port}: {error.strerror}",
            hint="choose another port with --listen, or 0 for a free one",
        ) from error


def _server(
    project: Project, store: str | None, port: int, *, read_only: bool
) -> tuple[uvicorn.Server, Logins]:
    try:
        import starlette  # noqa: F401
        import uvicorn
    except ImportError as missing:
        raise not_installed("`fqlc ui`", missing.name or "starlette", "ui") from missing
    from fql.ui.access import Rules
    from fql.ui.application import application
    from fql.ui.desk import Desk
    from fql.ui.logins import Logins
    from fql.ui.pages import Templates
    from fql.ui.present.watching import Watching

    settings = project.settings.ui
    place = project.store_place(store)
    if place.database.kind == "memory":
        raise UsageError("a store in memory cannot be seen from another process")
    desk = Desk(
        place=place, project=project.settings.project.name,
        templates=Templates(), wall=lambda: time.time_ns() // 1_000_000,
        page_size=settings.page_size, payloads=settings.payloads,
        differences=click.get_current_context().meta.get(PLAN_DIFFERENCES),
        watching=Watching(allowed=not read_only),
    )  # fmt: skip
    logins = Logins(
        time.monotonic,
        lambda: secrets.token_urlsafe(24),
        settings.token,
        keeper=secrets.token_urlsafe(24),
    )
    rules = Rules(port, frozenset(settings.hosts), read_only=read_only)
    app = application(desk, rules, logins)
    config = uvicorn.Config(
        app, log_level="warning", server_header=False, proxy_headers=False, http="httptools"
    )
    return uvicorn.Server(config), logins
