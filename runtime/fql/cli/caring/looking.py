"""`fqlc store info`, `check` and `upgrade`."""

from __future__ import annotations

import asyncio

import click

from fql.cli.caring.places import file_of, place_of_command
from fql.cli.project import settings_option, store_option
from fql.errors import UsageError
from fql.plan.language.units import show_size
from fql.store.opening import Place, open_store, require_store
from fql.store.port import Store
from fql.store.shown import instant
from fql.terminal.lines import data, json_line, notice, problem, say
from fql.terminal.options import format_option
from fql.terminal.words import moment


@click.command(
    epilog="\b\nExamples:\n  fqlc store info\n  fqlc store info --format json --store fql.db"
)
@store_option
@settings_option
@format_option()
def info(store: str | None, settings_file: str | None, form: str) -> None:
    """Show format, bytes by table, the oldest run, the last backup."""
    place = place_of_command(store, settings_file)
    if place.database.kind == "memory":
        raise UsageError("a store in memory cannot be seen from another process")
    require_store(place)
    shown = _of_file(place) if place.database.file else _elsewhere(place)
    if form == "json":
        json_line(shown)
        return
    for name, value in _rows_of_info(shown):
        data(f"{name:12}  {value}")


def _of_file(place: Place) -> dict[str, object]:
    from fql.store.sqlite.caring.info import info_of

    found = info_of(file_of(place, "info"))
    return {
        "store": place.database.shown,
        "format": found.form,
        "bytes": found.file,
        "free": found.free,
        "journal": found.journal,
        "tables": found.tables,
        "oldest_run": instant(found.oldest_run),
        "last_backup": instant(found.last_backup),
        "restored": instant(found.restored),
    }


def _elsewhere(place: Place) -> dict[str, object]:
    async def size() -> int:
        found = open_store(place, upgrades=False)
        await found.open()
        try:
            return (await found.size()).bytes
        finally:
            await found.close()

    return {"store": place.database.shown, "bytes": asyncio.run(size())}


def _rows_of_info(shown: dict[str, object]) -> list[tuple[str, str]]:
    tables = shown.get("tables")
    found = [("store", str(shown["store"]))]
    if "format" in shown:
        found.append(("format", str(shown["format"])))
    sizes = (("bytes", "bytes"), ("free", "of them free"), ("journal", "journal"))
    found += [(title, _size(shown[name])) for name, title in sizes if name in shown]
    if isinstance(tables, dict):
        found += [(f"  {name}", _size(size)) for name, size in tables.items()]
    for name, title in (
        ("oldest_run", "oldest run"), ("last_backup", "last backup"), ("restored", "restored"),
    ):  # fmt: skip
        if name in shown:
            found.append((title, f"{moment(shown[name])} UTC" if shown[name] else "none"))
    return found


def _size(size: object) -> str:
    return show_size(size // 1000 * 1000) if isinstance(size, int) and size >= 1000 else f"{size}B"


@click.command(epilog="\b\nExamples:\n  fqlc store check\n  fqlc store check --store backup.db")
@store_option
@settings_option
def check(store: str | None, settings_file: str | None) -> None:
    """Check that the file of a store is whole, and what its rows refer to.

    Nothing is changed, and an engine may be at work. Exit code 1 when something is wrong.
    """
    from fql.store.sqlite.caring.checking import faults_of

    place = place_of_command(store, settings_file)
    path = file_of(place, "check")
    require_store(place)
    faults = faults_of(path)
    for fault in faults:
        problem("error", fault)
    if faults:
        notice("stop the engine and restore a backup: fqlc store restore --replace FILE")
        raise click.exceptions.Exit(1)
    say(f"{path} is sound")


@click.command(
    epilog="\b\nExamples:\n  fqlc store upgrade --dry-run\n  fqlc store upgrade --no-backup"
)
@click.option("--dry-run", is_flag=True, help="Say what would be done, and do nothing.")
@click.option("--no-backup", is_flag=True, help="Where the disk has no room for a copy.")
@store_option
@settings_option
def upgrade(dry_run: bool, no_backup: bool, store: str | None, settings_file: str | None) -> None:
    """Bring a store of an older version to the format of this one.

    `fqlc run` does the same when it starts. A copy of the store as it was is kept beside it, for
    going back to the older version: FILE.format-N. No engine may be at work.
    """
    from fql.store.sqlite.caring.info import info_of
    from fql.store.sqlite.format import Upgrade, backup_name
    from fql.store.sqlite.schema import FORMAT
    from fql.store.sqlite.store import SqliteStore

    place = place_of_command(store, settings_file)
    path = file_of(place, "upgrade")
    require_store(place)
    found = info_of(path).form
    if found == FORMAT:
        say(f"{path} has format {FORMAT} already: there is nothing to do")
        return
    kept = "" if no_backup else f"; a copy of it is kept as {backup_name(path, found)}"
    if dry_run:
        say(f"{path} would be upgraded from format {found} to {FORMAT}{kept}")
        return
    how = Upgrade.AT_ONCE if no_backup else Upgrade.SAFELY
    asyncio.run(_opened_once(SqliteStore(path, letters=place.letters, upgrade=how)))
    say(f"{path} was upgraded from format {found} to {FORMAT}{kept}")


async def _opened_once(store: Store) -> None:
    await store.open()
    await store.close()
