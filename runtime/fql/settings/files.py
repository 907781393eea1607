"""`fql.toml` as a file: read, with its relative paths seen from the folder it is in."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from fql.errors import SettingsError, UsageError, advice_on_file
from fql.plan.stored.files import LONGEST_SETTINGS, read_regular
from fql.settings.brokers import is_file
from fql.settings.databases import Database, application_at, beside, server_at
from fql.settings.environment import resolve
from fql.settings.model import Settings
from fql.settings.reading import read_settings
from fql.settings.secrets import Secrets, secrets_of
from fql.settings.source_tables import (
    JsonLinesSource,
    PostgresqlSource,
    SourceTable,
    SqliteSource,
)

__all__ = ["beside_file", "given_settings", "load_settings", "read_file"]


def load_settings(
    path: str | Path = "fql.toml", *, environment: Mapping[str, str] | None = None
) -> Settings:
    """The settings of the file at `path`, for `Runtime(plan, settings=...)`.

    `${NAME}` is taken from `environment`, by default the process's, and the files of `[secrets]`.
    Relative paths of store, dead letters and sources start from the file's folder.
    `[observability.logging]` is for `fqlc run` only: an application sets up its logging itself.
    Raises SettingsError and MissingSecrets.
    """
    file = Path(path)
    written = read_file(file)
    given = os.environ if environment is None else environment
    settings = resolve(written, secrets_of(written.secrets, given, file.parent))
    return beside_file(settings, file.parent)


def given_settings(
    given: object, environment: Mapping[str, str] | None
) -> tuple[Settings, Secrets]:
    """The settings that a runtime is given: as they are, of the file at a path, or the defaults for
    None; and where its secrets are found, besides `environment` or that of the process. Raises
    UsageError for anything else, SettingsError and MissingSecrets."""
    names = os.environ if environment is None else environment
    if given is None or isinstance(given, Settings):
        settings = given or Settings.model_construct()
    elif isinstance(given, str | os.PathLike):
        settings = load_settings(os.fspath(given), environment=names)
    else:
        raise UsageError(
            f"settings are wanted here, and {type(given).__name__} is not one",
            hint='give a path such as "fql.toml", or what `fql.load_settings(...)` returns',
        )
    return settings, secrets_of(settings.secrets, names)


def read_file(file: Path) -> Settings:
    """The settings as written. Raises SettingsError."""
    return read_settings(text_of(file), str(file))


def text_of(file: Path) -> str:
    """The text of a settings file. Raises SettingsError."""
    try:
        return read_regular(file, LONGEST_SETTINGS).decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8"
        advice = advice_on_file(error) if isinstance(error, OSError) else "save it as UTF-8"
        raise SettingsError(
            f"the settings file {file} cannot be read: {reason}", hint=advice
        ) from error


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
    secrets = settings.secrets
    folders = tuple(_absolute(text, folder.resolve()) for text in secrets.folders)
    lines = secrets.env_file and str(folder.resolve() / secrets.env_file)
    changes["secrets"] = secrets.model_copy(update={"folders": folders, "env_file": lines})
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


def _absolute(text: str, folder: Path) -> str:
    return text if text.startswith("${") else str(folder / text)


def _source_beside(table: SourceTable, folder: Path) -> SourceTable:
    if isinstance(table, SqliteSource):
        return table.model_copy(update={"database": str(folder / table.database)})
    if not isinstance(table, JsonLinesSource) or table.path == "-":
        return table
    return table.model_copy(update={"path": str(folder / table.path)})
