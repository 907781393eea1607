"""The engine's lock, on the database file itself.

It is a POSIX record lock on one byte far beyond the end of the file. It belongs to this process
and to the inode: all names of the file share it (links of both kinds, mounts, containers), no
forked child inherits it, no lock file can be deleted, and the system gives it back however the
process ends.

POSIX gives *all* locks of a process on a file back when the process closes any descriptor of it,
and SQLite's own are of this kind. So nothing here opens or closes the file: the lock is set
through a descriptor that SQLite holds. Decision 0061.
"""

from __future__ import annotations

import fcntl
import os
import struct
import sys
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from fql.errors import StoreLocked

BYTE = 1 << 62
"""Far from the bytes that SQLite locks (from 2^30 on), and from any data."""
GUESSED = 4096
"""Descriptors that are tried where the system does not list them."""
_FLOCK = struct.Struct("hhqqi0q" if sys.platform == "linux" else "qqihh0q")
"""`struct flock` of Linux; elsewhere that of the BSDs and macOS."""
WORDS = "stop that process, or work beside it with `fqlc emit`, `runs` and `dlq`"


class Inode(NamedTuple):
    """A file itself, whatever it is called."""

    device: int
    number: int


def inode_of(path: Path) -> Inode:
    """The file that a name means now. Raises OSError."""
    found = path.stat()
    return Inode(found.st_dev, found.st_ino)


_held: dict[Inode, int] = {}
"""Which files this process is the engine of, and its id: POSIX does not keep two engines of one
process apart. An entry of another process was inherited by a fork, and means nothing."""

_taking = threading.Lock()
"""Between the look who has a file and the entry in `_held`, no other thread takes it. A fork waits
for it, or the child would find it locked for ever."""
os.register_at_fork(
    before=_taking.acquire, after_in_parent=_taking.release, after_in_child=_taking.release
)


class EngineLock:
    """The right to be the engine of one file."""

    def __init__(self) -> None:
        self._inode: Inode | None = None

    def take(self, path: Path, inode: Inode) -> None:
        """Lock the file, which a connection of this process has open; `path` is for the message.
        Raises StoreLocked, naming the process that has it."""
        if not self.taken(inode):
            raise StoreLocked(
                f"the store {path} is in use: {shown(holder(inode))} is its engine", hint=WORDS
            )

    def taken(self, inode: Inode) -> bool:
        """Lock the file, unless another engine has it."""
        with _taking:
            if holder(inode) is not None or not _lock(inode):
                return False
            _held[inode] = os.getpid()
            self._inode = inode
            return True

    def give(self) -> None:
        """Let the next one have it. A forked child has nothing to give."""
        inode, self._inode = self._inode, None
        if inode is None or _held.get(inode) != os.getpid():
            return
        del _held[inode]
        for descriptor in descriptors_of(inode, writable=True):
            fcntl.lockf(descriptor, fcntl.LOCK_UN, 1, BYTE)


def holder(inode: Inode) -> int | None:
    """The process that is the engine of this file, 0 where the system does not tell which; None
    if there is none, or if no connection of this process has the file open."""
    if _held.get(inode) == os.getpid():
        return os.getpid()
    for descriptor in descriptors_of(inode, writable=False):
        return _asked(descriptor)
    return None


def shown(process: int | None) -> str:
    """A process in a sentence."""
    return f"process {process}" if process else "another process"


def descriptors_of(inode: Inode, *, writable: bool) -> Iterable[int]:
    """Descriptors that this process has of the file; only a `writable` one can lock it."""
    for number in _descriptors():
        try:
            found = os.fstat(number)
            mode = fcntl.fcntl(number, fcntl.F_GETFL) & os.O_ACCMODE
        except OSError:
            continue
        if (mode == os.O_RDWR or not writable) and (found.st_dev, found.st_ino) == inode:
            yield number


def _descriptors() -> Iterable[int]:
    try:
        return [int(each.name) for each in Path("/dev/fd").iterdir()]
    except OSError:  # not mounted, or no descriptor left to list with
        return range(GUESSED)


def _lock(inode: Inode) -> bool:
    for descriptor in descriptors_of(inode, writable=True):
        try:
            fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, BYTE)
        except OSError:
            return False
        return True
    return False


def _asked(descriptor: int) -> int | None:
    """Who has the lock, other than this process."""
    linux = sys.platform == "linux"
    wish = (fcntl.F_WRLCK, os.SEEK_SET, BYTE, 1, 0) if linux else (BYTE, 1, 0, fcntl.F_WRLCK, 0)
    answer = _FLOCK.unpack(fcntl.fcntl(descriptor, fcntl.F_GETLK, _FLOCK.pack(*wish)))
    kind, process = (answer[0], answer[4]) if linux else (answer[3], answer[2])
    return None if kind == fcntl.F_UNLCK else max(process, 0)
