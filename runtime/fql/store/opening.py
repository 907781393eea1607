"""From a store URL to a store, and from settings to the file of dead letters. Each storage is
imported on first use."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from fql.errors import SettingsError, StoreError, UsageError
from fql.observe.logs import logger
from fql.settings.environment import resolve
from fql.settings.files import SQLITE, beside, file_of, read_file
from fql.settings.model import Settings, Webhooks
from fql.store.letter_files import LetterFile, Removed
from fql.store.port import Store

if TYPE_CHECKING:
    from fql.settings.model import DeadLetters

MEMORY = "memory:"
SETTINGS_FILE = "fql.toml"
LETTERS = "webhook_dlq"


@dataclass(frozen=True, slots=True)
class Place:
    """A store's URL, and the name of its table of dead letters."""

    url: str
    letters: str = LETTERS


_in_use: list[Place] = []


def settled_url(url: str) -> str:
    """The URL of a store as it is meant now, whatever the working folder will be: `memory:`, or
    `sqlite:///path` with the whole path. Raises SettingsError for what is not such a URL."""
    if not isinstance(url, str):
        raise SettingsError(
            f"a store is given by its URL, not by a {type(url).__name__}",
            hint=f'write it as text, such as "{SQLITE}fql.db"',
        )
    scheme, _, rest = url.partition(":")
    if scheme == "memory" and not rest.strip("/"):
        return MEMORY
    if scheme != "sqlite" or not rest.startswith("///"):
        kind = f"the store of kind {scheme!r}" if rest.startswith("//") else "this"
        raise SettingsError(
            f"{kind} is not a known kind", hint=f"use `memory:` or `{SQLITE}path/to/file.db`"
        )
    path = rest[3:]
    problem = _path_problem(path)
    if problem:
        raise SettingsError(f"the store's URL {url!r} does not name a file: {problem}")
    return SQLITE + str(Path(path).resolve())


def store_of(given: str | Store | None, settings: Settings) -> tuple[Store | None, str]:
    """The store that was given to a runtime, if one was, and the URL of it or of the settings.
    Raises SettingsError."""
    if given is None or isinstance(given, str | os.PathLike):
        return None, settled_url(settings.store.url if given is None else given)
    return given, MEMORY


def _path_problem(path: str) -> str:
    if not path.strip() or path != path.strip():
        return "the path is empty, or begins or ends with a blank"
    if path.startswith((":memory:", "file:")):
        return "a store in memory is `memory:`, and a bare path is not the URL of a store"
    if path.startswith("~"):
        return "`~` means your home folder to a shell only; write the whole path"
    if "?" in path or "\0" in path:
        return "a store takes no options, and `?` or NUL cannot be part of its name"
    return "it ends with a slash, like a folder" if path.endswith("/") else ""


def require_store(url: str) -> None:
    """For those who only look, or ask for something to be done with what is there: they must not
    make a store, nor turn somebody's database into one. Raises StoreError where there is none."""
    file = file_of(url)
    if file is None:
        return
    if not file.exists():
        raise StoreError(
            f"there is no store {url}", hint="`fqlc run` makes it; or name another one"
        )
    from fql.store.sqlite.files import holds_store

    if not holds_store(file):
        raise StoreError(
            f"{file} is an SQLite file, but no engine has ever used it as a store",
            hint="name the store with --store or in fql.toml; `fqlc run` makes it",
        )


def open_store(url: str, *, letters: str = LETTERS) -> Store:
    """The store of a URL; see `settled_url`. Raises SettingsError."""
    file = file_of(settled_url(url))
    if file is None:
        from fql.store.memory import MemoryStore

        return MemoryStore()
    from fql.store.sqlite.store import SqliteStore

    return SqliteStore(file, letters=letters)


def open_letters(dlq: DeadLetters) -> LetterFile | None:
    """The file that dead letters are copied to, where that is set. Raises SettingsError when it
    cannot be written."""
    if not dlq.enabled or dlq.backend != "file":
        return None
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
    logger.warning("dead letters past retention or max_size: %s, %d lines", gone.path, gone.entries)


def note_store(url: str, letters: str = LETTERS, *, used: bool) -> None:
    """Remember which store a runtime of this process uses, for `replay_dlq`."""
    place = Place(url, letters)
    if used:
        _in_use.append(place)
    elif place in _in_use:
        _in_use.remove(place)


def current_store() -> Place | None:
    """The store of the runtime of this process that started last, if another connection can open
    it."""
    places = (place for place in reversed(_in_use) if not place.url.startswith("memory"))
    return next(places, None)


def store_of_settings_file(start: Path | None = None) -> Place:
    """The store of the `fql.toml` in this folder or above it; relative to that file. Raises
    UsageError where there is none, SettingsError, MissingSecrets."""
    here = (start or Path.cwd()).resolve()
    for folder in (here, *here.parents):
        file = folder / SETTINGS_FILE
        if file.is_file():
            read = read_file(file)
            named = Settings(store=read.store, webhooks=Webhooks(dlq=read.webhooks.dlq))
            settings = resolve(named, os.environ, str(file))
            url = beside(settings.store.url, folder)
            return Place(settled_url(url), settings.webhooks.dlq.table)
    raise UsageError(
        "no store is known: no runtime runs in this process and no fql.toml was found",
        hint=f'give one, such as store="{SQLITE}fql.db"',
    )


def place_of(url: str) -> Place:
    """A store by its URL; the name of its table is that of a runtime on it, else of `fql.toml`."""
    settled = settled_url(url)
    for place in reversed(_in_use):
        if place.url == settled:
            return place
    with suppress(UsageError):
        return Place(settled, store_of_settings_file().letters)
    return Place(settled)
