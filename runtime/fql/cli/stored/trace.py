"""`fqlc trace`: the story of one event or run."""

from __future__ import annotations

from collections.abc import Iterator
from operator import itemgetter

import click

from fql.cli.stored.stores import with_client
from fql.client import Client
from fql.errors import UsageError
from fql.exact.kinds import as_object
from fql.observe.traceparent import trace_id_of
from fql.store.showing.history import RowTrace, Unmatched
from fql.store.shown import DeadLetter, NodeShown, RunShown, Trace
from fql.terminal.lines import json_line, prose
from fql.terminal.options import format_option, settings_option, store_option
from fql.terminal.words import moment, one_line, shortened


@click.command(
    epilog="\b\nExamples:\n  fqlc trace evt-1\n  fqlc trace run_4fdee000000002 --format json\n"
    "  fqlc trace Order 48213"
)
@click.argument("names", metavar="EVENT|RUN|ENTITY KEY", nargs=-1, required=True)
@store_option()
@settings_option()
@format_option()
def trace(names: tuple[str, ...], store: str | None, settings_file: str | None, form: str) -> None:
    """Tell the story of one event, run or row: every action, every attempt.

    A row is its entity and the value of its `@key`, such as Order 48213. Its story has also the
    events that came to nothing, and why, as far as they are kept (`[store] keep_unmatched`).
    """
    name = " ".join(names)

    async def work(client: Client) -> Trace | RowTrace:
        found = await client.trace(name)
        if (found.event is None and not found.dead_letters) and " " in name.strip():
            return await client.trace_row(name)
        return found

    found = with_client(store, settings_file, work)
    if isinstance(found, Trace) and found.event is None and not found.dead_letters:
        raise UsageError(
            f"this store has no event or run {name}",
            hint="see `fqlc runs`; a row is named by its entity and key: fqlc trace Order 48213",
        )
    if form == "json":
        json_line(found.as_json())
        return
    for line in story(found) if isinstance(found, Trace) else row_story(found):
        prose(line)


def row_story(found: RowTrace) -> Iterator[str]:
    """The lines for a person: all that has happened, in its order."""
    told = [(str(as_object(one.event)["timestamp"]), [*story(one)]) for one in found.traces]
    told += [(one.at, [*_unmatched_lines(one)]) for one in found.unmatched]
    told += [(one.failed_at, [_letter_line(one)]) for one in found.dead_letters]
    if not told:
        yield f"nothing is stored of {one_line(found.row)}"
        yield "  it had no event, or none since its entity has a key, or they are not kept any more"
    for _, lines in sorted(told, key=itemgetter(0)):
        yield from lines
    if any(one.result == "unmatched" for one in found.unmatched):
        yield f'Which condition was false: fqlc explain --row "{one_line(found.row)}"'


def _unmatched_lines(event: Unmatched) -> Iterator[str]:
    yield f"{one_line(f'{event.entity}.{event.event} {event.id}')} at {moment(event.at)}"
    reasons = {"unmatched": "no observer matched it", "unknown": "the plan has no such entity"}
    yield f"  {reasons.get(event.result) or f'refused: {shortened(event.reason)}'}"


def story(found: Trace) -> Iterator[str]:
    """The lines for a person."""
    if found.event is not None:
        event = found.event
        what = one_line(f"{event['entity']}.{event['event']} {event['id']}")
        yield f"{what} at {moment(event['timestamp'])}"
        trace_id = trace_id_of(str(as_object(event["context"]).get("traceparent", "")))
        if trace_id:
            yield f"  trace {trace_id}"
        if not found.runs:
            yield "  no observer matched it"
    for run in found.runs:
        yield from _run_lines(run, found)
    for letter in found.dead_letters:
        yield _letter_line(letter)


def _letter_line(letter: DeadLetter) -> str:
    refused = f"{letter.entity}.{letter.event} {letter.event_id} was refused"
    what = one_line(letter.action or refused)
    state = " (its `else` chain took over)" if letter.handled else ""
    if letter.state == "replaying":
        state = " (being replayed)"
    return f"  dead letter {letter.dlq_id}: {what}: {shortened(letter.reason)}{state}"


def _run_lines(run: RunShown, found: Trace) -> Iterator[str]:
    until = f" to {moment(run.ended_at)}" if run.ended_at else ""
    times = f"{moment(run.started_at)}{until}"
    yield f"  {run.observer} ({run.run}): {click.style(run.state, bold=True)}, {times}"
    for node in run.nodes:
        yield f"    {node['name']}: {node['state']}{_more(node)}"
        for attempt in found.attempts.get(run.run, ()):
            if attempt.action == node["name"]:
                result = one_line(attempt.error or attempt.status)
                took = f"{attempt.duration_ms} ms"
                yield f"      {attempt.number}. {attempt.at}  {result}  {took}"


def _more(node: NodeShown) -> str:
    """When its turn comes, and what it went with."""
    next_at = f", next at {moment(node['next_at'])}" if "next_at" in node else ""
    batch = f", in batch {node['batch']}" if "batch" in node else ""
    return next_at + batch
