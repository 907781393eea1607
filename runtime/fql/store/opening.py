"""From a store URL to a store. Each storage is imported on first use."""

from __future__ import annotations

import tomllib
from pathlib import Path

from fql.errors import SettingsError, UsageError
from fql.store.port import Store

DEFAULT_URL = "sqlite:///fql.db"
SETTINGS_FILE = "fql.toml"
_in_use: list[str] = []


def open_store(url: str, *, letters: str = "webhook_dlq") -> Store:
    """`memory:` or `sqlite:///path` (four slashes for an absolute path). Raises SettingsError."""
    scheme, _, rest = url.partition(":")
    if scheme == "memory" and not rest.strip("/"):
        from fql.store.memory import MemoryStore

        return MemoryStore()
    if scheme == "sqlite" and rest.startswith("///") and len(rest) > 3:
        from fql.store.sqlite import SqliteStore

        return SqliteStore(rest[3:], letters=letters)
    raise SettingsError(
        f"the store {url!r} is of no known kind",
        hint="use `memory:` or `sqlite:///path/to/file.db`",
    )


def note_store(url: str, *, used: bool) -> None:
    """Remember which store a runtime of this process uses, for `replay_dlq`."""
    if used:
        _in_use.append(url)
    elif url in _in_use:
        _in_use.remove(url)


def current_store() -> str:
    """The store of the runtime of this process that started last, or an empty text."""
    return next((url for url in reversed(_in_use) if not url.startswith("memory")), "")


def store_of_settings_file(start: Path | None = None) -> str:
    """The store of the `fql.toml` in this folder or above it; relative to that file."""
    here = (start or Path.cwd()).resolve()
    for folder in (here, *here.parents):
        file = folder / SETTINGS_FILE
        if file.is_file():
            table = tomllib.loads(file.read_text(encoding="utf-8")).get("store", {})
            return beside(str(table.get("url", DEFAULT_URL)), folder)
    raise UsageError(
        "no store is known: no runtime runs in this process and no fql.toml was found",
        hint='give one, such as store="sqlite:///fql.db"',
    )


def beside(url: str, folder: Path) -> str:
    """A relative `sqlite:///` path seen from a folder."""
    prefix = "sqlite:///"
    if not url.startswith(prefix) or url.startswith(prefix + "/"):
        return url
    return prefix + str(folder / url.removeprefix(prefix))
