"""Who is in the middle of a transaction on a SQLite database: seen from outside, without a lock.

A writer that began by reading is refused (SQLITE_BUSY_SNAPSHOT) when somebody else commits before
it writes, however long it is willing to wait. So whoever has time to choose the moment of a write
looks here first. Linux lists all locks of all processes in `/proc/locks`; elsewhere nobody is seen.

SQLite locks bytes of the database file, or, in WAL mode, of the file `-shm` beside it
(sqlite.org/fileformat2.html and `os_unix.c`): those that are held while a transaction is open are
named here.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

LOCKS = Path("/proc/locks")
WAL_BYTES = (120, 127)
"""Of `-shm`: the writer's, the checkpoint's, recovery's, and five of readers."""
FILE_BYTES = (0x40000000, 0x40000000 + 511)
"""Of the database: pending, reserved, and the bytes that readers share."""


def anybody_at_work(database: Path, *, wal: bool) -> bool:
    """Whether some connection has a transaction open now, as far as the system tells."""
    file = database.with_name(database.name + "-shm") if wal else database
    try:
        found = file.stat()
        lines = LOCKS.read_text("ascii", "replace").splitlines()
    except OSError:
        return False
    return holds(lines, found.st_dev, found.st_ino, WAL_BYTES if wal else FILE_BYTES)


def holds(lines: Iterable[str], device: int, inode: int, wanted: tuple[int, int]) -> bool:
    """Whether one of these lines of `/proc/locks` is a lock on these bytes of this file."""
    name = f"{device >> 8 & 0xFFF:02x}:{(device & 0xFF) | (device >> 12 & 0xFFF00):02x}:{inode}"
    for line in lines:
        fields = line.replace("-> ", "").split()
        if len(fields) < 8 or fields[5] != name:
            continue
        first, last = fields[6], fields[7]
        if int(first) <= wanted[1] and (last == "EOF" or int(last) >= wanted[0]):
            return True
    return False
