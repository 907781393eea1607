"""The embedded store: one SQLite file in WAL mode with `synchronous=FULL`.

One process is its engine (a lock on the file itself, and a session row that every commit
advances); any other may read it and append to its inbox. All statements run on one thread.
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from fql.errors import StoreError, StoreLocked, UsageError
from fql.exact.writing import json_text
from fql.outbox.sqlite.lookout import Lookout
from fql.store.port import Lease, Pruned, StoreIdentity, Verdict
from fql.store.records import (
    Command,
    LetterCopy,
    Mutations,
    Page,
    Paged,
    Remembered,
    Retention,
    Snapshot,
)
from fql.store.sessions import next_session, settlement
from fql.store.sqlite import schema
from fql.store.sqlite.files import connect, prepare, translate, vacuum
from fql.store.sqlite.format import Upgrade, bring_up
from fql.store.sqlite.lock import EngineLock
from fql.store.sqlite.marks import COPIED, forget
from fql.store.sqlite.names import Watched, beside, settled
from fql.store.sqlite.prune import Slice, Sweep
from fql.store.sqlite.reading import read as sqlite_read
from fql.store.sqlite.reading.patience import Patience
from fql.store.sqlite.reading.questions import Questions
from fql.store.sqlite.write import KEY, unpacked, write
from fql.store.sqlite.writing import copies as sqlite_copies

T = TypeVar("T")
POLL = 0.04
"""Shortest time between looks at the inbox, in seconds."""


class SqliteStore(Questions):
    """Implements `fql.store.port.Store` on one file. `letters` names the table of dead letters;
    `upgrade` says what becomes of a file of an older format; `within` seconds, if not 0, are the
    most that a question may take."""

    def __init__(
        self, path: str | Path, *, letters: str = "webhook_dlq",
        upgrade: Upgrade = Upgrade.SAFELY, within: float = 0.0,
    ) -> None:  # fmt: skip
        if not letters.isidentifier():
            raise StoreError(f"{letters!r} cannot be the name of the dead letter table")
        self._path = Path(path).resolve()
        self._letters = letters
        self._upgrade = upgrade
        self._patience = Patience(within) if within else None
        self._process = os.getpid()
        self._notes = False
        self._sweep = Sweep()
        # How many commits are waited for; a slice of pruning makes room for them.
        self._commits = 0
        self._lock = EngineLock()
        self._locked = False
        self._watched: Watched | None = None
        self._cycle = 0
        # Settlements that only the engine counts, and the count after the last of them.
        self._numbered = self._unwritten = self._settled = 0
        self._seen = 0
        self._looker: sqlite3.Connection | None = None
        self._lookout = Lookout(self._has_news, (), POLL)
        self._thread: ThreadPoolExecutor | None = None
        self._connection: sqlite3.Connection | None = None

    async def _call(self, work: Callable[[sqlite3.Connection], T]) -> T:
        if self._thread is None:
            raise StoreError(f"the store {self._path} is not open")
        if self._process != os.getpid():
            raise UsageError(
                f"the store {self._path} was opened in another process",
                hint="open it after fork(), in each process of its own",
            )
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._guard, work)

    def _guard(self, work: Callable[[sqlite3.Connection], T]) -> T:
        if self._connection is None or self._watched is None:
            raise StoreError(f"the store {self._path} is not open")
        self._watched.check()
        try:
            return work(self._connection)
        except BaseException as problem:
            if self._connection.in_transaction:
                self._connection.rollback()
            if isinstance(problem, sqlite3.Error):
                raise translate(problem, self._path) from problem
            raise

    async def open(self) -> None:
        """Open or create the file. A try that fails leaves nothing open."""
        if self._thread is None:
            self._process = os.getpid()
            self._thread = ThreadPoolExecutor(1, thread_name_prefix="fql-store")
        try:
            await asyncio.get_running_loop().run_in_executor(self._thread, self._open)
        except BaseException:
            await self.close()
            raise

    def _open(self) -> None:
        self._path = settled(self._path)
        prepare(self._path)
        try:
            self._connection = connect(self._path)
            bring_up(self._connection, self._path, self._letters, self._upgrade)
            self._looker = connect(self._path)
        except sqlite3.Error as problem:
            raise translate(problem, self._path) from problem
        self._watched = Watched(self._path)
        self._lookout = Lookout(self._has_news, (beside(self._path, "-wal"),), POLL)

    async def close(self) -> None:
        """Close the file; the lock goes with it. A forked child closes nothing: the connections
        are its parent's."""
        if self._thread is None or self._process != os.getpid():
            return
        self._lookout.close()
        await asyncio.get_running_loop().run_in_executor(self._thread, self._close)
        self._thread.shutdown()
        self._thread = None

    def _close(self) -> None:
        self._lock.give()
        self._locked = False
        if self._connection is not None and self._watched is not None:
            self._watched.leave(self._connection)
        for connection in (self._patience, self._looker, self._connection):
            if connection is not None:
                connection.close()
        self._looker = self._connection = self._watched = None

    async def acquire(self, holder: str) -> Lease:
        """Become the engine of this file."""
        return await self._call(lambda connection: self._acquire(connection, holder))

    def _acquire(self, connection: sqlite3.Connection, holder: str) -> Lease:
        if self._locked or self._watched is None:
            raise StoreLocked(f"the store {self._path} has an engine in this process already")
        self._lock.take(self._path, self._watched.inode)
        try:
            session = self._begin(connection, holder)
        except BaseException:
            self._lock.give()
            raise
        self._locked = True
        self._cycle = self._unwritten = self._settled = 0
        return Lease(session, holder)

    def _begin(self, connection: sqlite3.Connection, holder: str) -> int:
        connection.execute("BEGIN IMMEDIATE")
        last, self._numbered = connection.execute(schema.LAST_SESSION).fetchone() or (0, 0)
        session = next_session(last, int(time.time()))
        connection.execute(schema.NEW_SESSION, (session, holder, self._numbered))
        connection.execute(schema.OLD_SESSIONS)
        forget(connection, COPIED)
        sqlite_copies.begin(connection, self._letters, wanted=self._notes)
        connection.execute("COMMIT")
        return session

    async def until_free(self, seconds: float) -> None:
        """Nothing tells: the time is over."""
        await asyncio.sleep(seconds)

    async def renew(self, lease: Lease) -> bool:
        """Whether the session is live: a lock holds it, for as long as this process has it."""
        return await self._call(lambda connection: self._counted(connection, lease) is not None)

    async def release(self, lease: Lease, *, clean: bool) -> None:
        """Stop being the engine."""
        await self._call(lambda connection: self._release(connection, lease, clean))

    def _release(self, connection: sqlite3.Connection, lease: Lease, clean: bool) -> None:
        connection.execute(
            "UPDATE fql_session SET state = ? WHERE id = ?",
            ("drained" if clean else "left", lease.session),
        )
        self._lock.give()
        self._locked = False

    async def identity(self) -> StoreIdentity:
        """Who this store is; minted when it is first asked for."""
        return await self._call(
            lambda connection: StoreIdentity(_identity(connection), str(self._path))
        )

    async def load(self, lease: Lease) -> Snapshot:
        """What the engine needs at its start."""
        return await self._call(lambda connection: sqlite_read.load(connection, lease))

    async def page(self, page: Page) -> Paged:
        """Read stored runs back."""
        return await self._call(lambda connection: sqlite_read.page(connection, page))

    async def known(self, keys: Sequence[bytes]) -> dict[bytes, Remembered]:
        """Those of these keys that were accepted before."""
        text = json_text([KEY.unpack(key) for key in keys])

        def work(connection: sqlite3.Connection) -> dict[bytes, Remembered]:
            rows = [unpacked(*row) for row in connection.execute(schema.FIND_REMEMBERED, (text,))]
            return {row.key: row for row in rows}

        return await self._call(work)

    async def commit(self, lease: Lease, mutations: Mutations) -> Verdict:
        """Change everything in one transaction that begins with the session row."""
        self._commits += 1
        try:
            return await self._call(lambda connection: self._commit(connection, lease, mutations))
        finally:
            self._commits -= 1

    def _commit(
        self, connection: sqlite3.Connection, lease: Lease, mutations: Mutations
    ) -> Verdict:
        if not self._locked:
            return "fenced"
        connection.execute("BEGIN IMMEDIATE")
        numbered = self._numbered + len(mutations.runs)
        counts = (self._cycle + 1, numbered, lease.session, self._cycle)
        if connection.execute(schema.COUNT_COMMIT, counts).rowcount != 1:
            connection.execute("ROLLBACK")
            return "fenced"
        dead = write(connection, mutations, self._letters, self._numbered)
        if self._notes and (dead or mutations.letter_states):
            sqlite_copies.note(connection, dead, mutations.letter_states)
        connection.execute("COMMIT")
        self._cycle += 1
        self._numbered = numbered
        return "ok"

    async def settle(self, lease: Lease, expected: int) -> bool | None:
        """Whether a doubtful commit counted. A commit that has raised is over: nothing of it can
        arrive later, so there is nothing to write, which a failing disk might refuse."""
        return await self._call(lambda connection: self._settle(connection, lease, expected))

    def _settle(self, connection: sqlite3.Connection, lease: Lease, expected: int) -> bool | None:
        stored = self._counted(connection, lease)
        again = expected + 1 == self._settled
        counted = settlement(stored, expected - (self._unwritten - again))
        if again and counted is not None:
            return False
        if counted is False:
            self._unwritten, self._settled = self._unwritten + 1, expected + 1
        return counted

    def _counted(self, connection: sqlite3.Connection, lease: Lease) -> int | None:
        """How many commits of this session are in the file; None when it is not live."""
        row = connection.execute(schema.COUNTED, (lease.session,)).fetchone()
        if row is None or not self._locked:
            return None
        self._cycle, self._numbered = row
        return self._cycle

    async def fetch(self, limit: int, but: frozenset[int]) -> list[Command]:
        """Commands in the inbox, oldest first, without those that the engine has in hand."""
        values = (json_text(sorted(but)), limit)
        return await self._call(
            lambda connection: [
                Command(*row) for row in connection.execute(schema.FETCH_COMMANDS, values)
            ]
        )

    async def wait(self, seconds: float) -> bool:
        """Until there are new commands in the inbox, or the time is over."""
        self._lookout.open()
        before = self._seen
        await self._lookout.wait(seconds)
        return self._seen != before

    def _has_news(self) -> bool:
        """A few microseconds on the event loop itself: nothing is written, and readers of a WAL
        wait for nobody. A look that fails counts as news: whoever reads then tells of it."""
        if self._looker is None:
            return True
        try:
            row = self._looker.execute(schema.LAST_COMMAND).fetchone()
        except sqlite3.Error:
            return True
        last = 0 if row is None else int(row[0])
        changed = last != self._seen
        self._seen = last
        return changed

    async def append(
        self, commands: Sequence[tuple[str, bytes]], now: int, by: str = ""
    ) -> list[int]:
        """Put (kind, body) into the inbox."""

        def work(connection: sqlite3.Connection) -> list[int]:
            put = "INSERT INTO fql_inbox(kind, body, at, by) VALUES(?, ?, ?, ?)"
            connection.execute("BEGIN IMMEDIATE")
            cursors = [connection.execute(put, (kind, body, now, by)) for kind, body in commands]
            connection.execute("COMMIT")
            return [int(cursor.lastrowid or 0) for cursor in cursors]

        return await self._call(work)

    def note_copies(self) -> None:
        """From the next `acquire` on, note what is to be copied elsewhere."""
        self._notes = True

    async def copies(self, limit: int) -> list[LetterCopy]:
        """What is noted, oldest first."""
        return await self._call(lambda connection: sqlite_copies.take(connection, limit))

    async def copied(self, last: int) -> None:
        """Forget the notes up to this number."""
        forget = "DELETE FROM fql_copy WHERE number <= ?"
        await self._call(lambda connection: connection.execute(forget, (last,)))

    async def vacuum(self) -> tuple[int, int]:
        """Give the space of what was removed back to the disk: bytes of the file before and after.
        Raises StoreLocked while an engine has the store."""
        return await self._call(lambda connection: vacuum(connection, self._path, self._lock))

    async def prune(self, retention: Retention) -> Pruned:
        """Remove one bounded slice of what is no longer needed."""

        def work(connection: sqlite3.Connection) -> Pruned:
            one = Slice(
                connection, retention, self._letters, self._sweep, self._notes,
                lambda: self._commits > 0,
            )  # fmt: skip
            return one.prune()

        return await self._call(work)


def _identity(connection: sqlite3.Connection) -> str:
    """The id of this store, made when it is first asked for."""
    if sqlite_read.meta(connection, "identity") is None:
        connection.execute(schema.MINT_IDENTITY)
    return str(sqlite_read.meta(connection, "identity"))
