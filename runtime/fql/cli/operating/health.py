"""`fqlc health`: what a supervisor asks, answered by the engine's metrics port."""

from __future__ import annotations

import click

from fql.cli.asking import ask
from fql.cli.glance import page_of, seen
from fql.errors import FqlError
from fql.terminal.lines import problem, say
from fql.terminal.options import settings_option


@click.command(epilog="\b\nExamples:\n  fqlc health\n  fqlc health --ready")
@click.option("--ready", is_flag=True, help="Ask whether events are taken, too.")
@settings_option()
def health(ready: bool, settings_file: str | None) -> None:
    """Ask the engine of this machine whether it works: exit code 0, or 1.

    It needs `[observability.prometheus]` in fql.toml, with a `port` that is not 0. A container
    can use it as its HEALTHCHECK.
    """
    page = "ready" if ready else "health"
    try:
        port = seen(None, settings_file).port
    except FqlError as error:
        problem("error", error.message, error.hint)
        raise click.exceptions.Exit(1) from None
    if port is None or not port.enabled or not port.port:
        hint = "write [observability.prometheus] with a port into fql.toml"
        problem("error", "the engine has no port that could be asked", hint)
        raise click.exceptions.Exit(1)
    url = page_of(port, page)
    answer = ask(url)
    if answer is None:
        problem("error", f"nobody answers at {url}", "is `fqlc run` running?")
        raise click.exceptions.Exit(1)
    if not answer.is_success:
        problem("error", f"{url} answers {answer.status}: {answer.text[:500].strip()}")
        raise click.exceptions.Exit(1)
    say("the engine is ready" if ready else "the engine is healthy")
