"""The sources of `fql.toml`, made; nothing is opened yet."""

from __future__ import annotations

from pathlib import Path

from fql.errors import SettingsError
from fql.intake.json_lines import JsonLines
from fql.intake.outbox_sqlite import OutboxSqlite
from fql.intake.port import Source
from fql.outbox.tables import Names
from fql.settings.model import Settings, SourceTable, SqliteSource


def sources_of(settings: Settings) -> tuple[Source, ...]:
    """One source for each `[sources.NAME]`. Raises SettingsError when two of them would read one
    outbox: each would get some of its events."""
    names = Names(settings.project.name)
    databases: dict[Path, str] = {}
    for name, table in settings.sources.items():
        if isinstance(table, SqliteSource):
            path = Path(table.database).resolve()
            if path in databases:
                other = databases[path]
                raise SettingsError(
                    f"[sources.{name}] and [sources.{other}] are the same database: {path}",
                    hint="one of them is enough: it brings the changes of all tables",
                )
            databases[path] = name
    return tuple(_source(name, table, names) for name, table in settings.sources.items())


def _source(name: str, table: SourceTable, names: Names) -> Source:
    if isinstance(table, SqliteSource):
        return OutboxSqlite(
            name, table.database, poll_ms=table.poll, names=names, triggers=table.triggers,
            install=table.install,
        )  # fmt: skip
    return JsonLines(table.path)
