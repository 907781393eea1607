"""What tells that a file is another one than before: its time, its size, and its number, since
editors save by renaming."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping

Stamp = tuple[int, int, int]
"""When a file was written, its size, its number; zeros where there is none."""

MISSING: Stamp = (0, 0, 0)
UNKNOWN: Stamp = (-1, 0, 0)
"""Differs from whatever a file has."""
A_TICK = 1_000_000_000
"""Nanoseconds that the times of files may lag behind the clock."""


def stamps_of(files: Iterable[str]) -> dict[str, Stamp]:
    """The stamp of each file."""
    return {file: _stamp(file) for file in files}


def _stamp(file: str) -> Stamp:
    try:
        found = os.stat(file)  # noqa: PTH116 - a thousand of them, twice a second
    except (OSError, ValueError):
        return MISSING
    return found.st_mtime_ns, found.st_size, found.st_ino


def seen_by(
    began: int, before: Mapping[str, Stamp], after: Mapping[str, Stamp]
) -> dict[str, Stamp]:
    """The stamps of the files that a round read which `began` then, in nanoseconds. One that was
    saved while it was at work may have been read before that: it counts as changed. Pure."""
    return {
        file: before.get(file, stamp if stamp[0] < began else UNKNOWN)
        for file, stamp in after.items()
    }
