"""`fqlc capture`: triggers and outbox in the application's database."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import click

from fql.cli.project import Project, find_project, plan_of, settings_option, source_of
from fql.errors import UsageError
from fql.exact.writing import json_text
from fql.outbox.capture.fitting import Misfit
from fql.outbox.database import examined, opened, wanted_capture
from fql.outbox.installing import Changed, install, release, uninstall
from fql.outbox.sampling import Sample
from fql.outbox.status import Status, status
from fql.outbox.tables import Names
from fql.settings.databases import application_at
from fql.settings.model import SqliteSource
from fql.terminal.commands import format_option
from fql.terminal.lines import data, json_line, problem, say
from fql.terminal.tables import Column, table
from fql.terminal.words import counted

plan_argument = click.argument("sources", nargs=-1, metavar="[PLAN.json | SOURCES...]")
database_option = click.option(
    "--database", metavar="FILE", help="The application's database; by default the one in fql.toml."
)


@click.group(
    epilog="""\b
Examples:
  fqlc capture plan --database shop.db shop.fql
  fqlc capture install --database shop.db plan.json
  fqlc capture status --database shop.db plan.json"""
)
def capture() -> None:
    """Capture changed rows of a SQLite database by triggers."""


@capture.command("plan")
@plan_argument
@database_option
@settings_option
def show_plan(sources: tuple[str, ...], database: str | None, settings_file: str | None) -> None:
    """Print the SQL that `install` would run; change nothing."""
    project = find_project(settings_file).resolved()
    plan = plan_of(sources, project)
    with opened(_database(database, project), writable=False) as connection:
        wanted = wanted_capture(connection, plan, _names(project))
    for fault in wanted.problems:
        problem("error", fault)
    for statement in (*wanted.statements, *(trigger.sql for trigger in wanted.triggers)):
        data(f"{statement};\n")
    if wanted.problems:
        raise click.exceptions.Exit(1)


@capture.command("install")
@plan_argument
@database_option
@settings_option
def do_install(sources: tuple[str, ...], database: str | None, settings_file: str | None) -> None:
    """Create or renew the triggers that this plan needs.

    All in one transaction.
    """
    project = find_project(settings_file).resolved()
    plan = plan_of(sources, project)
    path = _database(database, project)
    with opened(path, writable=True) as connection:
        now, changed = install(connection, plan, _names(project))
        unfit, samples = examined(connection, plan)
    tables = ", ".join(sorted({trigger.table for trigger in now.triggers})) or "no table"
    say(f"{path}: {counted(len(now.triggers), 'trigger')} on {tables} ({len(changed.made)} new)")
    _say_removed(path, changed)
    _say_fit(unfit, samples)
    if not source_of(project, application_at(str(path))):
        say(f"nothing reads this outbox yet: `fqlc run --database {path}` does, or in fql.toml")
        name = re.sub(r"[^A-Za-z0-9_-]", "_", path.stem) or "shop"
        database = json_text(str(path))
        say(f'\n  [sources.{name}]\n  kind = "sqlite"\n  database = {database}\n')


@capture.command("status")
@plan_argument
@database_option
@settings_option
@format_option()
def show_status(
    sources: tuple[str, ...], database: str | None, settings_file: str | None, form: str
) -> None:
    """Compare the triggers in the database with the plan.

    Exit code 1 when they differ.
    """
    project = find_project(settings_file).resolved()
    plan = plan_of(sources, project)
    with opened(_database(database, project), writable=False) as connection:
        now = status(connection, plan, _names(project))
        unfit, samples = examined(connection, plan)
    if form == "json":
        _show_json(now, unfit, samples)
    else:
        _show_text(now)
        _say_fit(unfit, samples)
    if not now.in_step:
        raise click.exceptions.Exit(1)


def _say_fit(unfit: Sequence[Misfit], samples: Sequence[Sample]) -> None:
    """What of the tables does not fit the entities; nothing of it stops anything."""
    for misfit in unfit:
        say(str(misfit))
    for one in samples:
        if one.unfit:
            say(str(one))


def _show_json(now: Status, unfit: Sequence[Misfit], samples: Sequence[Sample]) -> None:
    for trigger in now.triggers:
        json_line({"trigger": trigger.name, "table": trigger.table, "state": trigger.state})
    for fault in now.problems:
        json_line({"problem": fault})
    for name in now.younger:
        json_line({"younger": name})
    for misfit in unfit:
        json_line({"warning": misfit.code, **asdict(misfit)})
    for one in samples:
        json_line({"sample": one.table, **asdict(one)})
    json_line({"in_step": now.in_step, "outbox": now.outbox, "waiting": now.waiting})


def _show_text(now: Status) -> None:
    columns = (Column("trigger"), Column("table", least=12, drop=1), Column("state"))
    table(columns, [(t.name, t.table, t.state) for t in now.triggers])
    for fault in now.problems:
        problem("error", fault)
    for name in now.younger:
        about = "fires before those of capture, so its event comes before the one that caused it"
        say(f"trigger {name} of the application {about}")
    for project, rows in now.others.items():
        about = f"has an outbox in this database as well, with {counted(rows, 'row')}"
        say(f"project {project} {about}")
    waiting = f"waiting in the outbox: {counted(now.waiting, 'event')}"
    say(waiting if now.outbox else "there is no outbox yet")
    say("in step with the plan" if now.in_step else "not in step: run `fqlc capture install`")


@capture.command("release")
@database_option
@settings_option
def do_release(database: str | None, settings_file: str | None) -> None:
    """Let another store read the outbox: forget the one that is registered.

    Stop that store's `fqlc run` first. Rows that it has taken and not deleted yet are sent again
    by the next one, under their old keys.
    """
    project = find_project(settings_file).resolved()
    path = _database(database, project)
    with opened(path, writable=True) as connection:
        found = release(connection, _names(project))
    say(f"{path}: " + (f"no longer read by {found.shown()}" if found else "nobody is registered"))


@capture.command("uninstall")
@database_option
@settings_option
@click.option("--force", is_flag=True, help="Discard events that are still in the outbox.")
def do_uninstall(database: str | None, settings_file: str | None, force: bool) -> None:
    """Remove the triggers and tables of this project."""
    project = find_project(settings_file).resolved()
    path = _database(database, project)
    with opened(path, writable=True) as connection:
        changed = uninstall(connection, _names(project), force=force)
    _say_removed(path, changed)
    if not changed.removed and not changed.tables:
        say(f"{path}: project {project.settings.project.name} has nothing there")


def _say_removed(path: Path, changed: Changed) -> None:
    """Name everything that is gone: nobody has to guess what a command took away."""
    if changed.removed:
        say(f"{path}: removed the triggers {', '.join(changed.removed)}")
    if changed.tables:
        say(f"{path}: removed the tables {', '.join(changed.tables)}")
    if changed.moved:
        say(f"{path}: {counted(changed.moved, 'waiting event')} taken over from the older outbox")


def _names(project: Project) -> Names:
    return Names(project.settings.project.name)


def _database(given: str | None, project: Project) -> Path:
    """The database on the command line, else the only SQLite source of the settings."""
    if given is not None:
        return Path(given)
    sources = project.settings.sources.values()
    found = [source.database for source in sources if isinstance(source, SqliteSource)]
    if len(found) != 1:
        raise UsageError(
            "which database?" if found else "no database is given",
            hint="name it with --database, or as one [sources.NAME] of kind sqlite in fql.toml",
        )
    return project.path(found[0])
