"""The format number of an SQLite store: an older one is upgraded, a newer one is refused.

A change of tables or of what their columns hold gets the next number and a step in `_STEPS`. All
steps and the number are one transaction, made while nobody is the engine of the file; an older
engine that is at work keeps its store until it ends.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import Enum
from functools import partial
from pathlib import Path

from fql.errors import StoreError, StoreFull
from fql.store.sqlite import schema
from fql.store.sqlite.lock import EngineLock, holder, inode_of
from fql.store.sqlite.marks import mark_copied
from fql.store.sqlite.names import HOME, note_home
from fql.store.sqlite.reading.read import meta
from fql.store.sqlite.upgrade import to_format_2, to_format_3, to_format_4, to_format_5
from fql.store.sqlite.whole import copy_whole

PATIENCE_SECONDS = 20.0
"""How long to wait for another process that may be upgrading the same file."""


class Upgrade(Enum):
    """What becomes of a store of an older format."""

    NEVER = "never"
    SAFELY = "after a backup beside it"
    AT_ONCE = "without a backup"


_STEPS: dict[int, Callable[[sqlite3.Connection, str], None]] = {
    2: to_format_2, 3: to_format_3, 4: to_format_4, 5: to_format_5,
}  # fmt: skip
"""What makes each format of the one before it. The second argument is the dead letter table."""


def bring_up(
    connection: sqlite3.Connection, path: Path, letters: str, upgrade: Upgrade = Upgrade.SAFELY
) -> None:
    """Create the tables that are missing, or upgrade those of an older format, of which a backup is
    made before; writes nothing where all is as it should be. Raises StoreError for a newer format,
    for an older one whose engine is at work or that is not to be upgraded, and for a file that was
    moved without its journal."""
    found = format_of(connection, path)
    if found is not None and found < schema.FORMAT:
        if upgrade is Upgrade.NEVER:
            raise _not_upgraded(path, found)
        with _no_older_engine(connection, path):
            if upgrade is Upgrade.SAFELY:
                _copy_beside(connection, path)
            write_missing_formats(connection, path, letters)
    elif found is None or not _is_ready(connection, path, letters):
        write_missing_formats(connection, path, letters)


def backup_name(path: Path, form: int) -> Path:
    """Where a store of an older format is kept when it is upgraded."""
    return path.with_name(f"{path.name}.format-{form}")


def _copy_beside(connection: sqlite3.Connection, path: Path) -> None:
    """Another process may have upgraded it meanwhile: then there is nothing to keep. Raises
    StoreError."""
    found = format_of(connection, path)
    if found is None or found == schema.FORMAT:
        return
    now = int(time.time() * 1000)
    try:
        copy_whole(connection, backup_name(path, found), partial(mark_copied, now), Path.replace)
    except StoreFull as full:
        raise StoreFull(
            f"the store {path} is not upgraded: {full.message}",
            hint="free some space, or upgrade without a backup: fqlc store upgrade --no-backup",
        ) from full


def _not_upgraded(path: Path, found: int) -> StoreError:
    return StoreError(
        f"the store {path} has format {found}, and this version works with {schema.FORMAT}: its"
        " engine upgrades it, which has not started since",
        hint="start `fqlc run`, or upgrade it now: fqlc store upgrade",
    )


def format_of(connection: sqlite3.Connection, path: Path) -> int | None:
    """The number in the file; None for one without tables. Raises StoreError for a newer format,
    and for what is not a number."""
    tables = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'fql_meta'"
    found = meta(connection, "version") if connection.execute(tables).fetchone() else None
    if found is None:
        return None
    if not isinstance(found, int) or found < 1:
        raise StoreError(
            f"the store {path} has no readable format number: {found!r}",
            hint="restore it from a backup, or choose another file with --store",
        )
    if found > schema.FORMAT:
        raise StoreError(
            f"the store {path} was written by a newer version of fql: it has format {found},"
            f" this version reads up to {schema.FORMAT}",
            hint=_way_back(path),
        )
    return found


def _way_back(path: Path) -> str:
    """Older versions have kept copies of what they upgraded."""
    kept = [backup_name(path, form) for form in range(schema.FORMAT, 0, -1)]
    found = next((one for one in kept if one.exists()), None)
    if found is None:
        return "update fql, restore a backup of this version, or choose another file with --store"
    return f"update fql, or go back: fqlc store restore --replace {found}"


def _is_ready(connection: sqlite3.Connection, path: Path, letters: str) -> bool:
    """Whether the dead letters have their table (the others came with the number), and the store
    knows its name."""
    query = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?"
    table = connection.execute(query, (letters,)).fetchone()
    return table is not None and meta(connection, HOME) == str(path)


@contextmanager
def _no_older_engine(connection: sqlite3.Connection, path: Path) -> Iterator[None]:
    """Keep engines out while the store is upgraded; another process may be doing that, and is
    waited for. Raises StoreError where an engine is at work."""
    lock = EngineLock()
    end = time.monotonic() + PATIENCE_SECONDS
    while not lock.taken(inode_of(path)) and format_of(connection, path) != schema.FORMAT:
        if time.monotonic() > end:
            raise _in_use(path, str(holder(inode_of(path)) or ""))
        time.sleep(0.05)
    try:
        with _no_engine_of_format_1(connection, path):
            yield
    finally:
        lock.give()


@contextmanager
def _no_engine_of_format_1(connection: sqlite3.Connection, path: Path) -> Iterator[None]:
    """Their lock is a file beside the store."""
    lock = path.with_name(path.name + ".lock")
    handle = os.open(lock, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        end = time.monotonic() + PATIENCE_SECONDS
        while not _locked(handle) and format_of(connection, path) != schema.FORMAT:
            if time.monotonic() > end:
                raise _in_use(path, os.pread(handle, 200, 0).decode(errors="replace").strip())
            time.sleep(0.05)
        yield
        lock.unlink(missing_ok=True)
    finally:
        os.close(handle)


def _locked(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _in_use(path: Path, process: str) -> StoreError:
    return StoreError(
        f"the store {path} has an older format and is in use: process {process or 'unknown'} is"
        " its engine",
        hint="stop that process, which runs an older fql; then the store is upgraded",
    )


def write_missing_formats(connection: sqlite3.Connection, path: Path, letters: str) -> None:
    """All that is missing, in one transaction. What another process has done meanwhile counts."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        found = format_of(connection, path)
        for number in range((found or schema.FORMAT) + 1, schema.FORMAT + 1):
            _STEPS[number](connection, letters)
        for statement in (*schema.TABLES.split(";"), *schema.COUNTING):
            if statement.strip():
                connection.execute(statement.format(letters=letters))
        renamed = note_home(connection, path)
        put = "INSERT OR REPLACE INTO fql_meta VALUES('version', ?)"
        connection.execute(put, (schema.FORMAT,))
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")
    if renamed:
        connection.execute("PRAGMA wal_checkpoint")
