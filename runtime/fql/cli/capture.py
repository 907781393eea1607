"""`fqlc capture`: triggers and outbox in the application's database."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import asdict

import click

from fql.cli.capturing.opening import capturing
from fql.cli.capturing.words import Capturing, Install, Looked
from fql.cli.project import Project, find_project, plan_of, settings_option, source_of
from fql.errors import UsageError
from fql.exact.writing import json_text
from fql.outbox.fitting import Misfit
from fql.outbox.sampling import Sample
from fql.outbox.state import Changed, Status
from fql.settings.databases import Database, application_at
from fql.terminal.commands import Commands
from fql.terminal.lines import data, json_line, notice, problem, say
from fql.terminal.options import format_option
from fql.terminal.tables import Column, table
from fql.terminal.words import counted

plan_argument = click.argument("sources", nargs=-1, metavar="[PLAN.json | SOURCES...]")
database_option = click.option(
    "--database",
    metavar="FILE|URL",
    help="The application's database, a SQLite file or postgresql://...; by default the one in"
    " fql.toml.",
)


@click.group(
    cls=Commands,
    epilog="""\b
Examples:
  fqlc capture plan --database shop.db shop.fql
  fqlc capture install --database shop.db plan.json
  fqlc capture status --database shop.db plan.json
  fqlc capture install --database postgresql://owner@db/shop plan.json --engine worker""",
)
def capture() -> None:
    """Capture changed rows of a SQLite or PostgreSQL database by triggers."""


@capture.command("plan")
@plan_argument
@database_option
@settings_option
def show_plan(sources: tuple[str, ...], database: str | None, settings_file: str | None) -> None:
    """Print the SQL that `install` would run; change nothing."""
    project = find_project(settings_file).resolved()
    plan = plan_of(sources, project)
    statements, faults = _at(_database(database, project), project).statements(plan)
    for fault in faults:
        problem("error", fault)
    for statement in statements:
        data(f"{statement};\n")
    if faults:
        raise click.exceptions.Exit(1)


@capture.command("install")
@plan_argument
@database_option
@settings_option
@click.option("--prune", is_flag=True, help="Remove what only an older plan of this project needs.")
@click.option("--owner", default="", metavar="ROLE", help="Owner of what is created (PostgreSQL).")
@click.option(
    "--engine", "engines", multiple=True, metavar="ROLE", help="Role that may run the plan."
)
@click.option(
    "--emitter", "emitters", multiple=True, metavar="ROLE", help="Role that may call emit."
)
def do_install(
    *,
    sources: tuple[str, ...],
    database: str | None,
    settings_file: str | None,
    prune: bool,
    owner: str,
    engines: tuple[str, ...],
    emitters: tuple[str, ...],
) -> None:
    """Create or renew the triggers that this plan needs.

    All in one transaction. On a PostgreSQL server the roles of --owner, --engine and --emitter must
    exist; each gets only the rights it needs. On SQLite --prune is always on.
    """
    project = find_project(settings_file).resolved()
    plan = plan_of(sources, project)
    place = _database(database, project)
    looked, changed = _at(place, project).install(plan, Install(prune, owner, engines, emitters))
    triggers = looked.status.triggers
    tables = ", ".join(sorted({trigger.table for trigger in triggers})) or "no table"
    made = f"{counted(len(triggers), 'trigger')} on {tables} ({len(changed.made)} new)"
    say(f"{place.shown}: {made}")
    _say_removed(place, changed)
    _say_fit(looked.unfit, looked.samples)
    if not source_of(project, place):
        _say_unread(place)


def _say_unread(place: Database) -> None:
    say(f"nothing reads this outbox yet: `fqlc run --database {place.shown}` does, or in fql.toml")
    name = re.sub(r"[^A-Za-z0-9_-]", "_", place.name) or "shop"
    key = "url" if place.file is None else "database"
    value = json_text(place.shown)
    say(f'\n  [sources.{name}]\n  kind = "{place.kind}"\n  {key} = {value}\n')


@capture.command("status")
@plan_argument
@database_option
@settings_option
@format_option()
def show_status(
    sources: tuple[str, ...], database: str | None, settings_file: str | None, form: str
) -> None:
    """Compare the triggers in the database with the plan.

    Exit code 1 when they differ. Sources that need no capture, such as NATS, are for `fqlc doctor`.
    """
    project = find_project(settings_file).resolved()
    plan = plan_of(sources, project)
    looked = _at(_database(database, project), project).look(plan)
    if form == "json":
        _show_json(looked)
    else:
        _show_text(looked.status)
        _say_fit(looked.unfit, looked.samples)
        if others := _uncaptured(project):
            notice(others)
    if not looked.status.in_step:
        raise click.exceptions.Exit(1)


def _say_fit(unfit: Sequence[Misfit], samples: Sequence[Sample]) -> None:
    """What of the tables does not fit the entities; nothing of it stops anything."""
    for misfit in unfit:
        notice(str(misfit))
    for one in samples:
        if one.unfit:
            notice(str(one))


def _show_json(looked: Looked) -> None:
    now, unfit, samples = looked.status, looked.unfit, looked.samples
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
        notice(f"trigger {name} of the application {about}")
    for project, rows in now.others.items():
        about = f"has an outbox in this database as well, with {counted(rows, 'row')}"
        notice(f"project {project} {about}")
    waiting = f"waiting in the outbox: {counted(now.waiting, 'event')}"
    notice(waiting if now.outbox else "there is no outbox yet")
    notice("in step with the plan" if now.in_step else "not in step: run `fqlc capture install`")


@capture.command("release")
@database_option
@settings_option
def do_release(database: str | None, settings_file: str | None) -> None:
    """Let another store read the outbox: forget the one that is registered.

    Stop that store's `fqlc run` first. Rows that it has taken but not deleted yet are sent again
    by the next one, under the same keys.
    """
    project = find_project(settings_file).resolved()
    place = _database(database, project)
    found = _at(place, project).release()
    say(
        f"{place.shown}: "
        + (f"no longer read by {found.shown()}" if found else "nobody is registered")
    )


@capture.command("uninstall")
@database_option
@settings_option
@click.option("--force", is_flag=True, help="Discard events that are still in the outbox.")
def do_uninstall(database: str | None, settings_file: str | None, force: bool) -> None:
    """Remove the triggers and tables of this project."""
    project = find_project(settings_file).resolved()
    place = _database(database, project)
    changed = _at(place, project).uninstall(force=force)
    _say_removed(place, changed)
    if not changed.removed and not changed.tables:
        say(f"{place.shown}: project {project.settings.project.name} has nothing there")


def _say_removed(place: Database, changed: Changed) -> None:
    """Name everything that is gone: nobody has to guess what a command took away."""
    if changed.removed:
        say(f"{place.shown}: removed the triggers {', '.join(changed.removed)}")
    if changed.tables:
        say(f"{place.shown}: removed the tables {', '.join(changed.tables)}")
    if changed.moved:
        rows = counted(changed.moved, "waiting event")
        say(f"{place.shown}: {rows} taken over from the older outbox")


def _at(database: Database, project: Project) -> Capturing:
    return capturing(database, project.settings.project.name)


def _database(given: str | None, project: Project) -> Database:
    """The database on the command line, else the only one among the sources of the settings."""
    if given is not None:
        return application_at(given)
    found = list(project.databases().values())
    if len(found) != 1:
        others = "" if found else _uncaptured(project)
        raise UsageError(
            "which database?" if found else "no database is given",
            hint="name it with --database, or as one [sources.NAME] of kind sqlite or postgresql"
            f" in fql.toml{others and f'; {others}'}",
        )
    return found[0]


def _uncaptured(project: Project) -> str:
    """What is read without capture, so that nobody misses it here; or nothing."""
    tables = project.settings.sources.items()
    found = [f"{name} ({one.kind})" for name, one in tables if name not in project.databases()]
    if not found:
        return ""
    return f"nothing is captured for {', '.join(found)}: `fqlc doctor` looks there"
