"""`fqlc dlq replay` of many, `fqlc dlq stop`, `fqlc dlq bulks`: one command, and its progress."""

from __future__ import annotations

import asyncio

import click

from fql.cli.stored.stores import say_when_taken, with_client
from fql.client import Client
from fql.letters import Foreseen, Wanted
from fql.plan.language.units import spoken_duration
from fql.store.showing.history import Bulk
from fql.terminal.lines import data, json_line, on_terminal, prose, renew, say
from fql.terminal.options import format_option, settings_option, store_option
from fql.terminal.tables import Column, table
from fql.terminal.words import counted, moment

COLUMNS = (
    Column("id"), Column("asked at", drop=3), Column("by", drop=4), Column("state"),
    Column("total"), Column("marked", drop=1), Column("resolved"), Column("dead again"),
    Column("other", drop=2), Column("passed", drop=5),
)  # fmt: skip


async def replay_many(client: Client, wanted: Wanted, form: str, *, watch: bool) -> bool:
    """Replay all that are chosen, as one bulk, or only say what that would do. Gives whether it
    failed: none could be replayed, or one that was waited for is dead again."""
    if wanted.get("dry_run") and form == "json":
        return await _list_foreseen(client, wanted)
    foreseen = await client.foresee(**wanted)
    if form != "json":
        _show_foreseen(foreseen)
    if foreseen.bounds is None or wanted.get("dry_run"):
        return bool(foreseen.skipped) and not foreseen.total
    name = await client.start_bulk(foreseen.bounds, **wanted)
    if wanted.get("wait") or watch:
        if form != "json":
            prose(f"{name} begins; `fqlc dlq stop {name}` stops it")
        return _show_end(await _followed(client, name, form, watch=watch), form)
    if form == "json":
        json_line({"bulk": name, **foreseen.as_json()})
    else:
        prose(f"{name} begins; `fqlc dlq bulks` shows how far it is")
    await say_when_taken(client)
    return False


async def _list_foreseen(client: Client, wanted: Wanted) -> bool:
    total = left = 0
    async for page in client.foreseen(**wanted):
        for one in page:
            json_line(one.as_json())
        total, left = total + len(page), left + sum(not one.skipped for one in page)
    if not total:
        say("no dead letter matches")
    return bool(total) and not left


def _show_foreseen(foreseen: Foreseen) -> None:
    if not foreseen.total and not foreseen.skipped:
        say("no dead letter matches")
        return
    if foreseen.total:
        long = spoken_duration(int(foreseen.seconds) * 1000)
        prose(f"{counted(foreseen.total, 'dead letter')}, {foreseen.rate:g} a second: {long}")
    for what, names in (("of", foreseen.actions), ("to", foreseen.receivers)):
        for name, number in names.items():
            prose(f"  {number:,} {what} {name}")
    for reason, number in foreseen.skipped.items():
        say(f"{number:,} not replayed: {reason}")


async def _followed(client: Client, name: str, form: str, *, watch: bool) -> Bulk:
    """Wait for its end, and show how far it is meanwhile."""
    end = asyncio.ensure_future(client.bulk_ended(name))
    before: Bulk | None = None
    while not end.done():
        await asyncio.wait({end}, timeout=1.0)
        for bulk in await client.bulks([name]) if watch else ():
            if form == "json" and bulk != before:
                json_line(bulk.as_json())
            elif form != "json" and on_terminal():
                renew(progress(bulk))
            before = bulk
    if watch and form != "json" and on_terminal():
        renew()
    return await end


def progress(bulk: Bulk) -> str:
    """How far it is, in one line."""
    other = f", {bulk.other:,} in another way" if bulk.other else ""
    passed = f", {sum(bulk.passed.values()):,} passed over" if bulk.passed else ""
    return (
        f"{bulk.id} {bulk.state}: {bulk.marked:,} of {bulk.total:,} marked, {bulk.resolved:,}"
        f" resolved, {bulk.dead:,} dead again{other}{passed}"
    )


def _say_passed(bulk: Bulk) -> None:
    for reason, number in bulk.passed.items():
        say(f"{number:,} passed over: {reason}")


def _show_end(bulk: Bulk, form: str) -> bool:
    if form == "json":
        json_line(bulk.as_json())
    else:
        prose(progress(bulk))
        _say_passed(bulk)
    return bulk.dead > 0 or (bool(bulk.passed) and not bulk.marked)


@click.command("stop")
@click.argument("bulk", metavar="ID")
@store_option()
@settings_option()
def stop(bulk: str, store: str | None, settings_file: str | None) -> None:
    """Let a replay of many dead letters mark no more; what is marked goes on."""

    async def work(client: Client) -> list[Bulk]:
        await client.stop_bulk(bulk)
        await say_when_taken(client)
        return await client.bulks([bulk])

    for found in with_client(store, settings_file, work):
        prose(progress(found))


@click.command("bulks")
@store_option()
@settings_option()
@format_option()
def bulks(store: str | None, settings_file: str | None, form: str) -> None:
    """List the replays of many dead letters, newest first."""
    found = with_client(store, settings_file, lambda client: client.bulks())
    if form == "json":
        for bulk in found:
            json_line(bulk.as_json())
        return
    if not found:
        data("no replay of many dead letters")
        return
    table(COLUMNS, map(_bulk_row, found))


def _bulk_row(bulk: Bulk) -> list[str]:
    numbers = (
        bulk.total,
        bulk.marked,
        bulk.resolved,
        bulk.dead,
        bulk.other,
        sum(bulk.passed.values()),
    )
    return [bulk.id, moment(bulk.at), bulk.by or "-", bulk.state, *map(str, numbers)]
