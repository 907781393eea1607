"""`fqlc pause` and `fqlc resume`: hold an endpoint or an observer."""

from __future__ import annotations

import click

from fql.cli.stored.stores import say_when_taken, with_client
from fql.client import Client
from fql.terminal.lines import say
from fql.terminal.options import settings_option, store_option


@click.command(epilog="\b\nExamples:\n  fqlc pause shipping\n  fqlc resume shipping")
@click.argument("name", metavar="ENDPOINT|OBSERVER")
@store_option()
@settings_option()
def pause(name: str, store: str | None, settings_file: str | None) -> None:
    """Stop sending to an endpoint or for an observer.

    The pause is stored: it outlasts restarts, until `fqlc resume`. Events are still accepted.
    """

    async def work(client: Client) -> None:
        await client.pause(name)
        await say_when_taken(client)

    with_client(store, settings_file, work)
    say(f"{name} is paused")


@click.command(epilog="\b\nExamples:\n  fqlc resume shipping")
@click.argument("name", metavar="ENDPOINT|OBSERVER")
@store_option()
@settings_option()
def resume(name: str, store: str | None, settings_file: str | None) -> None:
    """Send again what `fqlc pause` has stopped."""

    async def work(client: Client) -> None:
        await client.resume(name)
        await say_when_taken(client)

    with_client(store, settings_file, work)
    say(f"{name} goes on")
