"""`fqlc emit`: put events into a store."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from fql.cli.stored.stores import say_when_taken, with_client
from fql.client import Client
from fql.engine.process.receipts import Receipt
from fql.errors import EventRefused, FqlError, advice_on_file
from fql.intake.json_lines import arrival
from fql.intake.port import Arrival
from fql.terminal.lines import data, json_line, say
from fql.terminal.options import format_option, settings_option, store_option


@click.command(
    epilog="""\b
Examples:
  fqlc emit event.json
  echo '{"entity": "Order", "event": "insert", "new": {"id": 1}}' | fqlc emit -"""
)
@click.argument("file", metavar="FILE|-")
@store_option()
@settings_option()
@format_option()
def emit(file: str, store: str | None, settings_file: str | None, form: str) -> None:
    """Put events into a store: envelopes, one JSON object per line.

    They are durable when the command ends. The engine on that store takes them at once, or the
    next one that starts.
    """
    envelopes = _read_envelopes(file)

    async def work(client: Client) -> list[Receipt]:
        receipts = await client.emit_all(envelopes)
        await say_when_taken(client)
        return receipts

    for receipt in with_client(store, settings_file, work):
        if form == "json":
            json_line({"receipt": receipt.id, "event_id": receipt.event_id})
        else:
            data(f"{receipt.id} {receipt.event_id}".rstrip())


def _read_envelopes(file: str) -> list[dict[str, object]]:
    """All envelopes, or none: a file with a bad line is refused as a whole."""
    try:
        text = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    except OSError as error:
        reason = error.strerror or error
        raise FqlError(f"{file} cannot be read: {reason}", hint=advice_on_file(error)) from error
    shown = "standard input" if file == "-" else file
    found = _whole_document(text) or [
        arrival(line, number) for number, line in enumerate(text.splitlines(), 1) if line.strip()
    ]
    for each in found:
        if each.problem:
            raise EventRefused(f"{shown}: {each.problem}", hint="nothing was stored")
    if not found:
        say(f"{shown} contains no event")
    return [each.envelope for each in found]


def _whole_document(text: bytes) -> list[Arrival]:
    """One envelope over several lines, as people write them."""
    one = arrival(text, 1)
    return [] if one.problem else [one]
