"""`fqlc store backup` and `fqlc store restore`."""

from __future__ import annotations

import time
from pathlib import Path

import click

from fql.cli.caring.gap import changed_rows
from fql.cli.caring.places import file_of, place_of_command
from fql.cli.project import find_project, settings_option, store_option
from fql.errors import PlanError, UsageError
from fql.store.opening import require_store
from fql.store.plans import plan_of
from fql.store.records import StoredPlan
from fql.terminal.lines import data, notice, say
from fql.terminal.words import counted, moment


@click.command(
    epilog="\b\nExamples:\n  fqlc store backup /backups/fql.db\n"
    "  fqlc store backup '/backups/fql-{time}.db' --keep 14"
)
@click.argument("file", metavar="FILE")
@click.option(
    "--keep", type=click.IntRange(1), metavar="N", help="Remove all but the newest N of {time}."
)
@store_option
@settings_option
def backup(file: str, keep: int | None, store: str | None, settings_file: str | None) -> None:
    """Copy the store into a file, also while an engine works.

    The copy is of one moment, is checked, and has its name only when it is whole; its owner alone
    can read it. `{time}` in FILE is the time, such as 20260302T140000Z. An older backup of that
    name is replaced, any other file is not. `fqlc store restore` puts a backup in the place of the
    store.
    """
    from fql.store.sqlite.caring import backup as backups

    if keep is not None and backups.TIME not in Path(file).name:
        raise UsageError("--keep needs {time} in the name of FILE", hint="'fql-{time}.db'")
    if backups.TIME in str(Path(file).parent):
        raise UsageError("{time} may be in the name of the file, not in that of a folder")
    place = place_of_command(store, settings_file)
    path = file_of(place, "backup")
    require_store(place)
    now = int(time.time() * 1000)
    target = backups.named(file, now)
    size = backups.backup(path, target, now)
    say(f"wrote {target}: {size:,} bytes")
    if keep is not None and (gone := backups.keep_newest(file, keep)):
        say(f"removed {counted(len(gone), 'older backup')}")


@click.command(
    epilog="\b\nExamples:\n  fqlc store restore /backups/fql-20260302T140000Z.db\n"
    "  fqlc store restore --replace /backups/fql.db"
)
@click.argument("file", metavar="FILE")
@click.option("--replace", is_flag=True, help="Keep the store that is there as FILE.old.")
@store_option
@settings_option
def restore(file: str, replace: bool, store: str | None, settings_file: str | None) -> None:
    """Put a backup, or another whole copy, in the place of the store.

    No engine may be at work. What is open in the backup is sent again under its keys, marked as a
    possible repetition. What the store accepted after the backup is not in it: the command says
    from when to when, and gives a query for the rows of your tables that changed then.
    """
    from fql.store.sqlite.caring.restore import restore as put_back

    place = place_of_command(store, settings_file)
    path = file_of(place, "restore")
    now = int(time.time() * 1000)
    done = put_back(Path(file), path, place.letters, now, replace=replace)
    say(f"restored {path} from {file}")
    if done.replaced is not None:
        notice(f"the store that was there is kept as {done.replaced}")
    notice(f"what was accepted from {moment(done.since)} to {moment(done.until)} UTC is not in it")
    if done.plan is not None:
        _say_what_changed(done.plan, done.since, done.until, settings_file)


def _say_what_changed(
    stored: StoredPlan, since: int, until: int, settings_file: str | None
) -> None:
    kinds = {database.kind for database in find_project(settings_file).databases().values()}
    try:
        plan = plan_of(stored)
    except PlanError:
        notice("its plan is of another version, so that the tables of your rows are not known")
        return
    queries = changed_rows(plan, since, until, on_server="postgresql" in kinds)
    if queries:
        notice("rows that changed in that time, whose events may be among these:")
    for query in queries:
        data(query)
