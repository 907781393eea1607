"""`fqlc dlq`: what was given up, and what becomes of it."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from fql.cli import letters
from fql.cli.letters import Chosen
from fql.cli.output import data, json_line, moment, say, table
from fql.cli.project import DURATION, format_option, reporting, settings_option, store_option
from fql.cli.stores import say_when_taken, with_client
from fql.client import Client, Replayed
from fql.errors import UsageError
from fql.exact.reading import read_json
from fql.store.shown import DeadLetter


@click.group(
    epilog="""\b
Examples:
  fqlc dlq list --observer order_shipped
  fqlc dlq show dlq_100000003
  fqlc dlq replay dlq_100000003
  fqlc dlq replay --failed-after 2026-03-02 --rate 10 --dry-run
  fqlc dlq stats --format json"""
)
def dlq() -> None:
    """Look at dead letters, replay or discard them."""


@dlq.command("list")
@letters.filters
@store_option
@settings_option
@format_option
@reporting
def list_letters(
    *,
    observer: str | None,
    action: str | None,
    error_class: str | None,
    failed_after: datetime | None,
    failed_before: datetime | None,
    limit: int | None,
    store: str | None,
    settings_file: str | None,
    form: str,
) -> None:
    """List dead letters, newest first."""
    chosen = Chosen((), observer, action, error_class, failed_after, failed_before, limit=limit)
    found = with_client(store, settings_file, chosen.of)
    if form == "json":
        for letter in found:
            json_line(letter.as_json())
        return
    table(letters.HEADERS, [letters.row(letter) for letter in found])


@dlq.command("show")
@click.argument("dlq_id", metavar="ID")
@store_option
@settings_option
@format_option
@reporting
def show(dlq_id: str, store: str | None, settings_file: str | None, form: str) -> None:
    """Show one dead letter: every attempt, the request with secrets masked."""
    (letter,) = with_client(store, settings_file, Chosen(ids=(dlq_id,)).of)
    if form == "json":
        json_line(letter.as_json())
        return
    for line in letters.story(letter):
        data(line)


@dlq.command("replay")
@click.argument("ids", nargs=-1, metavar="[ID...]")
@letters.filters
@click.option("--batch", metavar="ID", help="All members of this batch that are still dead.")
@click.option("--all", "everything", is_flag=True, help="Every dead letter there is.")
@click.option("--delay", type=DURATION, default=0, help="Start so much later, such as 30s.")
@click.option("--rate", type=click.FloatRange(0, min_open=True), help="Replays a second.")
@click.option("--dry-run", is_flag=True, help="Only show what would be replayed.")
@click.option(
    "--plan",
    type=click.Choice(["active", "original"]),
    default="active",
    show_default=True,
    help="Render with the plan of now, or of then.",
)
@click.option("--response", metavar="FILE", help="Take this JSON as the answer; send nothing.")
@click.option("--force", is_flag=True, help="Even where an else chain took over.")
@store_option
@settings_option
@format_option
@reporting
def replay(
    *,
    ids: tuple[str, ...],
    observer: str | None,
    action: str | None,
    error_class: str | None,
    failed_after: datetime | None,
    failed_before: datetime | None,
    limit: int | None,
    batch: str | None,
    everything: bool,
    delay: int,
    rate: float | None,
    dry_run: bool,
    plan: str,
    response: str | None,
    force: bool,
    store: str | None,
    settings_file: str | None,
    form: str,
) -> None:
    """Try again from the failed action on, with the same key and fresh attempts.

    Marks the entries; the engine on that store sends them, or the next `fqlc run` if none runs.
    """
    chosen = Chosen(ids, observer, action, error_class, failed_after, failed_before, batch, limit)
    if chosen.everything and not everything:
        raise UsageError("say which: ids, a filter, or --all")
    answer = _answer(response)

    async def work(client: Client) -> list[Replayed]:
        marked = await client.replay(
            await chosen.of(client), delay_ms=delay, rate=rate, dry_run=dry_run,
            original=plan == "original", response=answer, force=force,
        )  # fmt: skip
        if marked and not dry_run:
            await say_when_taken(client)
        return marked

    marked = with_client(store, settings_file, work)
    _show_marked(marked, form, dry_run=dry_run)
    if marked and all(one.skipped for one in marked):
        raise click.exceptions.Exit(1)


def _answer(file: str | None) -> object:
    if file is None:
        return None
    try:
        return read_json(Path(file).read_bytes())
    except (OSError, ValueError) as error:
        raise UsageError(f"{file} cannot be used as an answer: {error}") from error


def _show_marked(marked: list[Replayed], form: str, *, dry_run: bool) -> None:
    for one in marked:
        if form == "json":
            json_line(one.as_json())
        elif one.skipped:
            say(f"{one.letter.dlq_id} not replayed: {one.skipped}")
        else:
            data(f"{one.letter.dlq_id} {'would be replayed' if dry_run else 'replayed'} "
                 f"at {moment(one.due)}")  # fmt: skip
    if not marked:
        say("no dead letter fits")


@dlq.command("discard")
@click.argument("ids", nargs=-1, required=True, metavar="ID...")
@store_option
@settings_option
@reporting
def discard(ids: tuple[str, ...], store: str | None, settings_file: str | None) -> None:
    """Give dead letters up for good; what waits behind them is cancelled."""

    async def work(client: Client) -> list[DeadLetter]:
        await Chosen(ids=ids).of(client)
        gone = await client.discard(ids)
        await say_when_taken(client)
        return gone

    for letter in with_client(store, settings_file, work):
        data(f"{letter.dlq_id} discarded")


@dlq.command("stats")
@store_option
@settings_option
@format_option
@reporting
def stats(store: str | None, settings_file: str | None, form: str) -> None:
    """Count dead letters by observer, action and class."""
    found = with_client(store, settings_file, Chosen().of)
    groups: dict[tuple[str, str, str], list[str]] = {}
    for letter in found:
        group = (letter.observer, letter.action, letter.error_class)
        groups.setdefault(group, []).append(letter.failed_at)
    if form == "json":
        for group, times in sorted(groups.items()):
            names = dict(zip(("observer", "action", "class"), group, strict=True))
            json_line({**names, "count": len(times), "oldest": min(times), "newest": max(times)})
        return
    rows = [[*group, str(len(t)), moment(min(t)), moment(max(t))] for group, t in groups.items()]
    table(("observer", "action", "class", "count", "oldest", "newest"), sorted(rows))
