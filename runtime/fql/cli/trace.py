"""`fqlc trace`: the story of one event or run."""

from __future__ import annotations

from collections.abc import Iterator

import click

from fql.cli.output import data, json_line, moment, shortened
from fql.cli.project import format_option, reporting, settings_option, store_option
from fql.cli.stores import with_client
from fql.client import Client
from fql.errors import UsageError
from fql.store.shown import RunShown, Trace


@click.command(epilog="\b\nExamples:\n  fqlc trace evt-1\n  fqlc trace run_100000002 --format json")
@click.argument("name", metavar="EVENT|RUN")
@store_option
@settings_option
@format_option
@reporting
def trace(name: str, store: str | None, settings_file: str | None, form: str) -> None:
    """Tell the story of one event or run: every action, every attempt."""

    async def work(client: Client) -> Trace:
        return await client.trace(name)

    found = with_client(store, settings_file, work)
    if found.event is None and not found.runs:
        raise UsageError(f"this store knows no event or run {name}", hint="see `fqlc runs`")
    if form == "json":
        json_line(found.as_json())
        return
    for line in story(found):
        data(line)


def story(found: Trace) -> Iterator[str]:
    """The lines for a person."""
    if found.event is not None:
        event = found.event
        yield f"{event['entity']}.{event['event']} {event['id']} at {moment(event['timestamp'])}"
    if not found.runs:
        yield "  no observer wanted it"
    for run in found.runs:
        yield from _run(run, found)
    for letter in found.dead_letters:
        yield f"  dead letter {letter.dlq_id}: {letter.action}: {shortened(letter.reason)}"


def _run(run: RunShown, found: Trace) -> Iterator[str]:
    yield f"  {run.observer} ({run.run}): {click.style(run.state, bold=True)}"
    for node in run.nodes:
        yield f"    {node['name']}: {node['state']}"
        for attempt in found.attempts.get(run.run, ()):
            if attempt.action == node["name"]:
                result = attempt.error or attempt.status
                took = f"{attempt.duration_ms} ms"
                yield f"      {attempt.number}. {attempt.at}  {result}  {took}"
