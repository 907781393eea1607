"""The outbox of a SQLite database as a source of events.

Rows are taken in the order of `seq`, which is the order of commits, and known by their ids: the
store keeps those in the commit of the runs, until the rows are gone from the outbox. So a crash in
between repeats nothing. Rows are deleted rarely and in bulk, at a moment when nobody is at work on
the database: each of our commits would refuse the write of whoever has begun by reading.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Container, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import TypeVar

from fql.errors import StoreError
from fql.intake.envelopes import envelope_of
from fql.intake.port import OUTBOX, Arrival, Consumer, Health, Place
from fql.intake.sqlite.reader import OutboxReader
from fql.intake.sqlite.rows import Row
from fql.intake.sqlite.triggers import Options
from fql.outbox.health import Wanted
from fql.outbox.sqlite.lookout import Lookout
from fql.outbox.sqlite.peephole import Peephole, peephole
from fql.outbox.sqlite.tables import Names
from fql.plan.model import Plan

T = TypeVar("T")

MANY = 10_000
"""Rows that are done, from which on deleting them is pressing."""
TOO_MANY = 250_000
"""From here on they are deleted even where the application never pauses."""
CALM = ((10.0, 0.01), (5.0, 0.05), (2.0, 0.25))
"""Seconds since the oldest row was done, and how long nobody must have written: the longer a row
waits for its deletion, the shorter a pause will do."""
SETTLE = 0.2
"""Seconds without a write after which the journal is settled."""
LONGEST_PAUSE = 2.0
"""Seconds between two reads of a database that cannot be read."""


class OutboxSqlite:
    """Reads the outbox of the project `names` in the database at `database`.

    `poll_ms` is the shortest time between two reads, in milliseconds. With `triggers="optional"`
    missing triggers are not a fault, with `install` they are made here.
    """

    def __init__(
        self,
        name: str,
        database: str | Path,
        *,
        poll_ms: int = 1,
        names: Names | None = None,
        triggers: Wanted = "required",
        install: bool = False,
    ) -> None:
        self.name = name
        self.incarnation = OUTBOX
        # Triggers that lack old values are refused when the source is opened.
        self.supplies_old: bool | Container[str] = True
        self.ended = False
        self._path = Path(database)
        wal = self._path.with_name(self._path.name + "-wal")
        self._lookout = Lookout(self._changed, (self._path, wal), poll_ms / 1_000)
        options = Options(triggers, install)
        self._reader = OutboxReader(name, self._path, names or Names(), options)
        self._opened = 0
        self._version: object = None
        self._unsettled = True
        # One thread for the connection that reads and deletes; a second connection only looks.
        self._thread: ThreadPoolExecutor | None = None
        self._looker: sqlite3.Connection | None = None
        self._peephole: Peephole | None = None

    @property
    def outbox(self) -> str:
        """The incarnation of the outbox that is read."""
        return self._reader.outbox

    async def open(self, plan: Plan, consumer: Consumer) -> None:
        """Connect, create the outbox where it is missing, and compare the triggers with the plan.

        Raises StoreError when the database cannot be used or is read by another store, and
        SettingsError when triggers are missing, or do not supply what the plan needs (FQL223).
        """
        if self._thread is None:
            self._thread = ThreadPoolExecutor(1, "fql-outbox")
        await self._run(partial(self._reader.open, plan, consumer))
        self._follow_file()

    async def follow(self, plan: Plan) -> None:
        """Compare the triggers with another plan. Raises SettingsError when they do not do."""
        await self._run(partial(self._reader.follow, plan))

    def recall(self, numbers: Mapping[str, int]) -> None:
        """The last row numbers that the store has seen."""
        self._reader.recall(numbers)

    async def fetch(self, limit: int) -> list[Arrival]:
        """Rows that are not done, oldest first. A database that cannot be read gives none."""
        rows = await self._run(partial(self._reader.read, limit))
        self._follow_file()
        return [self._arrival(row) for row in rows]

    def _arrival(self, row: Row) -> Arrival:
        place = Place(row.id, self.outbox, row.seq)
        envelope, problem = envelope_of(row)
        return Arrival({"raw": bool(row.raw), **envelope}, row.id.hex(), place, problem)

    async def done(self, arrivals: Sequence[Arrival]) -> None:
        """These are in the store: they are deleted when the application pauses."""
        rows = [(item.row.id, item.row.number) for item in arrivals if item.row is not None]
        await self._run(partial(self._reader.finish, rows))
        if len(self._reader.done) >= TOO_MANY:
            await self._run(partial(self._reader.tidy, pressing=True))

    def gone(self) -> list[bytes]:
        """Ids of rows that are no longer in the outbox."""
        return self._reader.gone()

    def begin_again(self) -> None:
        """Each fetch reads the outbox."""

    def health(self) -> Health:
        """What is wrong with the database, if anything is."""
        return self._reader.voice.health

    async def wait(self, timeout: float) -> None:  # noqa: ASYNC109  (the port's own word)
        """Until some connection has committed to the database, or the time is over (seconds).
        Where nobody writes for long enough, rows that are done are deleted."""
        failures = self._reader.failures_in_a_row
        if failures or self._reader.voice.has("file"):
            pause = 0.1 * 2 ** min(failures, 5) if failures else 0.5
            await asyncio.sleep(min(LONGEST_PAUSE, pause))
            return
        calm = self._calm()
        if calm is None:
            self._unsettled |= await self._lookout.wait(timeout)
        elif await self._lookout.wait(min(timeout, calm)):
            self._unsettled = True
        else:
            self._unsettled = False
            await self._run(self._reader.tidy)

    def _calm(self) -> float | None:
        """How long nobody must write before something is done in the file; None: nothing is."""
        age, count = self._reader.age(), len(self._reader.done)
        if count:
            due = 5.0 if count >= MANY else 0.0
            for since, calm in CALM:
                if max(age, due) >= since:
                    return calm
        return SETTLE if self._unsettled else None

    def _changed(self) -> bool:
        """What moves with every commit of another connection is asked for on the event loop itself,
        as that costs a few microseconds: in WAL mode `PRAGMA data_version`, else what the file
        shows to a reader without a lock."""
        if self._looker is None:
            return True
        if self._peephole is not None:
            version: object = self._peephole.header()
        else:
            version = self._looker.execute("PRAGMA data_version").fetchone()
        changed = bool(version != self._version)
        self._version = version
        return changed

    def _follow_file(self) -> None:
        """Look at the file that is read, when that is another one than before."""
        if self._reader.opened == self._opened:
            return
        self._opened = self._reader.opened
        self._lookout.close()
        self._drop_looker()
        try:
            self._looker = sqlite3.connect(
                f"{self._path.resolve().as_uri()}?mode=rw", uri=True, timeout=0,
                isolation_level=None, check_same_thread=False,
            )  # fmt: skip
            self._looker.execute("PRAGMA wal_autocheckpoint = 0")
            journal = self._looker.execute("PRAGMA journal_mode").fetchone()[0]
            self._peephole = None if journal == "wal" else peephole(self._path)
        except sqlite3.Error:
            self._drop_looker()  # the next read says what is wrong
        self._lookout.open()

    def _drop_looker(self) -> None:
        if self._looker is not None:
            self._looker.close()
            self._looker = None

    async def close(self) -> None:
        """Give back connections, thread and watch; rows that are done are deleted before."""
        self._lookout.close()
        self._drop_looker()
        if self._thread is not None:
            await self._run(self._reader.close)
            self._thread.shutdown()
            self._thread = None
            self._opened = 0

    async def _run(self, work: Callable[[], T]) -> T:
        if self._thread is None:
            raise StoreError(f"source {self.name} is not open")
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, work)
        except (sqlite3.Error, OSError) as error:
            raise StoreError(f"source {self.name}: {self._path} cannot be used: {error}") from error
