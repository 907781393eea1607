"""From settings to a store, and to the file of dead letters. Each storage is imported on first
use, and so is what reads settings: who looks at a store knows where it is."""

from __future__ import annotations

import asyncio
import os
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from fql.errors import SettingsError, StoreError, UsageError
from fql.nats.driver import require_nats
from fql.outbox.driver import require_driver
from fql.settings.databases import SQLITE, Database, beside, store_at
from fql.store.port import Store

if TYPE_CHECKING:
    from fql.nats.connection import NatsConnection
    from fql.settings.model import DeadLetters, Settings
    from fql.store.copies.files import LetterFile, Removed
    from fql.store.copies.streams import LetterStream
    from fql.store.copies.tables import LetterTable
    from fql.store.nats.store import NatsStore

SETTINGS_FILE = "fql.toml"
LETTERS = "webhook_dlq"
SCHEMA = "fql_main"
MAX_OPEN = 200_000


@dataclass(frozen=True, slots=True)
class Place:
    """Where a store is: its URL, the schema of its tables (on a server), and the name of its table
    of dead letters; for one in NATS, the credentials and the most runs that may be open. `alone`
    says that one engine works and others stand by, where they could share it."""

    url: str
    letters: str = LETTERS
    schema: str = SCHEMA
    credentials: str = field(default="", repr=False)
    max_open: int = MAX_OPEN
    alone: bool = False

    @property
    def database(self) -> Database:
        """What the URL means. Raises SettingsError."""
        return store_at(self.url)


_in_use: list[Place] = []


def place_of_settings(settings: Settings, url: str | None = None) -> Place:
    """Where the store of these settings is; a `url` given besides wins. Raises SettingsError."""
    database = store_at(settings.store.url if url is None else url)
    schema = settings.store.schema_ or f"fql_{settings.project.name}"
    credentials = "" if settings.nats is None else settings.nats.credentials
    dlq, most = settings.webhooks.dlq, settings.store.max_open
    alone = settings.store.engines == "single"
    return Place(database.url, dlq.table, schema, credentials, most, alone)


def store_of(given: str | Store | None, settings: Settings) -> tuple[Store | None, Place]:
    """The store that was given to a runtime, if one was, and its place or that of the settings.
    Raises SettingsError."""
    if given is None or isinstance(given, str | os.PathLike):
        return None, place_of_settings(settings, given)
    return given, place_of_settings(settings, "memory:")


def require_store(place: Place) -> None:
    """For those who only look, or ask for something to be done with what is there: they must not
    make a store, nor turn somebody's database into one. Raises StoreError where there is none."""
    database = place.database
    if database.kind == "postgresql":
        _require_on_server(place)
    if database.kind == "nats":
        asyncio.run(_require_in_nats(place))
    if database.file is None:
        return
    if not database.file.exists():
        raise StoreError(
            f"there is no store {place.url}", hint="`fqlc run` makes it; or name another one"
        )
    from fql.store.sqlite.files import holds_store

    if not holds_store(database.file):
        raise StoreError(
            f"{database.file} is an SQLite file, but no engine has ever used it as a store",
            hint="name the store with --store or in fql.toml; `fqlc run` makes it",
        )


def open_store(place: Place, *, upgrades: bool = True, within: float = 0.0) -> Store:
    """The store at a place, not yet opened. A question to it may take `within` seconds, or as long
    as it takes; one in memory or NATS has all of it at hand. An SQLite file of an older format is
    upgraded, or refused where it is opened beside its engine. Raises SettingsError."""
    database = place.database
    if database.kind == "postgresql":
        return _on_server(place, within)
    if database.kind == "nats":
        return _in_nats(place)
    if database.file is None:
        from fql.store.memory import MemoryStore

        return MemoryStore()
    from fql.store.sqlite.format import Upgrade
    from fql.store.sqlite.store import SqliteStore

    upgrade = Upgrade.SAFELY if upgrades else Upgrade.NEVER
    return SqliteStore(database.file, letters=place.letters, upgrade=upgrade, within=within)


def _on_server(place: Place, within: float) -> Store:
    require_driver()
    from fql.store.postgresql.shared import SharedPostgresStore
    from fql.store.postgresql.store import PostgresStore

    kind = PostgresStore if place.alone else SharedPostgresStore
    return kind(place.url, schema=place.schema, within=within)


def _in_nats(place: Place) -> NatsStore:
    require_nats()
    from fql.store.nats.store import NatsStore

    return NatsStore(
        place.database.urls,
        project=place.schema.removeprefix("fql_"),
        credentials=place.credentials,
        max_open=place.max_open,
    )


async def _require_in_nats(place: Place) -> None:
    if not await _in_nats(place).exists():
        raise StoreError(
            f"there is no store for {place.schema} in NATS at {place.database.shown}",
            hint="`fqlc run` makes it; or name another one",
        )


def _require_on_server(place: Place) -> None:
    require_driver()
    from fql.store.postgresql.store import exists

    if not exists(place.url, place.schema):
        raise StoreError(
            f"there is no store in the schema {place.schema} of {place.database.shown}",
            hint="`fqlc run` makes it; or name another one",
        )


def open_letters(dlq: DeadLetters, place: Place, store: str) -> LetterFile | LetterTable | None:
    """Where dead letters are copied to, if they are; a view is made where they are shown in the
    store's own database. `store` is its id. Blocks. Raises SettingsError, StoreError."""
    if not dlq.enabled:
        return None
    if dlq.backend == "file":
        return _letter_file(dlq)
    on_server = place.database.kind == "postgresql"
    if dlq.backend == "sqlite" and place.database.shared:
        raise SettingsError(
            f"dead letters of a store on a server cannot be in SQLite: {place.database.shown}",
            hint='leave `backend` out of [webhooks.dlq], or write "postgresql", "nats" or "file"',
        )
    if dlq.backend == "postgresql" and dlq.url is None and not on_server:
        raise SettingsError(
            "[webhooks.dlq] needs the key `url`: the store is not on PostgreSQL",
            hint="write the URL of the database that the copies go to",
        )
    if on_server or dlq.backend == "postgresql":
        return _on_postgresql(dlq, place, store)
    if "schema_" in dlq.model_fields_set:
        raise SettingsError(
            "`schema` in [webhooks.dlq] has no effect: neither the store nor the copy is on"
            " PostgreSQL"
        )
    return None


async def open_letter_stream(
    dlq: DeadLetters, connection: NatsConnection, store: str
) -> LetterStream:
    """Where dead letters are copied to in NATS; `store` is its id. Raises SettingsError and
    NatsError for what cannot be used."""
    from fql.store.copies.streams import LetterStream

    stream = LetterStream(connection, dlq, store)
    await stream.open()
    return stream


def _on_postgresql(dlq: DeadLetters, place: Place, store: str) -> LetterTable | None:
    require_driver()
    from fql.observe.logs import logger
    from fql.store.copies.tables import LetterTable, Relation, same_database, show_letters

    own = place.database.kind == "postgresql"
    relation = Relation(dlq.url or place.url, dlq.schema_, dlq.table)
    if not own or not same_database(relation.url, place.url):
        table = LetterTable(relation, store)
        table.open()
        return table
    try:
        show_letters(relation, place.schema)
    except (SettingsError, StoreError) as problem:
        if dlq.backend is not None or dlq.model_fields_set & {"table", "schema_"}:
            raise
        logger.warning("%s; %s", problem.message, problem.hint)
    return None


def _letter_file(dlq: DeadLetters) -> LetterFile:
    from fql.store.copies.files import LetterFile

    file = LetterFile(
        Path(dlq.path),
        rotate=dlq.rotation == "daily",
        compress=dlq.compress,
        retention=dlq.retention,
        max_size=dlq.max_size,
        removed=_say_removed,
    )
    file.open()
    return file


def _say_removed(gone: Removed) -> None:
    from fql.observe.logs import logger

    logger.warning("dead letters past retention or max_size: %s, %d lines", gone.path, gone.entries)


def note_store(place: Place, *, used: bool) -> None:
    """Remember which store a runtime of this process uses, for `replay_dlq`."""
    if used:
        _in_use.append(place)
    elif place in _in_use:
        _in_use.remove(place)


def current_store() -> Place | None:
    """The store of the runtime of this process that started last, if another connection can open
    it."""
    return next((place for place in reversed(_in_use) if place.database.kind != "memory"), None)


def settings_above(folder: Path) -> Path | None:
    """The nearest settings file, from a folder upwards."""
    files = (each / SETTINGS_FILE for each in (folder, *folder.parents))
    return next((file for file in files if file.exists()), None)


def store_of_settings_file(start: Path | None = None) -> Place:
    """The store of the `fql.toml` in this folder or above it; relative to that file. Raises
    UsageError where there is none, SettingsError, MissingSecrets."""
    from fql.settings.environment import resolve
    from fql.settings.files import read_file
    from fql.settings.model import Project, Settings, Webhooks
    from fql.settings.secrets import secrets_of

    file = settings_above((start or Path.cwd()).resolve())
    if file is not None:
        read = read_file(file)
        named = Settings(
            project=Project(name=read.project.name),
            store=read.store,
            webhooks=Webhooks(dlq=read.webhooks.dlq),
        )
        secrets = secrets_of(read.secrets, os.environ, file.parent)
        settings = resolve(named, secrets, str(file))
        return place_of_settings(settings, beside(settings.store.url, file.parent))
    raise UsageError(
        "no store is known: no runtime runs in this process and no fql.toml was found",
        hint=f'give one, such as store="{SQLITE}fql.db"',
    )


def place_of(url: str) -> Place:
    """A store by its URL; the names in it are those of a runtime on it, else of `fql.toml`."""
    settled = store_at(url).url
    for place in reversed(_in_use):
        if place.url == settled:
            return place
    with suppress(UsageError):
        found = store_of_settings_file()
        return replace(found, url=settled)
    return Place(settled)
