"""What kind of thing a source is, by its name or its first bytes."""

from __future__ import annotations

from pathlib import Path

from fql.errors import UsageError, masked_urls
from fql.settings.databases import SQLITE, is_server
from fqlc.importing.failures import SourceMissing

KINDS = (
    "sqlite", "postgresql", "sql", "json-schema", "sqlalchemy", "django", "pydantic", "hasura",
    "decorators",
)  # fmt: skip
DIALECTS = ("postgresql", "sqlite")
_HEADER = b"SQLite format 3\0"
_SUFFIXES = ((".sql", "sql"), (".schema.json", "json-schema"))


def kind_of(source: str) -> str:
    """The kind of a source. Raises SourceMissing for a path that is not there, UsageError for what
    is not known."""
    if source.lower().startswith(SQLITE):
        return "sqlite"
    if is_server(source):
        return "postgresql"
    if "://" in source:
        raise _unknown(masked_urls(source))
    path = existing(source)
    if path.is_dir():
        if any((path / name).exists() for name in ("databases", "tables.yaml", "tables")):
            return "hasura"
        raise _unknown(source)
    found = next((kind for end, kind in _SUFFIXES if source.lower().endswith(end)), "")
    if not found and path.is_file() and first_bytes(path) == _HEADER:
        found = "sqlite"
    if not found:
        raise _unknown(source)
    return found


def existing(source: str) -> Path:
    """The path of a file or folder. Raises SourceMissing where there is none."""
    path = Path(source)
    try:
        if path.exists():
            return path
    except (OSError, ValueError):
        pass
    raise SourceMissing(f"{source} does not exist", "check the path; modules need --from")


def file_of_sqlite(source: str) -> Path:
    """The file of a SQLite source, from its URL or path. Raises SourceMissing."""
    written = source[: len(SQLITE)].lower() == SQLITE
    return existing(source[len(SQLITE) :] if written else source)


def first_bytes(path: Path) -> bytes:
    """As many as SQLite's header has. Raises SourceMissing where the file cannot be read."""
    try:
        with path.open("rb") as file:
            return file.read(len(_HEADER))
    except OSError as error:
        raise SourceMissing(
            f"{path} cannot be read: {error.strerror}", "check its permissions"
        ) from None


def _unknown(source: str) -> UsageError:
    return UsageError(
        f"it is not clear what {source} is", hint=f"say so with --from: {', '.join(KINDS)}"
    )
