"""The files of an SQLite store: created for their owner only, opened with the durability that the
port promises."""

from __future__ import annotations

import os
import sqlite3
import stat
import time
from contextlib import closing, suppress
from pathlib import Path

from fql.errors import StoreError, StoreFull
from fql.store.sqlite.lock import EngineLock, inode_of
from fql.store.sqlite.names import beside, refuse_other_name, settled
from fql.store.sqlite.write import STATEMENTS

NO_SPACE = 1_000_000
"""Fewer free bytes than these, and a failed write is put down to them."""
PATIENCE = 10.0
"""Seconds that another connection may take to end what it does."""
JOURNAL_BYTES = 16_000_000
"""What a journal is cut to when it has been emptied: a larger one is waiting for a reader."""
WRITING = (sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN)
"""Errors of SQLite that a full disk can cause besides SQLITE_FULL: it makes its `-shm` longer."""


def prepare(path: Path) -> None:
    """Create file (0600) and folder (0700) where missing. SQLite gives -wal and -shm the mode of
    the file. A file that exists is left closed: whoever closes it takes away the locks that SQLite
    holds on it in this process. Raises StoreError."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with suppress(FileExistsError):
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
        regular = stat.S_ISREG(path.stat().st_mode)
    except OSError as problem:
        raise _not_for_writing(path, problem.strerror or str(problem)) from problem
    if not regular:
        raise _not_for_writing(path, "it is a folder, a device or a pipe")
    if not os.access(path, os.R_OK | os.W_OK):
        raise _not_for_writing(path, "permission denied")


def _not_for_writing(path: Path, reason: str) -> StoreError:
    return StoreError(
        f"the store {path} cannot be opened for writing: {reason}",
        hint="check the folder's permissions, or choose another file with --store",
    )


def holds_store(path: Path) -> bool:
    """Whether a file has the tables of a store. Only reads: a database of somebody else stays as it
    is. Raises StoreError for what is not an SQLite file or cannot be read."""
    path = settled(path)
    wanted = "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = 'fql_meta'"
    try:
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as connection:
            refuse_other_name(path)
            (found,) = connection.execute(wanted).fetchone()
    except sqlite3.Error as problem:
        raise translate(problem, path) from problem
    return bool(found)


def translate(problem: sqlite3.Error, path: Path) -> StoreError:
    """What an error of SQLite means to a user."""
    kind = getattr(problem, "sqlite_errorcode", 0) & 0xFF
    if kind == sqlite3.SQLITE_FULL or (kind in WRITING and _is_full(path)):
        return StoreFull(
            f"no space is left for the store {path}",
            hint="free some space; work resumes automatically",
        )
    if kind in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return StoreError(
            f"the store {path} is damaged or not an SQLite file: {problem}",
            hint="restore it from a backup, or start with a new file",
        )
    if kind == sqlite3.SQLITE_READONLY:
        return StoreError(
            f"the store {path} is read-only", hint="make file and folder writable for this user"
        )
    return StoreError(f"the store {path} cannot be used: {problem}", hint=_advice(kind))


def _advice(kind: int) -> str:
    if kind == sqlite3.SQLITE_BUSY:
        return "another program keeps it locked: end its open transaction, or its exclusive mode"
    if kind in WRITING:
        return "check the disk, its quota, the folder's permissions and the limit on open files"
    return ""


def _is_full(path: Path) -> bool:
    """Whether the disk has no room, in bytes or in entries."""
    try:
        disk = os.statvfs(path.parent)
    except OSError:
        return False
    return disk.f_bavail * disk.f_frsize < NO_SPACE or (disk.f_files > 0 and disk.f_favail == 0)


def connect(path: Path) -> sqlite3.Connection:
    """A connection whose commits survive a power cut: WAL, `synchronous=FULL`. Raises
    StoreLocked where the file is in use under another name."""
    connection = sqlite3.connect(
        path, isolation_level=None, check_same_thread=False, timeout=PATIENCE,
        cached_statements=STATEMENTS,
    )  # fmt: skip
    try:
        refuse_other_name(path)
        _keep_a_journal(connection)
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA wal_autocheckpoint = 4000")
        connection.execute(f"PRAGMA journal_size_limit = {JOURNAL_BYTES}")
    except BaseException:
        connection.close()
        raise
    return connection


def _keep_a_journal(connection: sqlite3.Connection) -> None:
    """Switch to WAL. Where two open a new file at once, SQLite refuses one of them without waiting
    for the other, whatever its timeout."""
    end = time.monotonic() + PATIENCE
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as problem:
            if problem.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > end:
                raise
            time.sleep(0.01)
        else:
            return


def read_only(file: Path) -> sqlite3.Connection:
    """A connection that changes nothing, also where nothing may be written: SQLite then needs to
    know that there is no journal. Raises sqlite3.Error."""
    journal = beside(file, "-wal")
    alone = not journal.exists() or not journal.stat().st_size
    still = "&immutable=1" if alone and not os.access(file.parent, os.W_OK) else ""
    uri = f"{file.resolve().as_uri()}?mode=ro{still}"
    return sqlite3.connect(uri, uri=True, isolation_level=None)


def vacuum(connection: sqlite3.Connection, path: Path, lock: EngineLock) -> tuple[int, int]:
    """Write the file again without the space of what was removed: its bytes before and after. It
    takes as much space again while it works. Raises StoreLocked while an engine has the file."""
    lock.take(path, inode_of(path))
    try:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        before = path.stat().st_size
        connection.execute("VACUUM")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return before, path.stat().st_size
    finally:
        lock.give()
