"""Why nothing came of the events of a row, as far as they are kept in a store."""

from __future__ import annotations

from collections.abc import Iterator

import click

from fql.cli.stored.stores import with_client
from fql.client import Client
from fql.expressions.explain import Part
from fql.store.showing.why import Judged, Why
from fql.terminal.lines import json_line, prose
from fql.terminal.words import moment, one_line, shortened
from fqlc.cli.testing.conditions import condition_lines


def explain_row(row: str, store: str | None, settings: str | None, form: str) -> None:
    """Print one object, or one story, for each event without a run that is kept."""

    async def work(client: Client) -> list[Why]:
        return await client.why(row)

    found = with_client(store, settings, work)
    if form == "json":
        for one in found:
            json_line(one.as_json())
        return
    if not found:
        prose(f"no event of {one_line(row)} is kept that came to nothing")
        prose(f'  what did happen to it: fqlc trace "{one_line(row)}"')
    for one in found:
        for line in _why_lines(one):
            prose(line)


def _why_lines(one: Why) -> Iterator[str]:
    event = one.event
    name = one_line(f"{event.entity}.{event.event} {event.id}")
    yield f"{click.style(name, bold=True)} at {moment(event.at)}"
    if one.problem:
        yield f"  {shortened(one.problem)}"
    for number, judged in enumerate(one.observers):
        nearest = ", the nearest" if not number and len(one.observers) > 1 else ""
        yield f"  {judged.observer}: does not match{nearest}"
        yield from _condition(judged)
    if one.others and not one.problem:
        yield f"  not watching {event.entity}.{event.event}: {one_line(', '.join(one.others))}"


def _condition(judged: Judged) -> Iterator[str]:
    lines = list(condition_lines(judged.condition, 4))
    for line, part in zip(lines, _in_order(judged.condition), strict=True):
        hint = judged.hints.get(part.text) if not part.parts else None
        yield f"{line}  <- {hint}" if hint else line


def _in_order(part: Part) -> Iterator[Part]:
    yield part
    for inner in part.parts:
        yield from _in_order(inner)
