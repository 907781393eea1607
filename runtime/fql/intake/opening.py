"""The sources of `fql.toml`, made; nothing is opened yet."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from fql.errors import SettingsError
from fql.intake.port import Entrance, Source
from fql.outbox.driver import require_driver
from fql.settings.databases import Database
from fql.settings.files import database_of
from fql.settings.model import Settings
from fql.settings.source_tables import (
    HttpSource,
    JsonLinesSource,
    NatsSource,
    PostgresqlSource,
    SqliteSource,
)

if TYPE_CHECKING:
    from fql.nats.connection import NatsConnection
    from fql.outbox.sqlite.tables import Names

ReadTable = SqliteSource | PostgresqlSource | NatsSource | JsonLinesSource


def sources_of(settings: Settings, broker: Callable[[], NatsConnection]) -> tuple[Source, ...]:
    """One source for each `[sources.NAME]` that is read; `broker` gives the connection to NATS,
    where one needs it. Raises SettingsError when two of them would read one outbox: each would get
    some of its events."""
    if not settings.sources:
        return ()
    from fql.outbox.sqlite.tables import Names

    names = Names(settings.project.name)
    known: dict[str, Database] = {}
    for name, table in settings.sources.items():
        database = database_of(table)
        if database is None:
            continue
        other = next((one for one, found in known.items() if found.same_as(database)), None)
        if other is not None:
            raise SettingsError(
                f"[sources.{name}] and [sources.{other}] are the same database: {database.shown}",
                hint="one of them is enough: it brings the changes of all tables",
            )
        known[name] = database
    return tuple(
        _source(name, table, names, broker)
        for name, table in settings.sources.items()
        if not isinstance(table, HttpSource)
    )


def entrances_of(settings: Settings) -> tuple[Entrance, ...]:
    """Those sources that are called instead of being read."""
    tables = settings.sources.items()
    found = [(name, table) for name, table in tables if isinstance(table, HttpSource)]
    if not found:
        return ()
    from fql.intake.http.source import HttpIntake

    return tuple(HttpIntake(name, table) for name, table in found)


def _source(
    name: str, table: ReadTable, names: Names, broker: Callable[[], NatsConnection]
) -> Source:
    if isinstance(table, SqliteSource):
        from fql.intake.sqlite.source import OutboxSqlite

        return OutboxSqlite(
            name, table.database, poll_ms=table.poll, names=names, triggers=table.triggers,
            install=table.install,
        )  # fmt: skip
    if isinstance(table, PostgresqlSource):
        return _on_postgresql(name, table, names.project)
    if isinstance(table, NatsSource):
        return _on_nats(name, table, names.project, broker())
    from fql.intake.json_lines import JsonLines

    return JsonLines(table.path)


def _on_nats(name: str, table: NatsSource, project: str, connection: NatsConnection) -> Source:
    from fql.intake.nats.consumer import name_of
    from fql.intake.nats.source import StreamNats

    return StreamNats(
        name, connection, stream=table.stream, subjects=table.subjects,
        consumer=name_of(project, name),
    )  # fmt: skip


def _on_postgresql(name: str, table: PostgresqlSource, project: str) -> Source:
    """Psycopg is imported only where a database is on PostgreSQL. Raises SettingsError without."""
    require_driver()
    from fql.intake.postgresql.source import OutboxPostgreSQL
    from fql.outbox.postgresql.names import Names as InSchema

    return OutboxPostgreSQL(
        name, table.url, poll_ms=table.poll, names=InSchema(project), triggers=table.triggers,
        install=table.install,
    )  # fmt: skip
