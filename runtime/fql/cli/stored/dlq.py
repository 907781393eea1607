"""`fqlc dlq`: what was given up, and what becomes of it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import click

from fql.cli.stored import bulks, letters
from fql.cli.stored.stores import say_when_taken, with_client
from fql.client import Client
from fql.errors import UsageError
from fql.exact.reading import read_foreign
from fql.letters import Choice, Replayed, Wanted, asked
from fql.store.choosing import LetterGroup
from fql.store.port import MOST_COUNTED
from fql.store.shown import DeadLetter, as_far, instant
from fql.terminal.commands import Commands
from fql.terminal.lines import data, json_line, notice, prose
from fql.terminal.options import format_option, settings_option, store_option
from fql.terminal.tables import Column, Table, table
from fql.terminal.words import moment

GROUPS = (
    Column("observer", least=12), Column("action", least=12), Column("class"), Column("count"),
    Column("oldest", drop=1), Column("newest", drop=2),
)  # fmt: skip


@click.group(
    cls=Commands,
    epilog="""\b
Examples:
  fqlc dlq list --observer order_shipped
  fqlc dlq list --row "Order 48213" --reason 503
  fqlc dlq show dlq_4fdee000000003_warehouse
  fqlc dlq replay dlq_4fdee000000003_warehouse
  fqlc dlq replay --failed-after 2026-03-02 --rate 10 --dry-run
  fqlc dlq replay --observer order_shipped --watch
  fqlc dlq stop bulk_2f
  fqlc dlq discard --observer order_shipped --reason 410 --dry-run
  fqlc dlq stats --reason 503 --format json""",
)
def dlq() -> None:
    """Look at dead letters, replay or discard them."""


@dlq.command("list")
@letters.filters
@store_option()
@settings_option()
@format_option()
def list_letters(
    *, choice: Choice, store: str | None, settings_file: str | None, form: str
) -> None:
    """List dead letters, newest first."""
    columns = Table(letters.COLUMNS)

    async def work(client: Client) -> None:
        async for page in client.dead_letter_pages(**choice):
            if form == "json":
                for letter in page:
                    json_line(letter.as_json())
            else:
                columns.add(letters.row(letter) for letter in page)

    with_client(store, settings_file, work)
    if form != "json":
        columns.end()


@dlq.command("show")
@click.argument("dlq_id", metavar="ID")
@store_option()
@settings_option()
@format_option()
def show(dlq_id: str, store: str | None, settings_file: str | None, form: str) -> None:
    """Show one dead letter: every attempt, the request with secrets masked."""
    (letter,) = with_client(store, settings_file, lambda one: letters.require(one, (dlq_id,)))
    if form == "json":
        json_line(letter.as_json())
        return
    for line in letters.story(letter):
        prose(line, hang=letters.NAMES)


@dlq.command("replay")
@click.argument("ids", nargs=-1, metavar="[ID...]")
@letters.filters
@click.option("--batch", metavar="ID", help="All members of this batch that are still dead.")
@click.option("--all", "everything", is_flag=True, help="All dead letters.")
@click.option("--delay", metavar="DURATION", help="Delay the replay by this, such as 30s.")
@click.option("--rate", type=float, help="Replays per second.")
@click.option("--dry-run", is_flag=True, help="Only show what would be replayed.")
@click.option(
    "--plan",
    type=click.Choice(["active", "original"]),
    default="active",
    show_default=True,
    help="Render with the active plan, or with the plan the run started on.",
)
@click.option("--response", metavar="FILE", help="Use this JSON as the answer and send nothing.")
@click.option("--force", is_flag=True, help="Also those that an else chain has handled.")
@click.option(
    "--wait", is_flag=True, help="Wait until they have ended; exit with 1 if one is dead."
)
@click.option("--watch", is_flag=True, help="The same for many, and show how far it is.")
@store_option()
@settings_option()
@format_option()
def replay(
    *,
    ids: tuple[str, ...],
    choice: Choice,
    batch: str | None,
    everything: bool,
    delay: str | None,
    rate: float | None,
    dry_run: bool,
    plan: Literal["active", "original"],
    response: str | None,
    force: bool,
    wait: bool,
    watch: bool,
    store: str | None,
    settings_file: str | None,
    form: str,
) -> None:
    """Try again from the failed action on, with the same key and fresh attempts.

    Those that are given by their ids are marked at once. All that a filter chooses are one replay,
    10 a second unless --rate says so: `fqlc dlq bulks` shows how far it is, `fqlc dlq stop` stops
    it, and what fails after this command is not part of it. The engine of that store sends them,
    or the next `fqlc run` if none is running.
    """
    if batch is not None:
        choice["filter"] = {**(choice["filter"] or {}), "batch": batch}
    wanted = Wanted(
        **choice, all=everything, delay=delay, rate=rate, plan=plan, force=force,
        response=_answer_in_file(response), dry_run=dry_run, wait=wait,
    )  # fmt: skip
    asked(ids, wanted)
    if ids and watch:
        raise UsageError("--watch is for a replay of many; use --wait with ids")

    async def work(client: Client) -> bool:
        if ids:
            return await _replay_these(client, ids, wanted, form)
        return await bulks.replay_many(client, wanted, form, watch=watch)

    if with_client(store, settings_file, work):
        raise click.exceptions.Exit(1)


async def _replay_these(client: Client, ids: Sequence[str], wanted: Wanted, form: str) -> bool:
    """Mark them, and wait for their ends if that is wanted. Gives whether it failed: none could be
    replayed, or one that was waited for is dead again."""
    await letters.require(client, ids)
    dry_run = wanted["dry_run"]
    wait = wanted["wait"] and not dry_run
    marked = await client.replay_these(ids, **wanted)
    left = any(not one.skipped for one in marked)
    if not (wait and form == "json"):
        _show_marked(marked, form, dry_run=dry_run)
    if wait:
        return _show_ended(await client.ended(marked), form) or not left
    if left and not dry_run:
        await say_when_taken(client)
    return not left


def _show_ended(ended: Sequence[Replayed], form: str) -> bool:
    """What became of each, in JSON of the ones that were left out as well; whether one is dead."""
    dead = False
    for one in ended:
        letter = one.letter
        if form == "json":
            json_line(one.as_json())
        elif not one.skipped:
            again = f"dead again: {letter.reason}"
            prose(f"{letter.dlq_id} {again if letter.state == 'dead' else letter.state}")
        dead = dead or (letter.state == "dead" and not one.skipped)
    return dead


def _answer_in_file(file: str | None) -> object:
    if file is None:
        return None
    try:
        answer = read_foreign(Path(file).read_bytes())
    except (OSError, ValueError) as error:
        raise UsageError(f"{file} cannot be used as an answer: {error}") from error
    if answer is None:
        raise UsageError(f"{file} contains null, which is not an answer")
    return answer


def _show_marked(marked: list[Replayed], form: str, *, dry_run: bool) -> None:
    for one in marked:
        if form == "json":
            json_line(one.as_json())
        elif one.skipped:
            notice(f"{one.letter.dlq_id} not replayed: {one.skipped}")
        else:
            verb = "would" if dry_run else "will"
            prose(f"{one.letter.dlq_id} {verb} be replayed at {moment(one.due)}")


@dlq.command("discard")
@click.argument("ids", nargs=-1, metavar="[ID...]")
@letters.filters
@click.option("--dry-run", is_flag=True, help="Only show what would be discarded.")
@store_option()
@settings_option()
def discard(
    *,
    ids: tuple[str, ...],
    choice: Choice,
    dry_run: bool,
    store: str | None,
    settings_file: str | None,
) -> None:
    """Give up dead letters for good; work that waits for them is cancelled.

    Those that are given by their ids, or all that a filter chooses. There is no way back: look
    first, with --dry-run.
    """
    if ids and any(value is not None for value in choice.values()):
        raise UsageError("give either ids or a filter, not both")

    async def work(client: Client) -> list[DeadLetter]:
        if ids:
            await letters.require(client, ids)
        if dry_run:
            return await client.dead_letters(ids=ids, **choice)
        gone = await client.discard(ids, **choice)
        await say_when_taken(client)
        return gone

    gone = with_client(store, settings_file, work)
    for letter in gone:
        data(f"{letter.dlq_id} {'would be discarded' if dry_run else 'discarded'}")
    if not gone:
        notice("no dead letter fits: nothing is discarded")


@dlq.command("stats")
@letters.filters
@store_option()
@settings_option()
@format_option()
def stats(*, choice: Choice, store: str | None, settings_file: str | None, form: str) -> None:
    """Count dead letters by observer, action and class."""
    groups = with_client(store, settings_file, lambda client: client.dead_letter_groups(**choice))
    if form == "json":
        for group in groups:
            json_line({
                "observer": group.observer, "action": group.action, "class": group.error_class,
                "count": min(group.number, MOST_COUNTED), "more": group.number > MOST_COUNTED,
                "oldest": instant(group.oldest),
                "newest": instant(group.newest),
            })  # fmt: skip
        return
    table(GROUPS, map(_group_row, groups))


def _group_row(group: LetterGroup) -> list[str]:
    name = (group.observer, group.action, group.error_class)
    return [*name, as_far(group.number), moment(group.oldest), moment(group.newest)]


dlq.add_command(bulks.stop)
dlq.add_command(bulks.bulks)
