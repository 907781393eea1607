"""A page that runs can be asked for another login link by its own user: what it takes is in a file
that nobody else may read."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from stat import S_IMODE, S_ISDIR

from fql.errors import SettingsError
from fql.exact.kinds import as_a
from fql.exact.reading import NotJson, read_object
from fql.exact.writing import write_json

OWN_FOLDER, OWN_FILE = 0o700, 0o600


@dataclass(frozen=True, slots=True)
class Served:
    """A page: where it is, and what it takes for a new link."""

    url: str
    secret: str


def folder_of(environment: Mapping[str, str]) -> Path:
    """Where the files are. It is made where it is missing; raises SettingsError for one that others
    could change."""
    base = environment.get("XDG_RUNTIME_DIR")
    place = Path(base) / "fqlc" if base else Path(tempfile.gettempdir()) / f"fqlc-{os.getuid()}"
    with suppress(FileExistsError):
        place.mkdir(OWN_FOLDER, parents=True)
    found = place.lstat()
    if not S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or S_IMODE(found.st_mode) & 0o77:
        raise SettingsError(
            f"{place} is not a folder of this user alone",
            hint="remove it; `fqlc ui` makes it again",
        )
    return place


@contextmanager
def announced(folder: Path, port: int, served: Served) -> Iterator[None]:
    """While the page runs, say so in a file."""
    file = folder / f"ui-{port}.json"
    file.unlink(missing_ok=True)
    handle = os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, OWN_FILE)
    with os.fdopen(handle, "wb") as opened:
        opened.write(write_json({"url": served.url, "secret": served.secret}))
    try:
        yield
    finally:
        file.unlink(missing_ok=True)


def served_at(folder: Path, port: int | None) -> Served | None:
    """The page at a port, or the one that began last; None where there is none."""
    files = sorted(folder.glob("ui-*.json" if port is None else f"ui-{port}.json"), key=_age)
    for file in reversed(files):
        with suppress(OSError, NotJson, KeyError, TypeError):
            held = read_object(file.read_bytes())
            return Served(as_a(str, held["url"]), as_a(str, held["secret"]))
    return None


def _age(file: Path) -> float:
    try:
        return file.stat().st_mtime
    except OSError:
        return 0.0
