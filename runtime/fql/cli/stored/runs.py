"""`fqlc runs`: list, cancel, send again."""

from __future__ import annotations

import click

from fql.cli.stored.stores import say_when_taken, with_client
from fql.client import RUN_STATES, Client
from fql.store.shown import RunShown
from fql.terminal.commands import Commands
from fql.terminal.lines import json_line, say
from fql.terminal.options import format_option, settings_option, store_option
from fql.terminal.tables import Column, table
from fql.terminal.words import moment

COLUMNS = (
    Column("run"), Column("observer", least=12, drop=3), Column("event", least=16, drop=2),
    Column("state"), Column("started", drop=1), Column("actions", least=16, drop=4),
)  # fmt: skip


@click.group(
    cls=Commands,
    invoke_without_command=True,
    epilog="""\b
Examples:
  fqlc runs
  fqlc runs list --state dead --format json
  fqlc runs list --row "Order 48213"
  fqlc runs cancel run_4fdee000000002
  fqlc runs resend run_4fdee000000002 --action books""",
)
@click.pass_context
def runs(context: click.Context) -> None:
    """List runs, cancel them, send them again."""
    if context.invoked_subcommand is None:
        with list_runs.make_context("list", [], parent=context) as inner:
            list_runs.invoke(inner)


@runs.command("list")
@click.option("--observer", metavar="NAME", help="Only of this observer.")
@click.option(
    "--state", metavar="STATE", type=click.Choice(RUN_STATES),
    help=f"Only in this state: {', '.join(RUN_STATES)}.",
)  # fmt: skip
@click.option("--event", metavar="ID", help="Only of this event.")
@click.option("--entity", metavar="NAME", help="Only of rows of this entity.")
@click.option("--row", metavar='"ENTITY KEY"', help='Only of this row, such as "Order 48213".')
@click.option("--since", metavar="WHEN", help="Only those that started then or later (UTC).")
@click.option("--until", metavar="WHEN", help="Only those that started before then (UTC).")
@click.option(
    "--limit", type=click.IntRange(1), default=100, show_default=True, help="At most this many."
)
@store_option()
@settings_option()
@format_option()
def list_runs(
    *,
    observer: str | None = None,
    state: str | None = None,
    event: str | None = None,
    entity: str | None = None,
    row: str | None = None,
    since: str | None = None,
    until: str | None = None,
    limit: int = 100,
    store: str | None = None,
    settings_file: str | None = None,
    form: str = "text",
) -> None:
    """List runs, newest first."""

    async def work(client: Client) -> list[RunShown]:
        return await client.runs(
            observer=observer, state=state, event=event, entity=entity, row=row, since=since,
            until=until, limit=limit,
        )  # fmt: skip

    found = with_client(store, settings_file, work)
    if form == "json":
        for run in found:
            json_line(run.as_json())
        return
    table(COLUMNS, map(_row, found))


def _row(run: RunShown) -> list[str]:
    actions = ", ".join(f"{node['name']} {node['state']}" for node in run.nodes)
    event = f"{run.entity}.{run.event} {run.event_id}"
    return [run.run, run.observer, event, run.state, moment(run.started_at), actions]


@runs.command("cancel")
@click.argument("run", required=False)
@click.option("--observer", metavar="NAME", help="All open and dead runs of this observer.")
@store_option()
@settings_option()
def cancel(
    run: str | None, observer: str | None, store: str | None, settings_file: str | None
) -> None:
    """Stop a run; what is on the wire ends and is recorded."""

    async def work(client: Client) -> list[str]:
        names = await client.cancel(run=run, observer=observer)
        if names:
            await say_when_taken(client)
        return names

    names = with_client(store, settings_file, work)
    if not names:
        say("there was nothing to cancel: all of it has ended")
        raise click.exceptions.Exit(1)
    say(f"cancelled {', '.join(names)}")


@runs.command("resend")
@click.argument("run")
@click.option("--action", default="", metavar="NAME", help="Only this action.")
@click.option("--new-key", is_flag=True, help="As a new delivery, with a new key.")
@store_option()
@settings_option()
def resend(
    *, run: str, action: str, new_key: bool, store: str | None, settings_file: str | None
) -> None:
    """Send the finished actions of a run once more."""

    async def work(client: Client) -> None:
        await client.resend(run, action=action, new_key=new_key)
        await say_when_taken(client)

    with_client(store, settings_file, work)
