"""Where a database is, from the URL or the path that people write: the one place that knows which
kinds there are.

What is a file, what is on a server and what ends with its process is asked here and nowhere else.
A database is shown by `shown`, which holds no password.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from fql.errors import SettingsError, masked_urls
from fql.settings.brokers import EXAMPLE, brokers_problem

MEMORY = "memory:"
SQLITE = "sqlite:///"
"""The start of the URL of a database in a file."""
POSTGRESQL = "postgresql://"
EXAMPLES = f"`{MEMORY}`, `{SQLITE}path/to/file.db`, `{POSTGRESQL}host/database` or `{EXAMPLE}`"

Kind = Literal["memory", "sqlite", "postgresql", "nats"]

_SERVER = re.compile(r"postgres(?:ql)?://", re.IGNORECASE)
_BROKER = re.compile(r"(?:nats|tls)://", re.IGNORECASE)
_DATABASE = re.compile(r"://[^?]*/(\w[\w.-]*)(?:\?|$)")
_FILE = re.compile(r"[^:=@]+\.(?:db|sqlite3?)", re.IGNORECASE)
"""What is surely the path of a database's file; anything else without a scheme may be a secret."""
_WITH_DRIVER = re.compile(r"postgres(?:ql)?\+\w+://", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Database:
    """A database by its URL, which may hold a password; `file` is set for one in a file."""

    kind: Kind
    url: str
    file: Path | None = None

    @property
    def shown(self) -> str:
        """What people may see of it: the file, or the URL without its password."""
        return masked_urls(self.url) if self.file is None else str(self.file)

    @property
    def shared(self) -> bool:
        """Whether it is on a server, so that several processes can share it."""
        return self.kind in ("postgresql", "nats")

    @property
    def urls(self) -> tuple[str, ...]:
        """The addresses of its servers, where those of NATS are several."""
        return tuple(self.url.split(","))

    @property
    def name(self) -> str:
        """A short name for it: of the file, or of the database on its server."""
        if self.file is not None:
            return self.file.stem
        found = _DATABASE.search(self.url)
        return found[1] if found else "database"

    def same_as(self, other: Database) -> bool:
        """Whether both are one and the same, as far as their names tell."""
        if self.file is not None and other.file is not None:
            return self.file.resolve() == other.file.resolve()
        return self.url == other.url


def store_at(url: str) -> Database:
    """The database of a store's URL as it is meant now, whatever the working folder will be.
    Raises SettingsError for what is not such a URL."""
    if not isinstance(url, str):
        raise SettingsError(
            f"a store is given by its URL, not by a {type(url).__name__}",
            hint=f'write it as text, such as "{SQLITE}fql.db"',
        )
    scheme, _, rest = url.partition(":")
    scheme = scheme.lower()
    if scheme == "memory" and not rest.strip("/"):
        return Database("memory", MEMORY)
    if is_server(url):
        return server_at(url)
    if _BROKER.match(url):
        return _on_nats(url)
    if scheme != "sqlite" or not rest.startswith("///"):
        raise _unknown_store(url)
    path = rest[3:]
    problem = _path_problem(path)
    if problem:
        raise SettingsError(f"the store's URL {url!r} does not name a file: {problem}")
    file = Path(path).resolve()
    return Database("sqlite", SQLITE + str(file), file)


def _on_nats(url: str) -> Database:
    """A store in NATS, at one address or at several with commas between them."""
    urls = [one.strip() for one in url.split(",")]
    problem = brokers_problem(urls)
    if problem:
        raise SettingsError(problem, hint=f"write it as {EXAMPLE}; several addresses with commas")
    return Database("nats", ",".join(urls))


def application_at(text: str, folder: Path | None = None) -> Database:
    """The application's database, whose rows are captured: a server's URL, or the path of a SQLite
    file, seen from `folder`. Raises SettingsError for another URL."""
    if is_server(text):
        return server_at(text)
    if "://" in text:
        raise SettingsError(
            f"the database {text!r} is not of a known kind",
            hint=f"give the path of a SQLite file, or `{POSTGRESQL}host/database`",
        )
    file = (folder or Path()) / text
    return Database("sqlite", SQLITE + str(file), file)


def is_server(url: str) -> bool:
    """Whether a text means to be the URL of a server, with a driver's name or without."""
    return bool(_SERVER.match(url) or _WITH_DRIVER.match(url))


def server_at(url: str) -> Database:
    """A database on a server. Raises SettingsError for a URL that its driver cannot read."""
    problem = server_problem(url)
    if problem:
        raise SettingsError(problem, hint=f"write it as {POSTGRESQL}host:5432/database")
    return Database("postgresql", POSTGRESQL + url.partition("://")[2])


def server_problem(url: str) -> str:
    """What is wrong with the URL of a server, or nothing."""
    if _WITH_DRIVER.match(url):
        driver = url.partition("://")[0]
        return f"the URL names a driver, {driver}; leave it out: the driver is psycopg"
    if not _SERVER.match(url):
        return f"a URL on a server begins with {POSTGRESQL}"
    if re.search(r"[\s\0]", url):
        return "the URL of the server holds a blank; write %20 for one in a name or password"
    if "#" in url:
        return "the URL of the server holds a `#`; write %23 for one in a name or password"
    return ""


def file_of(url: str) -> Path | None:
    """The file of a database, from its URL; None for one in memory or on a server."""
    written = url[: len(SQLITE)].lower() == SQLITE
    return Path(url[len(SQLITE) :]) if written else None


def beside(url: str, folder: Path) -> str:
    """The URL of a store, a relative path seen from a folder."""
    file = file_of(url)
    return url if file is None or file.is_absolute() else SQLITE + str(folder / file)


def _path_problem(path: str) -> str:
    if not path.strip() or path != path.strip():
        return "the path is empty, or begins or ends with a space"
    if path.startswith((":memory:", "file:")):
        return "a store in memory is `memory:`, and a bare path is not the URL of a store"
    if path.startswith("~"):
        return "`~` means your home folder to a shell only; write the whole path"
    if "?" in path or "\0" in path:
        return "a store takes no options, and `?` or NUL cannot be part of its name"
    return "it ends with a slash, like a folder" if path.endswith("/") else ""


def _unknown_store(url: str) -> SettingsError:
    """What to say about a text that is not the URL of a store. It may hold a password."""
    scheme, slashes, _ = url.partition("://")
    if re.match(r"postgres(ql)?:", url, re.IGNORECASE) or re.search(r"\bhost=", url):
        return SettingsError(
            "this is not the URL of a server",
            hint=f"a database on a server is written {POSTGRESQL}host:5432/database",
        )
    if url.lower() in {":memory:", "sqlite::memory:", "sqlite://:memory:", "sqlite://"}:
        return SettingsError(f"{url!r} is not a store", hint=f"one in memory is `{MEMORY}`")
    if url.lower().startswith("sqlite:"):
        path = url[len("sqlite:") :].lstrip("/") or "path/to/file.db"
        return SettingsError(
            f"{url!r} is not the URL of a file: it has three slashes before the path",
            hint=f"write `{SQLITE}{path}`",
        )
    if slashes:
        return SettingsError(f"{scheme!r} is not a known kind of store", hint=f"use {EXAMPLES}")
    if _FILE.fullmatch(url):
        return SettingsError(
            f"{url!r} is a path, and a store is given by its URL", hint=f"write `{SQLITE}{url}`"
        )
    return SettingsError("this is not the URL of a store", hint=f"use {EXAMPLES}")
