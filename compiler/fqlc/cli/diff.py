"""`fqlc diff`: what changes for receivers between two plans."""

from __future__ import annotations

import click

from fql.exact.writing import json_text
from fql.plan.harmless import harmless, harmless_json
from fqlc.cli.inputs import cache_option
from fqlc.cli.plans import plan_of
from fqlc.emit.diff import Area, differences


@click.command(epilog="\b\nExamples:\n  fqlc diff old.plan.json new.plan.json\n"
               "  fqlc diff deployed.json .")  # fmt: skip
@click.argument("old", metavar="OLD")
@click.argument("new", metavar="NEW")
@click.option("--format", "form", type=click.Choice(("text", "json")), default="text",
              help="For people, or one object a line.")  # fmt: skip
@cache_option
@click.pass_context
def diff(ctx: click.Context, old: str, new: str, *, form: str) -> None:
    """Say what changes between two plans (or sources).

    \b
    triggers   which events start a run, and which actions take part
    payload    what a receiver reads: target, headers, body, signature
    delivery   when, how often and in which order it comes
    cosmetic   what no receiver can notice

    Exit code 1 when receivers may notice, 0 when nothing or only cosmetics changed.
    """
    found = differences(plan_of([old]), plan_of([new]))
    area = None
    for change in found:
        if form == "json":
            click.echo(harmless_json(json_text(change.as_json())))
            continue
        if change.area is not area:
            area = change.area
            click.echo(click.style(area.value, bold=True))
        click.echo(harmless(f"  {change.where}: {change.what}"))
    if not found:
        click.echo("nothing changed", err=True)
    ctx.exit(1 if any(change.area is not Area.COSMETIC for change in found) else 0)
