"""From a store URL to a store, and from settings to the file of dead letters. Each storage is
imported on first use."""

from __future__ import annotations

import tomllib
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from fql.errors import SettingsError, UsageError
from fql.observe.logs import logger
from fql.plan.files import LONGEST_SETTINGS, read_regular
from fql.settings.files import beside
from fql.store.letter_files import LetterFile, Removed
from fql.store.port import Store

if TYPE_CHECKING:
    from fql.settings.model import DeadLetters

DEFAULT_URL = "sqlite:///fql.db"
SETTINGS_FILE = "fql.toml"
LETTERS = "webhook_dlq"


@dataclass(frozen=True, slots=True)
class Place:
    """A store's URL, and the name of its table of dead letters."""

    url: str
    letters: str = LETTERS


_in_use: list[Place] = []


def open_store(url: str, *, letters: str = "webhook_dlq") -> Store:
    """`memory:` or `sqlite:///path` (four slashes for an absolute path). Raises SettingsError."""
    scheme, _, rest = url.partition(":")
    if scheme == "memory" and not rest.strip("/"):
        from fql.store.memory import MemoryStore

        return MemoryStore()
    if scheme == "sqlite" and rest.startswith("///") and len(rest) > 3:
        from fql.store.sqlite.store import SqliteStore

        return SqliteStore(rest[3:], letters=letters)
    raise SettingsError(
        f"the store {url!r} is of no known kind",
        hint="use `memory:` or `sqlite:///path/to/file.db`",
    )


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
    UsageError where there is none."""
    here = (start or Path.cwd()).resolve()
    for folder in (here, *here.parents):
        file = folder / SETTINGS_FILE
        if file.is_file():
            settings = tomllib.loads(read_regular(file, LONGEST_SETTINGS).decode("utf-8-sig"))
            letters = settings.get("webhooks", {}).get("dlq", {}).get("table", LETTERS)
            url = settings.get("store", {}).get("url", DEFAULT_URL)
            return Place(beside(str(url), folder), str(letters))
    raise UsageError(
        "no store is known: no runtime runs in this process and no fql.toml was found",
        hint='give one, such as store="sqlite:///fql.db"',
    )


def place_of(url: str) -> Place:
    """A store by its URL; the name of its table is that of a runtime on it, else of `fql.toml`."""
    for place in reversed(_in_use):
        if place.url == url:
            return place
    with suppress(UsageError):
        return Place(url, store_of_settings_file().letters)
    return Place(url)
