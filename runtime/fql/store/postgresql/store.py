"""The store on a PostgreSQL server, in a schema of its own.

One process is its engine, by a session row that every commit advances and a lease; others stand by,
read, and append to the inbox. What the engine writes goes over one connection, what is read over
another, so that a long query delays no commit.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Sequence
from typing import TypeVar

import psycopg

from fql.errors import StoreError, StoreGone, masked_urls
from fql.store.port import Lease, Pruned, StoreIdentity, Verdict
from fql.store.postgresql import copies, inbox
from fql.store.postgresql.inbox import Entering
from fql.store.postgresql.prune import Sweep, prune
from fql.store.postgresql.reading import read
from fql.store.postgresql.reading.questions import Questions
from fql.store.postgresql.tables.format import bring_up, holds_store
from fql.store.postgresql.wire.line import Line, Wire, wire_to
from fql.store.postgresql.wire.problems import is_lost, translate
from fql.store.postgresql.writing import session as sessions
from fql.store.postgresql.writing.commit import statement
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

T = TypeVar("T")
WRITE_PATIENCE = 8.0
"""Seconds for a commit: less than a lease, so that a doubtful one is settled within it."""
READ_PATIENCE = 60.0
WATCH_EVERY = 0.1
"""Seconds between looks of a standby at the engine's beacon."""
ASKED_AGAIN = 0.1
"""Seconds between questions whether an entry into the inbox has counted."""
KEYS_EVERY = 300_000
"""Milliseconds between two looks for old keys when there were none."""
TUNED = (
    "SET jit = off",
    "SET enable_seqscan = off",
    "SET enable_hashjoin = off",
    "SET enable_mergejoin = off",
    "SET plan_cache_mode = force_generic_plan",
)
"""For commits, which find few rows of large tables: one plan for all of them, along the indexes."""


class PostgresStore(Questions):
    """Implements `fql.store.port.Store` in one schema of a database. `url` is one of PostgreSQL;
    `within` seconds, if not 0, are the most that a question may take."""

    def __init__(self, url: str, *, schema: str = "fql_main", within: float = 0.0) -> None:
        self.where = _where(url, schema)
        self._within = within
        self._writing = Line(url, schema, self.where, patience=WRITE_PATIENCE, settings=TUNED)
        self._reading = Line(url, schema, self.where, patience=READ_PATIENCE)
        self._notes = False
        self._keys_looked = -KEYS_EVERY
        self._lease: Lease | None = None
        self._cycle = 0
        self._seen: frozenset[int] = frozenset()
        self._stirred = 0.0
        self._sweep = Sweep()

    async def _read(self, work: Callable[[Wire], T]) -> T:
        return await self._reading.call(work, again=True)

    async def open(self) -> None:
        """Connect, and make the tables where there are none. A try that fails leaves nothing
        open."""
        self._writing.start()
        self._reading.start()
        try:
            await self._reading.call(lambda wire: bring_up(wire, self.where), again=True)
        except BaseException:
            await self.close()
            raise

    async def close(self) -> None:
        """End the connections; a lease ends with them."""
        lease, self._lease = self._lease, None
        farewell = None
        if lease is not None:
            farewell = lambda wire: sessions.release(wire, lease, clean=False)  # noqa: E731
        await self._writing.close(farewell)
        await self._reading.close()

    async def identity(self) -> StoreIdentity:
        """Who this store is: an id that was made with its tables."""
        found = await self._read(lambda wire: read.meta(wire, "identity"))
        if found is None:
            raise StoreError(
                f"the store {self.where} has lost its identity",
                hint="restore its table fql_meta from a backup",
            )
        return StoreIdentity(found, self.where)

    async def acquire(self, holder: str) -> Lease:
        """Become the engine. Raises StoreLocked, naming the holder."""
        self._lease = await self._writing.call(lambda wire: self._begin(wire, holder))
        self._cycle = 0
        return self._lease

    def _begin(self, wire: Wire, holder: str) -> Lease:
        lease = sessions.begin(wire, f"{holder} on {socket.gethostname()}", self.where)
        with wire.connection.transaction():
            copies.begin(wire, wanted=self._notes)
        return lease

    async def until_free(self, seconds: float) -> None:
        """Wait until the lease of the engine has expired or its beacon is dark, or the time is
        over."""
        end = asyncio.get_running_loop().time() + seconds
        while (left := end - asyncio.get_running_loop().time()) > 0:
            await asyncio.sleep(min(left, WATCH_EVERY))
            try:
                if await self._read(sessions.is_free):
                    return
            except StoreGone:
                raise
            except StoreError:  # whoever tries to acquire it tells of it
                await asyncio.sleep(max(0.0, end - asyncio.get_running_loop().time()))

    async def renew(self, lease: Lease) -> bool:
        """Hold the lease for its time from now on; False when it is fenced."""
        return await self._writing.call(lambda wire: sessions.renew(wire, lease), again=True)

    async def release(self, lease: Lease, *, clean: bool) -> None:
        """Stop being the engine."""
        await self._writing.call(
            lambda wire: sessions.release(wire, lease, clean=clean), again=True
        )
        self._lease = None if self._lease == lease else self._lease

    async def load(self, lease: Lease) -> Snapshot:
        """What the engine needs at its start."""
        every = frozenset(range(lease.shards))
        return await self._read(lambda wire: read.load(wire, lease, every))

    async def page(self, page: Page) -> Paged:
        """Read stored runs back."""
        return await self._read(lambda wire: read.page(wire, page))

    async def known(self, keys: Sequence[bytes]) -> dict[bytes, Remembered]:
        """Those of these keys that were accepted before."""
        return await self._writing.call(lambda wire: read.known(wire, keys), again=True)

    async def commit(self, lease: Lease, mutations: Mutations) -> Verdict:
        """Change everything in one statement that begins with the session row."""
        self._stirred = asyncio.get_running_loop().time()
        self._sweep.dropped |= bool(mutations.dropped_runs)
        return await self._writing.call(lambda wire: self._commit(wire, lease, mutations))

    def _commit(self, wire: Wire, lease: Lease, mutations: Mutations) -> Verdict:
        sessions.greet(wire, lease)
        session = sessions.counted(lease, self._cycle, mutations.generation)
        query, values = statement(session, mutations, notes=self._notes, shared=lease.shared)
        try:
            found = wire.run(query, values)
        except psycopg.Error as problem:
            if is_lost(problem):
                wire.connection.close()
                return "ambiguous"
            if lease.shared and isinstance(problem, psycopg.errors.UniqueViolation):
                return "conflict"
            raise
        if not found:
            is_stale = lease.shared and sessions.has_counted(wire, lease, self._cycle)
            return "stale" if is_stale else "fenced"
        self._cycle += 1
        return "ok"

    async def settle(self, lease: Lease, expected: int) -> bool | None:
        """Whether a doubtful commit counted; if not, it never will."""
        counted = await self._writing.call(
            lambda wire: sessions.settle(wire, lease, expected), again=True
        )
        self._cycle = expected + 1
        return counted

    async def fetch(self, limit: int, but: frozenset[int]) -> list[Command]:
        """Commands in the inbox, oldest first, without those that the engine has in hand."""
        return await self._read(lambda wire: inbox.commands(wire, limit, sorted(but)))

    async def wait(self, seconds: float) -> bool:
        """Wait until there are new commands in the inbox, or the time is over. It looks every 50 ms
        after recent work, and less and less often when there is none."""
        loop = asyncio.get_running_loop()
        end = loop.time() + seconds
        while True:
            found = await self._newest()
            if found is None or found - self._seen:
                self._seen, self._stirred = found or frozenset(), loop.time()
                return True
            self._seen = found
            left, calm = end - loop.time(), loop.time() - self._stirred
            if left <= 0:
                return False
            await asyncio.sleep(min(left, inbox.pause_between_looks(calm)))

    async def _newest(self) -> frozenset[int] | None:
        """The newest commands. A look that fails counts as news: whoever reads then tells of it."""
        try:
            return await self._read(inbox.newest)
        except StoreError:
            return None

    async def append(
        self, commands: Sequence[tuple[str, bytes]], now: int, by: str = ""
    ) -> list[int]:
        """Put (kind, body) into the inbox, once: where the reply is lost, the server is asked for
        a while whether it has counted."""
        if not commands:
            return []
        loop = asyncio.get_running_loop()
        entering, end = Entering(commands, now, by), loop.time() + 2 * WRITE_PATIENCE
        while True:
            try:
                return await self._writing.call(entering, again=True)
            except StoreError as problem:
                if not entering.doubtful:
                    raise
                if loop.time() > end:
                    raise inbox.unknown(problem) from problem
                await asyncio.sleep(ASKED_AGAIN)

    def note_copies(self) -> None:
        """From the next `acquire` on, note what is to be copied elsewhere."""
        self._notes = True

    async def copies(self, limit: int) -> list[LetterCopy]:
        """What is noted, oldest first."""
        return await self._read(lambda wire: copies.take(wire, limit))

    async def copied(self, last: int) -> None:
        """Forget the notes up to this number."""
        await self._read(lambda wire: copies.forget(wire, last))

    async def prune(self, retention: Retention) -> Pruned:
        """Remove one bounded slice of what is no longer needed."""
        keys = retention.keys_before - self._keys_looked >= KEYS_EVERY
        gone = await self._reading.call(
            lambda wire: prune(wire, retention, self._sweep, notes=self._notes, keys=keys)
        )
        if keys and not gone.keys:
            self._keys_looked = retention.keys_before
        return gone


def exists(url: str, schema: str) -> bool:
    """Whether there is a store in this schema; it only looks, on a connection of its own. Raises
    StoreError."""
    where = _where(url, schema)
    try:
        wire = wire_to(url, schema, where, READ_PATIENCE)
        with wire.connection:
            return holds_store(wire, where)
    except psycopg.Error as problem:
        raise translate(problem, where) from problem


def _where(url: str, schema: str) -> str:
    return f"{masked_urls(url)} (schema {schema})"
