"""`fqlc list`: observers and their actions."""

from __future__ import annotations

from collections.abc import Iterator

import click

from fql.plan.model import Observer
from fql.terminal.lines import json_line, prose, say
from fql.terminal.options import format_option
from fqlc.cli.inputs import source_options, stdin_option
from fqlc.cli.plans import plan_of
from fqlc.emit.picture import condition_text, on_text, target_text


@click.command("list", epilog="\b\nExamples:\n  fqlc list .\n  fqlc list --format json plan.json")
@click.argument("paths", nargs=-1, metavar="[FILE|FOLDER|PLAN]... | -")
@format_option()
@stdin_option
@source_options
def list_(paths: tuple[str, ...], form: str, settings: str | None) -> None:
    """List the observers of sources or a plan, with their actions."""
    plan = plan_of(paths, settings)
    for observer in plan.observers:
        if form == "json":
            json_line(_entry(observer))
        else:
            for line in _lines(observer):
                prose(line)
    if form == "text" and not plan.observers:
        say("there are no observers")


def _entry(observer: Observer) -> dict[str, object]:
    span = observer.span
    return {
        "name": observer.name,
        "doc": observer.doc,
        "on": [f"{trigger.entity}.{trigger.event}" for trigger in observer.on],
        "when": condition_text(observer.when) or None,
        "file": span.file if span else None,
        "line": span.line if span else None,
        "actions": [
            {
                "name": node.name,
                "kind": node.kind,
                "target": target_text(node.config),
                "when": condition_text(node.when) or None,
            }
            for node in observer.nodes
        ],
    }


def _lines(observer: Observer) -> Iterator[str]:
    place = f"  {observer.span.file}:{observer.span.line}" if observer.span else ""
    yield f"{click.style(observer.name, bold=True)}  {on_text(observer)}{place}"
    if observer.doc:
        yield f"  {observer.doc.splitlines()[0]}"
    if observer.when is not None:
        yield f"  when {condition_text(observer.when)}"
    for node in observer.nodes:
        when = f"  when {condition_text(node.when)}" if node.when is not None else ""
        yield f"  - {node.name}: {target_text(node.config)}{when}"
