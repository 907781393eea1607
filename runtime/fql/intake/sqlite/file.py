"""One SQLite file with an outbox, open: rows are read from it and deleted. Used on one thread."""

# ruff: noqa: S608  (names of tables come from `Names`, which allows no other characters)
from __future__ import annotations

import sqlite3
import tempfile
import time
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, TypeVar, cast

from fql.errors import StoreError
from fql.exact.writing import json_text
from fql.intake.sqlite.rows import COLUMNS, ID, TEXTS, Ask, Deleted, Row, Seen, row_of
from fql.outbox.sqlite.peephole import WAL_BYTES, WAL_LOCKS, Moment, peephole
from fql.outbox.sqlite.status import tables_of
from fql.outbox.sqlite.tables import Names
from fql.outbox.sqlite.values import Text

T = TypeVar("T")

BUSY_SECONDS = 5.0
PATIENCE_SECONDS = 1.0
"""How long it is tried to read without a lock."""
MOST_BYTES = 16_000_000
"""Of the rows of one read, except for the last one."""
SLICE = 2_000
"""Rows that one transaction deletes: it holds the database for about a millisecond."""

Inode = tuple[int, int]


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
        self.connection = self._connected("mode=rw")
        journal = self.connection.execute("PRAGMA journal_mode").fetchone()[0]
        self.wal = journal == b"wal"
        # What is deleted may come back after a power failure: the store sends it under its old key.
        self.connection.execute(f"PRAGMA synchronous = {'NORMAL' if self.wal else 'FULL'}")
        # Whoever writes much moves the pages: a file below us may have been replaced meanwhile.
        self.connection.execute("PRAGMA wal_autocheckpoint = 0")
        self.peephole = None if self.wal else peephole(path)
        self._beside = self._seen_beside()

    def _connected(self, how: str) -> sqlite3.Connection:
        connection = sqlite3.connect(
            f"{self.path.resolve().as_uri()}?{how}", uri=True, timeout=BUSY_SECONDS,
            isolation_level=None, check_same_thread=False,
        )  # fmt: skip
        # Text that is not UTF-8 must become a dead letter, not an error of the whole source.
        connection.text_factory = Text
        return connection

    def close(self) -> None:
        """Give the connection back."""
        self.connection.close()

    def is_stale(self) -> bool:
        """Whether the file has another kind of journal now, or pages that this connection remembers
        may no longer be its: in WAL mode SQLite compares the journal alone, which a copy over the
        file leaves as it was."""
        if self.peephole is not None:
            return self.peephole.is_wal()
        return self._seen_beside() != self._beside

    def _seen_beside(self) -> tuple[object, ...]:
        if not self.wal:
            return ()
        wal = self.path.with_name(self.path.name + "-wal")
        try:
            return self.path.stat().st_mtime_ns, inode_of(wal)
        except OSError:
            return ()

    # Reading.

    def read(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Do what only reads, all in one moment. With a rollback journal it is done without a lock,
        and again when something was committed meanwhile; in vain, it waits for the lock."""
        end = time.monotonic() + PATIENCE_SECONDS
        there = inode_of(self.path) == self.inode
        while self.peephole is not None and there and time.monotonic() < end:
            before = self._moment()
            if before is not None:
                try:
                    result = self._read_unlocked(work)
                except sqlite3.Error:
                    if self._moment() == before:
                        raise
                else:
                    if self._moment() == before:
                        return result
            time.sleep(0.002)
            there = inode_of(self.path) == self.inode
        if not self.wal and inode_of(self.path) != self.inode:
            return self._read_copy(work)
        return self._read_locked(work)

    def _read_copy(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Of a file that has lost its name. SQLite would take the journal beside the name for this
        file's, and delete it below whoever writes to the other one. Nobody can write here any more:
        SQLite refuses that."""
        if self.peephole is None or self.inode is None:
            raise StoreError("a file that has lost its name cannot be read on this system")
        with tempfile.NamedTemporaryFile(suffix=".db") as target:
            if not self.peephole.copy(self.inode, cast("BinaryIO", target)):
                raise StoreError(
                    f"{self.path} has lost its name, and cannot be read at this moment"
                )
            target.flush()
            uri = f"{Path(target.name).as_uri()}?immutable=1"
            connection = sqlite3.connect(uri, uri=True, isolation_level=None)
            connection.text_factory = Text
            try:
                return work(connection)
            finally:
                connection.close()

    def _moment(self) -> Moment | None:
        """None also when another file has the name by now."""
        try:
            return None if self.peephole is None else self.peephole.moment()
        except FileNotFoundError:
            return None

    def _read_unlocked(self, work: Callable[[sqlite3.Connection], T]) -> T:
        connection = self._connected("immutable=1")
        try:
            return work(connection)
        finally:
            connection.close()

    def _read_locked(self, work: Callable[[sqlite3.Connection], T]) -> T:
        self.connection.execute("BEGIN")
        try:
            return work(self.connection)
        finally:
            self.connection.execute("ROLLBACK")

    def look(self, ask: Ask) -> Seen:
        """What is asked for, all of one moment; rows oldest first."""
        return self.read(lambda connection: self._look(connection, ask))

    def _look(self, connection: sqlite3.Connection, ask: Ask) -> Seen:
        schema = int(connection.execute("PRAGMA schema_version").fetchone()[0])
        known = ask.known
        if known is None or known.schema != schema:
            with texts(connection):
                tables = tables_of(connection, self.names)
            known = Seen(schema, tuple(connection.execute(_TRIGGERS).fetchall()), tables)
        seen = Seen(schema, known.triggers, known.tables)
        if seen.tables != "current":
            return seen
        outbox = self.names.outbox
        incarnation, reader, number = connection.execute(
            f"""SELECT incarnation, consumer,
            max(number, ifnull((SELECT max(seq) FROM {outbox}), 0)) FROM {self.names.source}"""
        ).fetchone()
        count = f"SELECT count(*) FROM {outbox} WHERE seq <= ?"
        return seen._replace(
            incarnation=incarnation.decode(),
            reader=None if reader is None else reader.decode(),
            number=number,
            below=connection.execute(count, (ask.after,)).fetchone()[0] if ask.counted else None,
            rows=self._rows(connection, ask.after, ask.limit, ask.done),
        )

    def rows(self, limit: int, done: Container[bytes]) -> tuple[Row, ...]:
        """Rows that are not done, oldest first, whatever else there may be."""
        return self.read(lambda connection: self._rows(connection, 0, limit, done))

    def _rows(
        self, connection: sqlite3.Connection, after: int, limit: int, done: Container[bytes]
    ) -> tuple[Row, ...]:
        find = f"SELECT {COLUMNS} FROM {self.names.outbox} AS o WHERE seq > ? ORDER BY seq"
        found: list[Row] = []
        size = 0
        cursor = connection.execute(find, (after,))
        for values in cursor:
            if values[1] in done:
                continue
            row = row_of(values)
            found.append(row)
            size += len(row.new or b"") + len(row.old or b"")
            if len(found) >= limit or size > MOST_BYTES:
                break
        cursor.close()
        return tuple(found)

    def places(self, of: Container[bytes]) -> dict[bytes, int]:
        """The numbers of those of these rows that are there."""
        find = f"SELECT {ID}, seq FROM {self.names.outbox}"
        return self.read(
            lambda connection: {id_: seq for id_, seq in connection.execute(find) if id_ in of}
        )

    # Writing.

    def take_in(self, rows: Sequence[Row]) -> None:
        """Put rows of another file into this outbox; they keep their ids."""
        names = ", ".join(("seq", "id", "raw", *TEXTS, "at"))
        texts_of = ", ".join("CAST(? AS TEXT)" for _ in TEXTS)
        put = (
            f"INSERT INTO {self.names.outbox} ({names})"
            f" VALUES ({self.names.next_seq}, ?, ?, {texts_of}, julianday(CAST(? AS TEXT)))"
        )
        self.connection.execute("BEGIN IMMEDIATE")
        self.connection.executemany(put, [row[1:] for row in rows])
        self.connection.execute("COMMIT")

    def register(self, reader: str, instead_of: str | None) -> bool:
        """Note who reads this outbox; False when somebody else was quicker."""
        put = f"UPDATE {self.names.source} SET consumer = ? WHERE consumer IS ?"
        return self.connection.execute(put, (reader, instead_of)).rowcount == 1

    def delete(self, done: Mapping[bytes, int], *, patient: bool = False) -> Deleted | None:
        """Delete rows whose ids are among these, at most a slice. None when somebody is at work on
        the database, unless `patient`: then it waits."""
        if not patient and self.anybody_at_work():
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

    def anybody_at_work(self) -> bool:
        """Whether some connection has a transaction open now, as far as the system tells. One that
        began by reading is refused (SQLITE_BUSY_SNAPSHOT) when we commit before it writes."""
        if self.peephole is not None:
            return self.peephole.anybody()
        shared = peephole(self.path.with_name(self.path.name + "-shm")) if self.wal else None
        try:
            return shared is not None and shared.anybody(WAL_LOCKS, WAL_BYTES)
        except FileNotFoundError:
            return False

    def _delete(self, done: Mapping[bytes, int]) -> Deleted:
        """What is read first is read without the writer's lock, which is held for the rest alone;
        should somebody write in between, SQLite refuses us, not them."""
        outbox, first, end = self.names.outbox, min(done.values()), max(done.values())
        self.connection.execute("BEGIN")
        find = f"SELECT seq, {ID} FROM {outbox} WHERE seq BETWEEN ? AND ? ORDER BY seq LIMIT ?"
        found = self.connection.execute(find, (first, end, SLICE)).fetchall()
        gone = [seq for seq, id_ in found if id_ in done]
        if gone:
            note = f"UPDATE {self.names.source} SET number = max(number, ?)"
            self.connection.execute(note, (gone[-1],))
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


_TRIGGERS = (
    "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND name GLOB 'fql_*' ORDER BY name"
)


@contextmanager
def texts(connection: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    """The connection, for a while with texts as texts."""
    connection.text_factory = str
    try:
        yield connection
    finally:
        connection.text_factory = Text
