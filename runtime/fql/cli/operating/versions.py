"""The versions of what fqlc runs on, for reports and for `fqlc doctor`."""

from __future__ import annotations

import os
import platform
import re
import sqlite3
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

from fql.terminal.environment import cache_folder

_ABSENT = "(not installed)"
_EXTRA = re.compile(r"""^([A-Za-z0-9._-]+).*;.*\bextra\s*==\s*["']([a-z]+)["']""")


def versions() -> Iterator[tuple[str, str]]:
    """Names and versions: Python, SQLite, the packages of each extra that is there, the folder of
    the cache."""
    yield "Python", f"{platform.python_version()} ({sys.executable})"
    yield "SQLite", sqlite3.sqlite_version
    absent: list[str] = []
    for extra, packages in _extras().items():
        found = {name: _installed(name) for name in packages}
        if set(found.values()) == {_ABSENT}:
            absent.append(extra)
        else:
            yield f"extra {extra}", ", ".join(map(" ".join, found.items()))
    if absent:
        yield "extras", f"that are not installed: {', '.join(absent)}"
    folder = cache_folder(os.environ, sys.platform, Path.home)
    yield "cache", str(folder or "none: there is no home folder")


def _extras() -> dict[str, list[str]]:
    """The packages of each extra, as the metadata of the package lists them."""
    found: dict[str, list[str]] = {}
    for line in requires("fqlc") or ():
        match = _EXTRA.match(line)
        if match and match[1] != "fqlc" and match[2] != "all":
            found.setdefault(match[2], []).append(match[1])
    return found


def _installed(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return _ABSENT
