"""`fqlc store`: the care of a store itself."""

from __future__ import annotations

import asyncio

import click

from fql.cli.caring.backup import backup, restore
from fql.cli.caring.looking import check, info, upgrade
from fql.cli.project import find_project, settings_option, store_option
from fql.cli.stored.activate import activate
from fql.errors import UsageError
from fql.plan.language.units import show_size
from fql.store.opening import open_store, require_store
from fql.store.sqlite.store import SqliteStore
from fql.terminal.commands import Commands
from fql.terminal.lines import say


@click.group(
    cls=Commands,
    epilog="\b\nExamples:\n  fqlc store info\n  fqlc store activate plan.json\n"
    "  fqlc store backup '/backups/fql-{time}.db' --keep 14",
)
def store() -> None:
    """Look after a store."""


store.add_command(activate)


@store.command(
    epilog="\b\nExamples:\n  fqlc store vacuum\n  fqlc store vacuum --store sqlite:///fql.db"
)
@store_option
@settings_option
def vacuum(store: str | None, settings_file: str | None) -> None:
    """Give the space of what was removed back to the disk.

    Retention removes rows and keeps the space for new ones, so the file of a store never gets
    smaller by itself. No engine may be at work, and the disk must have room for the file once
    more. PostgreSQL and NATS look after their space themselves.
    """
    place = find_project(settings_file).resolved().store_place(store)
    require_store(place)
    found = open_store(place)
    if not isinstance(found, SqliteStore):
        raise UsageError(
            "only a store in an SQLite file needs this",
            hint="PostgreSQL and NATS look after their space themselves",
        )
    before, after = asyncio.run(_vacuum(found))
    say(f"the store took {_rounded(before)}, and now takes {_rounded(after)}")


for each in (info, backup, restore, check, upgrade):
    store.add_command(each)


def _rounded(size: int) -> str:
    return show_size(size // 1000 * 1000)


async def _vacuum(store: SqliteStore) -> tuple[int, int]:
    await store.open()
    try:
        return await store.vacuum()
    finally:
        await store.close()
