"""The outbox in a PostgreSQL database as a source: rows of `fql_<project>.outbox`, read in the
order of their numbers and deleted after the store has them.

The rows' ids decide what is new, so the store may be anywhere: in the same database or another.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Container, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TypeVar
from uuid import UUID

from fql.errors import StoreError
from fql.intake.envelopes import envelope_of
from fql.intake.port import OUTBOX, Arrival, Consumer, Health, Place
from fql.intake.postgresql.reader import PostgreSQLReader
from fql.outbox.health import Wanted
from fql.outbox.postgresql.names import Names
from fql.outbox.postgresql.reading import OutboxRow
from fql.outbox.readers import COLUMNS
from fql.plan.model import Plan

T = TypeVar("T")

OFTEN, RARELY = 0.005, 0.25
"""Seconds between two looks: after a sign of life, and after a long time without."""
LONGEST_PAUSE = 2.0
"""Seconds between two reads of a database that cannot be read."""


class OutboxPostgreSQL:
    """Reads the outbox of the project `names` in the database at `url`.

    `poll_ms` is the shortest time between two reads, in milliseconds. With `triggers="optional"`
    missing triggers are not a fault, with `install` they are made here.
    """

    def __init__(
        self,
        name: str,
        url: str,
        *,
        poll_ms: int = 5,
        names: Names | None = None,
        triggers: Wanted = "required",
        install: bool = False,
    ) -> None:
        self.name = name
        self.incarnation = OUTBOX
        # Triggers that lack old values are refused when the source is opened.
        self.supplies_old: bool | Container[str] = True
        self.ended = False
        self._poll = max(poll_ms / 1_000, 0.001)
        self._reader = PostgreSQLReader(
            name, url, names or Names(), triggers=triggers, install=install
        )
        self._thread: ThreadPoolExecutor | None = None
        self._pause = self._poll

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

    async def follow(self, plan: Plan) -> None:
        """Compare the triggers with another plan. Raises SettingsError when they do not supply what
        it needs."""
        await self._run(partial(self._reader.follow, plan))

    def recall(self, numbers: Mapping[str, int]) -> None:
        """The last row numbers that the store has seen."""
        self._reader.recall(numbers)

    async def fetch(self, limit: int) -> list[Arrival]:
        """Rows that are not done, lowest first. A database that cannot be read gives none."""
        rows = await self._run(partial(self._reader.read, limit))
        if rows:
            self._pause = self._poll
        return [self._arrival(row) for row in rows]

    def _arrival(self, row: OutboxRow) -> Arrival:
        place = Place(row.id.bytes, self.outbox, row.seq)
        envelope, problem = envelope_of(row)
        raw = {} if row.revision is None else {"raw": COLUMNS}
        older = self._reader.triggers.is_older(str(envelope.get("entity")), row.revision)
        return Arrival({**raw, **envelope}, row.id.hex, place, problem, older=older)

    async def done(self, arrivals: Sequence[Arrival]) -> None:
        """These are in the store: they are deleted."""
        rows = [(UUID(bytes=one.row.id), one.row.number) for one in arrivals if one.row]
        await self._run(partial(self._reader.finish, rows))

    def gone(self) -> list[bytes]:
        """Ids of rows that are no longer in the outbox."""
        return self._reader.gone()

    def begin_again(self) -> None:
        """Each fetch reads the outbox."""

    def health(self) -> Health:
        """What is wrong with the database, if anything is."""
        return self._reader.voice.health

    async def wait(self, timeout: float) -> None:  # noqa: ASYNC109  (the port's own word)
        """Wait until there are rows, or the time is over (seconds). The longer nothing comes, the
        less often it looks."""
        if failures := self._reader.failures_in_a_row:
            await asyncio.sleep(min(LONGEST_PAUSE, 0.1 * 2 ** min(failures, 5)))
            return
        loop = asyncio.get_running_loop()
        end = loop.time() + timeout
        while (left := end - loop.time()) > 0:
            await asyncio.sleep(min(self._pause, left))
            if await self._run(self._reader.has_news):
                self._pause = self._poll
                return
            self._pause = min(RARELY, max(OFTEN, self._pause * 1.3))

    async def close(self) -> None:
        """Delete rows that are done, then give back the connection and the thread."""
        if self._thread is not None:
            await self._run(self._reader.close)
            self._thread.shutdown()
            self._thread = None

    async def _run(self, work: Callable[[], T]) -> T:
        if self._thread is None:
            raise StoreError(f"source {self.name} is not open")
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)
