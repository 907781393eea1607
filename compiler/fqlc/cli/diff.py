"""`fqlc diff`: what changes for receivers between two plans."""

from __future__ import annotations

import click

from fql.terminal.commands import format_option
from fql.terminal.lines import json_line, prose, say
from fqlc.cli.inputs import cache_option
from fqlc.cli.plans import plan_of
from fqlc.emit.diff import Area, differences


@click.command(epilog="\b\nExamples:\n  fqlc diff old.plan.json new.plan.json\n"
               "  fqlc diff deployed.json .")  # fmt: skip
@click.argument("old", metavar="OLD")
@click.argument("new", metavar="NEW")
@format_option()
@cache_option
@click.pass_context
def diff(ctx: click.Context, old: str, new: str, *, form: str) -> None:
    """Show what changes between two plans (or sources).

    \b
    triggers   which events start a run, and which actions take part
    payload    what a receiver gets: target, headers, body, signature
    delivery   when, how often and in which order it is sent
    cosmetic   what no receiver can notice

    Exit code 1 when receivers may notice a change, 0 when they cannot.
    """
    found = differences(plan_of([old]), plan_of([new]))
    area = None
    for change in found:
        if form == "json":
            json_line(change.as_json())
            continue
        if change.area is not area:
            area = change.area
            prose(click.style(area.value, bold=True))
        prose(f"  {change.where}: {change.what}")
    if not found:
        say("nothing changed")
    ctx.exit(1 if any(change.area is not Area.COSMETIC for change in found) else 0)
