"""Whole copies of a store: complete under their name, or not there at all."""

from __future__ import annotations

import fcntl
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from fql.errors import StoreError, StoreFull

SPARE = 1_000_000
"""Bytes of the disk that a copy leaves free."""
MAPPED = 1 << 31
"""Bytes of a copy that are read as memory, which takes a third less than reading them."""
Finish = Callable[[sqlite3.Connection], None]
Placing = Callable[[Path, Path], object]
"""Gives a file another name."""


def part_of(target: Path) -> Path:
    """Where a copy grows until it is whole."""
    return target.with_name(f".{target.name}.part")


def copy_whole(source: sqlite3.Connection, target: Path, finish: Finish, place: Placing) -> int:
    """Copy the database of a connection: one moment of it, which nobody has to wait for. `finish`
    changes the copy before it gets its name by `place`. Returns its bytes. Raises StoreError."""
    with _part(target) as (part, handle):
        try:
            _require_room(source, target)
            with _unsynced(source):
                source.execute("VACUUM INTO ?", (str(part),))
            with closing(sqlite3.connect(part)) as copy:
                copy.execute("PRAGMA synchronous = OFF")
                finish(copy)
                copy.commit()
                copy.execute(f"PRAGMA mmap_size = {MAPPED}")
                (verdict,) = copy.execute("PRAGMA quick_check(1)").fetchone()
            if verdict != "ok":
                raise StoreError(
                    f"the copy {target} would be damaged: {verdict}",
                    hint="`fqlc store check` tells what is wrong with the store",
                )
            os.fsync(handle)
            size = os.fstat(handle).st_size
            place(part, target)
            sync_folder(target.parent)
        except (OSError, sqlite3.Error) as problem:
            raise _not_written(target, problem) from problem
        return size


@contextmanager
def _unsynced(source: sqlite3.Connection) -> Iterator[None]:
    """While a connection writes a copy: SQLite takes its `synchronous` for that file, which does
    without, since it is nothing before it is whole, and is synced then."""
    (before,) = source.execute("PRAGMA synchronous").fetchone()
    source.execute("PRAGMA synchronous = OFF")
    try:
        yield
    finally:
        source.execute(f"PRAGMA synchronous = {before}")


@contextmanager
def _part(target: Path) -> Iterator[tuple[Path, int]]:
    """An empty file beside the target that nobody else writes. One that was left by a process that
    was killed is used again; what did not get its name is removed."""
    part = part_of(target)
    try:
        handle = os.open(part, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as problem:
        raise _not_written(target, problem) from problem
    try:
        if not _is_mine(handle, part):
            raise StoreError(f"another process is writing {target}", hint="wait until it has ended")
        os.ftruncate(handle, 0)
        try:
            yield part, handle
        finally:
            part.unlink(missing_ok=True)
    finally:
        os.close(handle)


def _is_mine(handle: int, part: Path) -> bool:
    """Whether this process alone has the file, and it has not got its name meanwhile."""
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return os.path.samestat(os.fstat(handle), part.stat())
    except OSError:
        return False


def remove_left_part(part: Path) -> None:
    """Remove a copy that a killed process has left; one that is being written stays."""
    with suppress(OSError):  # it is gone by now, or not ours to open
        handle = os.open(part, os.O_RDWR)
        try:
            if _is_mine(handle, part):
                part.unlink()
        finally:
            os.close(handle)


def _require_room(source: sqlite3.Connection, target: Path) -> None:
    pages, free, size = (
        int(source.execute(f"PRAGMA {name}").fetchone()[0])
        for name in ("page_count", "freelist_count", "page_size")
    )
    wanted, disk = (pages - free) * size, os.statvfs(target.parent)
    there = disk.f_bavail * disk.f_frsize
    if there < wanted + SPARE:
        raise StoreFull(
            f"there is no room for {target}: it takes {wanted:,} bytes, and {there:,} are free",
            hint="free some space, or name a file on another disk",
        )


def _not_written(target: Path, problem: OSError | sqlite3.Error) -> StoreError:
    reason = getattr(problem, "strerror", None) or str(problem)
    return StoreError(
        f"the copy {target} cannot be written: {reason}",
        hint="check the folder, its permissions and the room on its disk",
    )


def sync_folder(folder: Path) -> None:
    """Make what files are called in a folder outlast a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
