"""Files that somebody else may have made: read whole or refused, never waited for.

A device or a pipe gives bytes without end, or none for ever; a file of any size would fill the
memory. So only regular files up to a size that the caller names are read.
"""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

LONGEST_SETTINGS = 1_000_000
"""Bytes of a settings file, at most."""

LONGEST_PLAN = 250_000_000
"""Bytes of a plan, at most: some hundred thousand observers."""


def read_regular(path: str | Path, most: int) -> bytes:
    """The bytes of a regular file of at most `most` bytes.

    Raises OSError whose `strerror` says why not: also for a device, a pipe, a folder, a file that
    is too large, and a name that no file can have.
    """
    data = read_start(path, most + 1)
    if len(data) > most:
        raise OSError(errno.EFBIG, f"it has more than {most:,} bytes", str(path))
    return data


def read_start(path: str | Path, most: int) -> bytes:
    """The first `most` bytes of a regular file. Raises OSError as `read_regular` does."""
    try:
        # A pipe or device is not even opened: that alone may wait, or do something.
        _require_regular(os.stat(path), path)  # noqa: PTH116 - done for each source
        with open(path, "rb", opener=_at_once) as file:
            _require_regular(os.fstat(file.fileno()), path)
            return file.read(most)
    except ValueError:
        raise OSError(errno.EINVAL, "no file can have this name", str(path)) from None


def _at_once(path: str, flags: int) -> int:
    """Open without waiting, in case a pipe has taken the place of the file meanwhile."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def _require_regular(found: os.stat_result, path: str | Path) -> None:
    if stat.S_ISDIR(found.st_mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    if not stat.S_ISREG(found.st_mode):
        raise OSError(errno.EINVAL, "it is a device or a pipe", str(path))


def is_own_path(path: str) -> bool:
    """True for a relative path that stays below the folder that it starts from, as far as its text
    tells."""
    steps = path.replace("\\", "/").split("/")
    return not (path.startswith(("/", "\\", "~")) or ".." in steps or ":" in steps[0])
