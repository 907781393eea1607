"""The files of an SQLite store: created for their owner only, opened with the durability that the
port promises, locked by one engine at a time."""

from __future__ import annotations

import fcntl
import os
import sqlite3
from contextlib import suppress
from pathlib import Path

from fql.errors import StoreError, StoreFull, StoreLocked
from fql.store.sqlite import schema
from fql.store.sqlite.read import meta
from fql.store.sqlite.write import STATEMENTS


def prepare(path: Path) -> None:
    """Create file (0600) and folder (0700) where missing. SQLite gives -wal and -shm the mode of
    the file. Raises StoreError."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    except OSError as problem:
        raise StoreError(
            f"the store {path} cannot be opened for writing: {problem.strerror}",
            hint="check the folder's permissions, or choose another file with --store",
        ) from problem


class FileLock:
    """An advisory lock beside the store. It holds the process id of the engine, and the system
    gives it back however the process ends."""

    def __init__(self, path: Path) -> None:
        self._path = path.with_name(path.name + ".lock")
        self._handle: int | None = None

    def take(self) -> None:
        """Raises StoreLocked, naming the process that has it."""
        handle = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as problem:
            holder = os.read(handle, 200).decode(errors="replace").strip() or "unknown"
            os.close(handle)
            raise StoreLocked(
                f"the store {self._path.with_suffix('')} is in use: process {holder} is its engine",
                hint="stop that process, or work beside it with `fqlc emit`, `runs` and `dlq`",
            ) from problem
        os.ftruncate(handle, 0)
        os.pwrite(handle, str(os.getpid()).encode(), 0)
        self._handle = handle

    def give(self) -> None:
        """Let the next one have it."""
        if self._handle is not None:
            with suppress(OSError):
                os.ftruncate(self._handle, 0)
            os.close(self._handle)
            self._handle = None


def translate(problem: sqlite3.Error, path: Path | str) -> StoreError:
    """What an error of SQLite means to a user."""
    text = str(problem)
    if "full" in text:
        return StoreFull(
            f"no space is left for the store {path}", hint="free some space; work resumes by itself"
        )
    if "malformed" in text or "not a database" in text:
        return StoreError(
            f"the store {path} is damaged or not an SQLite file: {text}",
            hint="restore it from a backup, or start with a new file",
        )
    if "readonly" in text:
        return StoreError(
            f"the store {path} is read-only", hint="make file and folder writable for this user"
        )
    return StoreError(f"the store {path} cannot be used: {text}")


def connect(path: Path) -> sqlite3.Connection:
    """A connection whose commits survive a power cut: WAL, `synchronous=FULL`."""
    connection = sqlite3.connect(
        path, isolation_level=None, check_same_thread=False, timeout=10,
        cached_statements=STATEMENTS,
    )  # fmt: skip
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA wal_autocheckpoint = 4000")
    return connection


def create(connection: sqlite3.Connection, path: Path, letters: str) -> None:
    """Create the tables that are missing. Raises StoreError for a file of a newer version."""
    connection.execute("BEGIN IMMEDIATE")
    for statement in schema.TABLES.format(letters=letters).split(";"):
        if statement.strip():
            connection.execute(statement)
    version = meta(connection, "version")
    if version is not None and int(version) > schema.VERSION:
        connection.execute("ROLLBACK")
        raise StoreError(
            f"the store {path} was written by a newer version of fql",
            hint="update fql, or choose another file with --store",
        )
    put = "INSERT OR REPLACE INTO fql_meta VALUES('version', ?)"
    connection.execute(put, (schema.VERSION,))
    connection.execute("COMMIT")
