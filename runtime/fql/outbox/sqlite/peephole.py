"""Looking at a SQLite database without a lock, so that nobody has to wait for whoever looks.

With a rollback journal every reader keeps every COMMIT waiting, and one of an application without a
busy timeout fails. But a commit writes to the file only while it has the exclusive lock, the first
page first, and that page counts commits. So what is read without a lock is what was committed if
neither the count nor the time of the file has moved, and nobody is at the pages before and after.
In WAL mode readers are in nobody's way, and none of this is needed.

POSIX gives *all* locks of a process on a file back when the process closes any descriptor of it. So
nothing is opened or closed here: a descriptor is used that SQLite holds in this process.

SQLite's bytes: `os_unix.c` and sqlite.org/fileformat2.html.
"""

from __future__ import annotations

import fcntl
import os
import struct
import sys
from pathlib import Path
from typing import BinaryIO, NamedTuple

HEADER = (18, 10)
"""Place and length of what is read of the header: the kind of journal (2 is WAL), and the count of
changes."""
PENDING, RESERVED = 0x40000000, 0x40000001
SHARED_BYTES = 510
WAL_LOCKS, WAL_BYTES = 120, 8
"""Of `-shm`: the writer's, the checkpoint's, recovery's, and five of readers."""

_FLOCK = struct.Struct("hhqqi4x")
"""`struct flock` of Linux on machines of 64 bits."""
SUPPORTED = sys.platform == "linux" and struct.calcsize("P") == 8


class Moment(NamedTuple):
    """What a commit moves."""

    header: bytes
    time: int
    size: int


class Peephole:
    """One file, which a connection of this process has open. Raises OSError."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._journal = path.with_name(path.name + "-journal")
        self._handle = -1

    def moment(self) -> Moment | None:
        """The state of the file, when its pages are those of the last commit now; else None."""
        if self._has_writer(PENDING):
            return None
        try:
            left = self._journal.stat().st_size > 0
        except FileNotFoundError:
            left = False
        if left and not self._has_writer(RESERVED):
            return None  # somebody died in a commit: whoever takes the lock puts it right
        found = os.fstat(self._descriptor())
        return Moment(self.header(), found.st_mtime_ns, found.st_size)

    def copy(self, inode: tuple[int, int], target: BinaryIO) -> bool:
        """The whole file, although another one has its name by now; False when nothing that is
        open here is that file."""
        return any(
            _copied(int(entry.name), inode, target) for entry in Path("/proc/self/fd").iterdir()
        )

    def header(self) -> bytes:
        """Moves with every commit."""
        place, length = HEADER
        return os.pread(self._descriptor(), length, place)

    def is_wal(self) -> bool:
        """Whether the file has gone over to WAL."""
        return 2 in self.header()[:2]

    def anybody(self, first: int = PENDING, count: int = SHARED_BYTES + 2) -> bool:
        """Whether some connection has a transaction open, this process's own among them."""
        return self._is_locked(fcntl.F_WRLCK, first, count)

    def _has_writer(self, byte: int) -> bool:
        return self._is_locked(fcntl.F_RDLCK, byte, 1)

    def _is_locked(self, kind: int, first: int, count: int) -> bool:
        asked = _FLOCK.pack(kind, os.SEEK_SET, first, count, 0)
        answer = fcntl.fcntl(self._descriptor(), fcntl.F_OFD_GETLK, asked)
        return bool(_FLOCK.unpack(answer)[0] != fcntl.F_UNLCK)

    def _descriptor(self) -> int:
        wanted = self._path.stat()
        if not _is(self._handle, wanted):
            names = (int(entry.name) for entry in Path("/proc/self/fd").iterdir())
            self._handle = next((number for number in names if _is(number, wanted)), -1)
        if self._handle < 0:
            raise FileNotFoundError(f"{self._path} is not open in this process")
        return self._handle


def _is(descriptor: int, wanted: os.stat_result) -> bool:
    try:
        found = os.fstat(descriptor)
    except OSError:
        return False
    return (found.st_dev, found.st_ino) == (wanted.st_dev, wanted.st_ino)


def _copied(descriptor: int, inode: tuple[int, int], target: BinaryIO) -> bool:
    """Another thread may close it at any moment, and its number then be that of another file."""
    try:
        found, place = os.fstat(descriptor), 0
        if (found.st_dev, found.st_ino) != inode:
            return False
        target.seek(0)
        target.truncate()
        while piece := os.pread(descriptor, 1 << 20, place):
            place += target.write(piece)
        found = os.fstat(descriptor)
    except OSError:
        return False
    return (found.st_dev, found.st_ino, found.st_size) == (*inode, place)


def peephole(path: Path) -> Peephole | None:
    """A look at this file; None where the system has no such thing."""
    return Peephole(path) if SUPPORTED else None
