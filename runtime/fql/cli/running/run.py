"""`fqlc run`: a plan as a process of its own."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import click

from fql.app import Runtime
from fql.app.watching import note_reload
from fql.cli.examining.descriptors import raise_limit
from fql.cli.functions import functions_of
from fql.cli.project import (
    DURATION,
    Project,
    project_and_plan,
    settings_option,
    source_of,
    store_option,
)
from fql.cli.running import logs
from fql.cli.running.loops import on_fast_loop
from fql.cli.running.page import address_or_source, page_beside, page_command
from fql.cli.running.reloading import changes
from fql.cli.running.rotating import Rotation
from fql.cli.running.verdict import Verdict
from fql.engine.process.receipts import Summary
from fql.errors import FqlError, UsageError
from fql.intake.json_lines import JsonLines
from fql.outbox.project import DEFAULT_PROJECT
from fql.outbox.sqlite.capture.facts import table_name
from fql.outbox.wanted import wanted_of
from fql.plan.model import Plan
from fql.settings.databases import Database, application_at
from fql.settings.model import Settings
from fql.settings.source_tables import PostgresqlSource, SqliteSource
from fql.terminal.lines import data, json_line, on_terminal, problem, renew
from fql.terminal.options import format_option
from fql.terminal.words import counted

INTERRUPTED = 130
TIMED_OUT = 3
PROGRESS_SECONDS = 0.5

logger = logging.getLogger("fql.run")


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line says besides the plan. Durations in milliseconds."""

    events: tuple[str, ...]
    until_idle: bool
    timeout: int | None
    fail_on_dead: bool
    store: str | None
    form: str
    compiled: bool
    page: Sequence[str] = ()


@click.command(
    epilog="""\b
Examples:
  fqlc run plan.json
  fqlc run shop.fql --events events.jsonl --until-idle
  fqlc run shop.fql --database shop.db
  psql -c ... | fqlc run plan.json --events - --until-idle --timeout 30s

Without --until-idle it runs until it is stopped (Ctrl-C or SIGTERM), and then drains: requests on
the wire end, the rest stays stored. On a store in PostgreSQL a second `fqlc run` shares the work
with the first. With `engines = "single"` in [store], and in NATS, it is a standby, and takes over
when the first is gone; with --until-idle it then ends with an error, since it could not tell
whether all work is done. SIGHUP reads environment, settings and plan again; the log says what has
taken effect, and which changed settings need a restart."""
)
@click.argument("sources", nargs=-1, metavar="[PLAN.json | SOURCES...]")
@click.option(
    "--events", multiple=True, metavar="FILE", help="Envelopes, one per line; - for standard input."
)
@click.option("--database", metavar="FILE|URL", help="A source in addition to those in fql.toml.")
@click.option("--until-idle", is_flag=True, help="Stop when all work is finished.")
@click.option(
    "--timeout", type=DURATION, help="With --until-idle: stop after this time, with exit code 3."
)
@click.option(
    "--fail-on-dead",
    is_flag=True,
    help="Exit with 1 if an action died and is dead at the end, or an event was refused.",
)
@click.option(
    "--ui", is_flag=False, flag_value="", metavar="[HOST:PORT]",
    help="Serve the page of `fqlc ui` too, as a process of its own.",
)  # fmt: skip
@store_option
@settings_option
@format_option()
def run(
    *,
    sources: tuple[str, ...],
    events: tuple[str, ...],
    database: str | None,
    until_idle: bool,
    timeout: int | None,
    fail_on_dead: bool,
    ui: str | None,
    store: str | None,
    settings_file: str | None,
    form: str,
) -> None:
    """Run a plan: accept events, make the calls, lose none."""
    if timeout is not None and not until_idle:
        raise UsageError("--timeout needs --until-idle")
    ui, sources = address_or_source(ui, sources)
    project, plan = _with_database(*project_and_plan(settings_file, sources), database)
    compiled = any(source.endswith(".json") for source in sources)
    options = Options(
        events=events,
        until_idle=until_idle,
        timeout=timeout,
        fail_on_dead=fail_on_dead,
        store=store,
        form=form,
        compiled=compiled,
        page=() if ui is None else page_command(ui, store, settings_file),
    )
    logs.set_up(project.settings.observability.logging)
    raise_limit()
    context = click.get_current_context()

    def load_again() -> tuple[Project, Plan]:
        with context:
            return _with_database(*project_and_plan(settings_file, sources), database)

    def secrets_again(project: Project, plan: Plan) -> tuple[Project, Plan]:
        return _with_database(project.resolved(), plan, database)

    process = _Process(project, plan, options, Loading(load_again, secrets_again))
    code = on_fast_loop(process.run())
    if code:
        raise click.exceptions.Exit(code)


def _with_database(project: Project, plan: Plan, database: str | None) -> tuple[Project, Plan]:
    """The project with a database of the command line among its sources."""
    settings = project.settings
    found = None if database is None else application_at(database, Path.cwd())
    if found is None or source_of(project, found):
        return project, plan
    sources = {**settings.sources, found.name: _source(found)}
    return replace(project, settings=settings.model_copy(update={"sources": sources})), plan


def _source(database: Database) -> SqliteSource | PostgresqlSource:
    if database.file is None:
        return PostgresqlSource(kind="postgresql", url=database.url)
    return SqliteSource(kind="sqlite", database=str(database.file.resolve()))


@dataclass(frozen=True, slots=True)
class Loading:
    """How plan and settings are read again: both from their files, or the ones in use with the
    secrets of now. Both raise FqlError."""

    all: Callable[[], tuple[Project, Plan]]
    secrets: Callable[[Project, Plan], tuple[Project, Plan]]


class _Process:
    """One `fqlc run`, from its first line to its exit code."""

    def __init__(
        self,
        project: Project,
        plan: Plan,
        options: Options,
        loading: Loading,
    ) -> None:
        self._project = project
        self._plan = plan
        self._options = options
        self._loading = loading
        self._now = project, plan
        self._rotation = Rotation(project, plan)
        self._taken_up = project.settings
        self._stop = asyncio.Event()
        self._reloads: set[asyncio.Task[None]] = set()

    async def run(self) -> int:
        """Run to the end; the exit code. Raises FqlError."""
        place = self._project.store_place(self._options.store)
        runtime = Runtime(
            self._plan,
            store=place.url,
            settings=self._project.run_settings(),
            sources=[JsonLines(path) for path in self._options.events],
            calls=functions_of(self._project),
            takes_over=place.database.shared and not self._options.until_idle,
        )
        self._listen()
        verdict = Verdict()
        async with runtime, page_beside(self._options.page):
            self._listen_for_reloads(runtime)
            self._greet(runtime)
            code = await self._until_the_end(runtime)
            await verdict.look(runtime)
        self._conclude(runtime.status())
        failed = self._options.fail_on_dead and verdict.failed(runtime.status())
        return code or (1 if failed else 0)

    def _greet(self, runtime: Runtime) -> None:
        name = self._project.settings.project.name
        name = "fqlc run" if name == DEFAULT_PROJECT else name
        fields = {"event": "Ready", "project": name, "plan": runtime.plan.digest}
        count = counted(len(runtime.plan.observers), "observer")
        if not (self._project.settings.sources or self._options.events):
            logger.warning("%s", without_sources(self._plan))
        state = "ready" if runtime.leads else "ready, standing by"
        logger.info("%s: %s, %s", name, count, state, extra={"fql": fields})

    def _listen(self) -> None:
        """Before anything is sent: whoever is told to end by then drains as well."""
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, self._asked_to_end)

    def _listen_for_reloads(self, runtime: Runtime) -> None:
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGHUP, self._asked_to_reload, runtime)

    def _asked_to_end(self) -> None:
        """The first signal drains; the second ends at once: what is on the wire is sent again."""
        if self._stop.is_set():
            os._exit(INTERRUPTED)
        self._stop.set()
        logger.info("draining: what is on the wire ends, the rest stays stored")
        logger.info("a second Ctrl-C or SIGTERM ends at once")

    def _asked_to_reload(self, runtime: Runtime) -> None:
        task = asyncio.get_running_loop().create_task(self._reload(runtime, self._loading.all))
        self._reloads.add(task)
        task.add_done_callback(self._reloads.discard)

    async def _follow_secrets(self, runtime: Runtime) -> None:
        """The plan in use, with other secrets; a plan that waits for its reload goes on waiting."""
        while True:
            names = await self._rotation.changed()
            logger.info("secrets have changed: %s", ", ".join(names))
            await self._reload(runtime, lambda: self._loading.secrets(*self._now))

    async def _reload(self, runtime: Runtime, load: Callable[[], tuple[Project, Plan]]) -> None:
        """All or nothing: with any fault the running plan stays."""
        try:
            project, plan = await asyncio.to_thread(load)
            await runtime.reload(plan, settings=project.run_settings())
        except FqlError as error:
            note_reload(runtime, failed=True)
            logger.error("not reloaded: %s", error.message)  # noqa: TRY400  (no traceback for users)
        except click.exceptions.Exit:
            note_reload(runtime, failed=True)
            logger.error("not reloaded: the sources have errors")  # noqa: TRY400
        else:
            note_reload(runtime, failed=False)
            self._now = project, plan
            self._rotation.follow(project, plan)
            logger.info("reloaded: plan %s", plan.digest)
            self._tell_of_settings(project.settings)

    def _tell_of_settings(self, again: Settings) -> None:
        """Say which changed settings were applied and which were not."""
        before, self._taken_up = self._taken_up, again
        found = changes(self._project.settings, before, again, compiled=self._options.compiled)
        if again.observability.logging != before.observability.logging:
            logs.set_up(again.observability.logging)
        for words, keys, level in (
            ("settings applied", found.taken_up, logging.INFO),
            ("restart for these changed settings to take effect", found.restart, logging.WARNING),
            ("compile the plan again for these to take effect", found.compile, logging.WARNING),
        ):
            if keys:
                logger.log(level, "%s: %s", words, ", ".join(keys))

    async def _until_the_end(self, runtime: Runtime) -> int:
        progress = asyncio.create_task(self._progress(runtime))
        secrets = asyncio.create_task(self._follow_secrets(runtime))
        stopped = asyncio.create_task(self._stop.wait())
        ended: list[asyncio.Task[object]] = [stopped, asyncio.create_task(runtime.failed())]
        if self._options.until_idle:
            ended.append(asyncio.create_task(runtime.until_idle()))
        seconds = None if self._options.timeout is None else self._options.timeout / 1_000
        finished, left = await asyncio.wait(
            ended, timeout=seconds, return_when=asyncio.FIRST_COMPLETED
        )
        for task in (progress, secrets, *left):
            task.cancel()
        for task in finished:
            task.result()
        if not finished:
            problem("error", "the time given by --timeout is over, and work is left")
            return TIMED_OUT
        interrupted = stopped in finished and self._options.until_idle
        return INTERRUPTED if interrupted else 0

    async def _progress(self, runtime: Runtime) -> None:
        """One line that renews itself, for a person who waits."""
        if not (self._options.until_idle and on_terminal()):
            return
        while True:
            await asyncio.sleep(PROGRESS_SECONDS)
            renew(shown(runtime.status()))

    def _conclude(self, summary: Summary) -> None:
        if self._options.until_idle and on_terminal():
            renew()
        if self._options.form == "json":
            json_line(summary.as_json())
        else:
            data(shown(summary))


def shown(summary: Summary) -> str:
    """The numbers in one line."""
    replayed = [f"{summary.replayed:,} replayed"] if summary.replayed else []
    taken = [counted(summary.events, "event"), counted(summary.runs, "run")]
    what = [*taken, *replayed] if summary.events or not replayed else replayed
    ended = f"{summary.done:,} done, {summary.dead:,} dead, {summary.left:,} left"
    text = f"{', '.join(what)}: {ended}"
    others = [counted(summary.duplicates, "duplicate")] if summary.duplicates else []
    others += [f"{summary.refused:,} refused: see fqlc dlq list"] if summary.refused else []
    if summary.unknown:
        others.append(f"{summary.unknown:,} of an entity that the plan does not know")
    return f"{text} ({', '.join(others)})" if others else text


def without_sources(plan: Plan) -> str:
    """What it means that a run has no source, and what to do about it."""
    tables = ", ".join(sorted(table_name(one.entity) for one in wanted_of(plan)))
    text = "there is no source: events come only from `fqlc emit` or a client of this store"
    if not tables:
        return text
    return (
        f"{text}. Changes of {tables} are not seen: add --database FILE, or in fql.toml"
        ' [sources.NAME] with kind = "sqlite" and database = "FILE"; for PostgreSQL'
        ' --database URL, or kind = "postgresql" and url = "URL"'
    )
