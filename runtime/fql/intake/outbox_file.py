"""One SQLite file with an outbox, open: rows are read from it and deleted. Used on one thread."""

# ruff: noqa: S608  (names of tables come from `Names`, which allows no other characters)
from __future__ import annotations

import sqlite3
from collections.abc import Container, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from fql.exact.writing import json_text
from fql.outbox.locks import anybody_at_work
from fql.outbox.tables import Names

BUSY_SECONDS = 5.0
MOST_BYTES = 16_000_000
"""Of the rows of one read, but for the last one."""
SLICE = 2_000
"""Rows that one transaction deletes: it holds the database for about a millisecond."""

_COLUMNS = (
    "seq, id, entity, event, new, old, raw, problem, event_id, key, context,"
    " strftime('%Y-%m-%dT%H:%M:%fZ', at)"
)

Inode = tuple[int, int]


class Row(NamedTuple):
    """A row of the outbox as SQLite gives it; texts are bytes, for they may not be UTF-8."""

    seq: int
    id: bytes
    entity: bytes
    event: bytes
    new: bytes | None
    old: bytes | None
    raw: int
    problem: bytes | None
    event_id: bytes | None
    key: bytes | None
    context: bytes | None
    at: bytes | None


class Facts(NamedTuple):
    """What the outbox says about itself: its incarnation, who reads it, the highest number that
    was given, and the format number of its tables."""

    incarnation: str
    consumer: str | None
    number: int


class Deleted(NamedTuple):
    """Ids of rows that are no longer there, and the number of the first row among them that nobody
    has seen yet, if there is one."""

    gone: list[bytes]
    unseen: int | None


def inode_of(path: Path) -> Inode | None:
    """The file that a name means now; None where there is none. Raises OSError."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino


class OutboxFile:
    """A connection, and which file it is on. Raises sqlite3.Error and OSError."""

    def __init__(self, path: Path, names: Names) -> None:
        self.path = path
        self.names = names
        self.inode = inode_of(path)
        uri = f"{path.resolve().as_uri()}?mode=rw"
        self.connection = sqlite3.connect(
            uri, uri=True, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
        )
        # Text that is not UTF-8 must become a dead letter, not an error of the whole source.
        self.connection.text_factory = bytes
        journal = self.connection.execute("PRAGMA journal_mode").fetchone()[0]
        self.wal = journal == b"wal"
        # What is deleted may come back after a power failure: the store sends it under its old key.
        self.connection.execute(f"PRAGMA synchronous = {'NORMAL' if self.wal else 'FULL'}")
        # Whoever writes much moves the pages: a file below us may have been replaced meanwhile.
        self.connection.execute("PRAGMA wal_autocheckpoint = 0")
        self._beside = self._seen_beside()

    def close(self) -> None:
        """Give the connection back."""
        self.connection.close()

    def is_stale(self) -> bool:
        """Whether pages that this connection remembers may no longer be those of the file: in WAL
        mode SQLite compares the journal alone, which a copy over the file leaves as it was."""
        return self._seen_beside() != self._beside

    def _seen_beside(self) -> tuple[object, ...]:
        if not self.wal:
            return ()
        wal = self.path.with_name(self.path.name + "-wal")
        try:
            return self.path.stat().st_mtime_ns, inode_of(wal)
        except OSError:
            return ()

    @contextmanager
    def texts(self) -> Iterator[sqlite3.Connection]:
        """The connection, for a while with texts as texts."""
        self.connection.text_factory = str
        try:
            yield self.connection
        finally:
            self.connection.text_factory = bytes

    def schema_version(self) -> int:
        """A number that changes with every change of tables and triggers."""
        return int(self.connection.execute("PRAGMA schema_version").fetchone()[0])

    def triggers(self) -> list[tuple[bytes, bytes]]:
        """The texts of all triggers called `fql_...`: what a check compares."""
        find = (
            "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND name GLOB 'fql_*'"
            " ORDER BY name"
        )
        return self.connection.execute(find).fetchall()

    def facts(self) -> Facts | None:
        """What the outbox says about itself; None where it is not there."""
        names = self.names
        find = f"""SELECT incarnation, consumer, ifnull((SELECT max(seq) FROM sqlite_sequence
            WHERE name = '{names.outbox}'), 0) FROM {names.source}"""
        found = self.connection.execute(find).fetchone()
        if found is None:
            return None
        incarnation, consumer, number = found
        return Facts(incarnation.decode(), None if consumer is None else consumer.decode(), number)

    def register(self, consumer: str, instead_of: str | None) -> bool:
        """Note who reads this outbox; False when somebody else was quicker."""
        put = f"UPDATE {self.names.source} SET consumer = ? WHERE consumer IS ?"
        return self.connection.execute(put, (consumer, instead_of)).rowcount == 1

    def rows(self, after: int, limit: int, done: Container[bytes]) -> list[Row]:
        """Rows behind this number that are not done, oldest first."""
        find = f"SELECT {_COLUMNS} FROM {self.names.outbox} WHERE seq > ? ORDER BY seq"
        found: list[Row] = []
        size = 0
        cursor = self.connection.execute(find, (after,))
        for values in cursor:
            row = Row._make(values)
            if row.id in done:
                continue
            found.append(row)
            size += len(row.new or b"") + len(row.old or b"")
            if len(found) >= limit or size > MOST_BYTES:
                break
        cursor.close()
        return found

    def count(self, until: int) -> int:
        """How many rows there are up to this number."""
        find = f"SELECT count(*) FROM {self.names.outbox} WHERE seq <= ?"
        return int(self.connection.execute(find, (until,)).fetchone()[0])

    def places(self, of: Container[bytes]) -> dict[bytes, int]:
        """The numbers of those of these rows that are there."""
        rows = self.connection.execute(f"SELECT id, seq FROM {self.names.outbox}")
        return {id_: seq for id_, seq in rows if id_ in of}

    def delete(self, done: Mapping[bytes, int], *, patient: bool = False) -> Deleted | None:
        """Delete rows whose ids are among these, at most a slice. None when somebody is at work on
        the database, unless `patient`: then it waits."""
        if not patient and anybody_at_work(self.path, wal=self.wal):
            return None
        self._wait(BUSY_SECONDS if patient else 0)
        try:
            return self._delete(done)
        except sqlite3.OperationalError:
            if self.connection.in_transaction:
                self.connection.execute("ROLLBACK")
            if patient:
                raise
            return None
        finally:
            self._wait(BUSY_SECONDS)

    def _delete(self, done: Mapping[bytes, int]) -> Deleted:
        """What is read first is read without the writer's lock, which is held for the rest alone;
        should somebody write in between, SQLite refuses us, not them."""
        outbox, first, end = self.names.outbox, min(done.values()), max(done.values())
        self.connection.execute("BEGIN")
        find = f"SELECT seq, id FROM {outbox} WHERE seq BETWEEN ? AND ? ORDER BY seq LIMIT ?"
        found = self.connection.execute(find, (first, end, SLICE)).fetchall()
        gone = [seq for seq, id_ in found if id_ in done]
        if gone and len(gone) == len(found):
            span = f"DELETE FROM {outbox} WHERE seq BETWEEN ? AND ?"
            self.connection.execute(span, (gone[0], gone[-1]))
        elif gone:
            each = f"DELETE FROM {outbox} WHERE seq IN (SELECT value FROM json_each(?))"
            self.connection.execute(each, (json_text(gone),))
        self.connection.execute("COMMIT")
        last = found[-1][0] if len(found) == SLICE else end
        unseen = next((seq for seq, id_ in found if id_ not in done), None)
        return Deleted([id_ for id_, seq in done.items() if seq <= last], unseen)

    def settle(self) -> None:
        """Let the file itself hold what is committed, while nobody is at work: a database that is
        moved or copied over keeps no pages of another one in its journal then. Nobody waits for
        this kind of checkpoint."""
        if self.wal and inode_of(self.path) == self.inode:
            self.connection.execute("PRAGMA wal_checkpoint(PASSIVE)")
            self._beside = self._seen_beside()

    def _wait(self, seconds: float) -> None:
        self.connection.execute(f"PRAGMA busy_timeout = {int(seconds * 1000)}")
