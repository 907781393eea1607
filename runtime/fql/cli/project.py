"""What the commands share: the settings of the project, its plan, its store."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import click

from fql.cli import PLAN_LOADER
from fql.errors import UsageError
from fql.plan.environment import require, together
from fql.plan.language.units import parse_duration
from fql.plan.model import Plan
from fql.plan.stored.codec import load_plan, read_plan
from fql.settings.databases import Database
from fql.settings.environment import names_of, resolve
from fql.settings.files import beside_file, database_of, read_file
from fql.settings.reading import Settings
from fql.settings.secrets import Secrets
from fql.store.opening import Place, place_of_settings, settings_above
from fql.terminal import options


@dataclass(frozen=True)
class Project:
    """Settings and the folder that their relative paths start from. `written` are the settings with
    their `${NAME}`s, where these are replaced in `settings`."""

    settings: Settings = field(default_factory=Settings)
    folder: Path = field(default_factory=Path.cwd)
    file: Path | None = None
    written: Settings | None = field(default=None, repr=False)

    def path(self, text: str) -> Path:
        """A path of the settings file."""
        return self.folder / text

    def resolved(self, environment: Mapping[str, str] | None = None) -> Project:
        """The same with each `${NAME}` of the run-time tables replaced. Raises MissingSecrets."""
        written = self.written or self.settings
        source = self.secrets if environment is None else environment
        return Project(resolve(written, source), self.folder, self.file, written)

    @cached_property
    def secrets(self) -> Secrets:
        """The environment of this process, completed by the files of `[secrets]`."""
        return Secrets(self.settings.secrets, os.environ, self.folder)

    def run_settings(self) -> Settings:
        """The settings for a Runtime: the file of dead letters is seen from the settings file."""
        return beside_file(self.settings, self.folder)

    def store_url(self, given: str | None) -> str:
        """The store: as given on the command line, else of the settings file, else `fql.db` in
        the working folder."""
        return self.run_settings().store.url if given is None else given

    def store_place(self, given: str | None) -> Place:
        """The same with the names of its schema and its table of dead letters. Raises
        SettingsError."""
        return place_of_settings(self.run_settings(), self.store_url(given))

    def databases(self) -> dict[str, Database]:
        """The application's databases of the settings, by the names of their sources."""
        tables = self.settings.sources.items()
        found = {name: database_of(table, self.folder) for name, table in tables}
        return {name: database for name, database in found.items() if database is not None}


def source_of(project: Project, database: Database) -> str:
    """The source of the settings that reads this database; empty when there is none."""
    found = project.databases().items()
    return next((name for name, known in found if known.same_as(database)), "")


def find_project(settings_file: str | None = None) -> Project:
    """The settings given, else the nearest `fql.toml` from the working folder upwards, else the
    defaults. Raises SettingsError."""
    path = Path(settings_file) if settings_file else settings_above(Path.cwd())
    if path is None:
        return Project()
    return Project(read_file(path), path.parent, path)


def plan_of(paths: tuple[str, ...], project: Project) -> Plan:
    """The plan in a `.json` file, or compiled from `.fql` sources; without paths from the files
    of the project. Raises PlanError, UsageError, or click's Exit when sources have errors."""
    if len(paths) == 1 and paths[0].endswith(".json"):
        return load_plan(paths[0])
    chosen = paths or tuple(str(project.path(name)) for name in project.settings.project.files)
    loader = click.get_current_context().meta.get(PLAN_LOADER)
    if loader is None:
        raise UsageError(
            "only compiled plans can be used here", hint="compile first: fqlc compile -o plan.json"
        )
    return read_plan(loader(chosen, project.file))


def project_and_plan(settings_file: str | None, paths: tuple[str, ...]) -> tuple[Project, Plan]:
    """The settings, resolved, and the plan that is to run with them. Raises what `find_project`
    and `plan_of` do; MissingSecrets names what either lacks, all at once."""
    project = find_project(settings_file)
    plan = plan_of(paths, project)
    require(together(names_of(project.settings), plan.names), project.secrets)
    return project.resolved(), plan


class DurationType(click.ParamType[int]):
    """A duration such as `30s`, in milliseconds."""

    name = "duration"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> int:
        """Read the text; a usage error says how to write one."""
        if isinstance(value, int):
            return value
        try:
            return parse_duration(str(value))
        except ValueError as error:
            self.fail(str(error), param, ctx)


DURATION = DurationType()

settings_option = options.settings_option()
store_option = options.store_option()
