"""`fql.toml` as a file: read, with its relative paths seen from the folder it is in."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from fql.errors import SettingsError, UsageError
from fql.plan.stored.files import LONGEST_SETTINGS, read_regular
from fql.settings.brokers import is_file
from fql.settings.databases import Database, application_at, beside, server_at
from fql.settings.environment import resolve
from fql.settings.model import Settings
from fql.settings.reading import read_settings
from fql.settings.source_tables import (
    JsonLinesSource,
    PostgresqlSource,
    SourceTable,
    SqliteSource,
)

__all__ = ["beside_file", "load_settings", "read_file", "settings_of"]


def load_settings(
    path: str | Path = "fql.toml", *, environment: Mapping[str, str] | None = None
) -> Settings:
    """The settings of the file at `path`, for `Runtime(plan, settings=...)`.

    `${NAME}` is taken from `environment`, by default the process's. Relative paths of store,
    dead letters and sources start from the file's folder. `[observability.logging]` is for
    `fqlc run` only: an application sets up its logging itself. Raises SettingsError and
    MissingSecrets.
    """
    file = Path(path)
    settings = resolve(read_file(file), os.environ if environment is None else environment)
    return beside_file(settings, file.parent)


def settings_of(given: object, environment: Mapping[str, str]) -> Settings:
    """The settings that a runtime is given: as they are, of the file at a path, or the defaults for
    None. Raises UsageError for anything else, SettingsError and MissingSecrets."""
    if given is None:
        return Settings()
    if isinstance(given, Settings):
        return given
    if isinstance(given, str | os.PathLike):
        return load_settings(os.fspath(given), environment=environment)
    raise UsageError(
        f"settings are wanted here, and {type(given).__name__} is not one",
        hint='give a path such as "fql.toml", or what `fql.load_settings(...)` returns',
    )


def read_file(file: Path) -> Settings:
    """The settings as written. Raises SettingsError."""
    try:
        text = read_regular(file, LONGEST_SETTINGS).decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8"
        raise SettingsError(f"the settings file {file} cannot be read: {reason}") from error
    return read_settings(text, str(file))


def beside_file(settings: Settings, folder: Path) -> Settings:
    """The same with what lies beside the settings file as absolute paths. A store that is not
    named is `fql.db` in the working folder."""
    changes: dict[str, object] = {}
    if "url" in settings.store.model_fields_set:
        url = beside(settings.store.url, folder.resolve())
        changes["store"] = settings.store.model_copy(update={"url": url})
    dlq = settings.webhooks.dlq
    if dlq.path:
        seen = dlq.model_copy(update={"path": str(folder.resolve() / dlq.path)})
        changes["webhooks"] = settings.webhooks.model_copy(update={"dlq": seen})
    if settings.nats is not None and is_file(settings.nats.credentials):
        there = str(folder.resolve() / settings.nats.credentials)
        changes["nats"] = settings.nats.model_copy(update={"credentials": there})
    changes["sources"] = {
        name: _source_beside(table, folder.resolve()) for name, table in settings.sources.items()
    }
    return settings.model_copy(update=changes)


def database_of(table: SourceTable, folder: Path | None = None) -> Database | None:
    """The application's database that a source reads, a relative path seen from `folder`; None for
    a source of another kind."""
    if isinstance(table, SqliteSource):
        return application_at(table.database, folder)
    return server_at(table.url) if isinstance(table, PostgresqlSource) else None


def _source_beside(table: SourceTable, folder: Path) -> SourceTable:
    if isinstance(table, SqliteSource):
        return table.model_copy(update={"database": str(folder / table.database)})
    if not isinstance(table, JsonLinesSource) or table.path == "-":
        return table
    return table.model_copy(update={"path": str(folder / table.path)})
