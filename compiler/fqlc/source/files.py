"""Which files a project may read: regular ones inside its folders, sources called `*.fql` and the
contracts that they name.

A program names its imports and contracts itself, and whoever sends a change may have written it. So
what it names is looked at before it is opened: a device, a pipe, another kind of file, or a link
that leads outside the project is not read, and nothing of it can be printed.
"""

from __future__ import annotations

import os
import posixpath
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from fql.plan.stored.files import LONGEST_SETTINGS, read_regular, read_start
from fqlc.source.links import Links, is_below

SUFFIX = ".fql"
LONGEST_SOURCE = 5_000_000
"""Bytes of a source, at most."""

CONTRACT_SUFFIXES = (".json", ".yaml", ".yml")
"""How the file of a contract is called."""

LONGEST_CONTRACT = 20_000_000
"""Bytes of a contract, at most."""

READ = (SUFFIX, *CONTRACT_SUFFIXES)
"""What files are called that a project may read."""


@dataclass(frozen=True, slots=True)
class FileNames:
    """How a plan names files: seen from the folder `base`, whatever the working folder `here` is.
    Both are absolute; without them a file keeps the name that messages give it."""

    here: str = ""
    base: str = ""

    def of(self, path: str) -> str:
        """The name of a file in the plan."""
        if not self.base:
            return path
        return posixpath.relpath(posixpath.join(self.here, path), self.base)

    def of_all(self, paths: Iterable[str]) -> dict[str, str]:
        """The names of many files, each folder looked at once."""
        folders: dict[str, str] = {}
        named: dict[str, str] = {}
        for path in paths:
            folder, name = posixpath.split(path)
            if folder not in folders:
                folders[folder] = self.of(posixpath.join(folder, "_"))[:-1]
            named[path] = folders[folder] + name
        return named


@dataclass(frozen=True, slots=True)
class ProjectFiles:
    """The files of a project. `folders` are real paths; `settings` is its settings file."""

    folders: tuple[str, ...]
    settings: str | None = None
    _links: Links = field(default_factory=Links, compare=False)

    @classmethod
    def of(
        cls, given: Iterable[str], settings: str | None, working_folder: str | Path
    ) -> ProjectFiles:
        """The files below the settings file, without one those below the working folder. Sources
        that somebody has `given` by name add their own folder where they lie elsewhere."""
        here = Path(working_folder).resolve()
        folders = [Path(settings).resolve().parent if settings else here]
        for start in dict.fromkeys(os.path.dirname(path) for path in given):  # noqa: PTH120
            own = (here / start).resolve()
            if not any(own.is_relative_to(folder) for folder in folders):
                folders.append(here if own.is_relative_to(here) else own)
        return cls(tuple(map(str, folders)), settings)

    def read(self, path: str) -> bytes | None:
        """The bytes of a file, or None where it is not of the project or cannot be read. A source
        that is too large is cut after the limit, so that this can be said of it."""
        try:
            if path == self.settings:
                return read_regular(path, LONGEST_SETTINGS)
            longest = LONGEST_SOURCE if path.endswith(SUFFIX) else LONGEST_CONTRACT
            return read_start(path, longest + 1) if self.holds(path) else None
        except OSError:
            return None

    def holds(self, path: str) -> bool:
        """True for a path that is called as sources or contracts are, and leads, over whatever
        links, to a place inside the project."""
        if not path.endswith(READ):
            return False
        try:
            real = self._links.real(path)
        except (OSError, ValueError):  # a name that cannot be
            return False
        return real.endswith(READ) and any(is_below(real, folder) for folder in self.folders)
