"""`fql.toml` as a file: read, with its relative paths seen from the folder it is in."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from fql.errors import SettingsError
from fql.plan.files import LONGEST_SETTINGS, read_regular
from fql.settings.environment import resolve
from fql.settings.model import Settings, SourceTable, SqliteSource
from fql.settings.reading import read_settings

__all__ = ["beside_file", "load_settings", "read_file"]

SQLITE = "sqlite:///"
"""The start of the URL of a store in a file."""


def load_settings(
    path: str | Path = "fql.toml", *, environment: Mapping[str, str] | None = None
) -> Settings:
    """The settings of the file at `path`, for `Runtime(plan, settings=...)`.

    `${NAME}` is taken from `environment`, by default the process's. Relative paths of store and
    dead letters, sources start from the file's folder. `[observability.logging]` is for `fqlc run`
    alone: an application sets up its logging itself. Raises SettingsError, MissingSecrets.
    """
    file = Path(path)
    settings = resolve(read_file(file), os.environ if environment is None else environment)
    return beside_file(settings, file.parent)


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
    changes["sources"] = {
        name: _source_beside(table, folder.resolve()) for name, table in settings.sources.items()
    }
    return settings.model_copy(update=changes)


def _source_beside(table: SourceTable, folder: Path) -> SourceTable:
    if isinstance(table, SqliteSource):
        return table.model_copy(update={"database": str(folder / table.database)})
    if table.path == "-":
        return table
    return table.model_copy(update={"path": str(folder / table.path)})


def beside(url: str, folder: Path) -> str:
    """The URL of a store, a relative path seen from a folder."""
    file = file_of(url)
    return url if file is None or file.is_absolute() else SQLITE + str(folder / file)


def file_of(url: str) -> Path | None:
    """The file of a store, from its URL; None for one in memory."""
    return Path(url.removeprefix(SQLITE)) if url.startswith(SQLITE) else None
