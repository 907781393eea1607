"""Reads an outbox in PostgreSQL, whatever happens to its server. One thread.

Rows are known by their ids alone, so each row that is not known is handed on.
What is wrong is reported once and kept in `health` until it is fixed.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from functools import partial
from uuid import UUID

import psycopg

from fql.errors import FqlError, SettingsError, StoreError
from fql.intake.port import Consumer
from fql.intake.postgresql.triggers import Triggers
from fql.intake.readership import HAND_OVER, may_read, reader_of
from fql.intake.voice import Voice
from fql.outbox.health import INSTALL, Wanted
from fql.outbox.postgresql import reading
from fql.outbox.postgresql.connection import Connection, connect, translated
from fql.outbox.postgresql.holders import LONG_SECONDS, held_by
from fql.outbox.postgresql.installing import create_tables
from fql.outbox.postgresql.names import Names
from fql.outbox.postgresql.reading import OutboxRow, Seen
from fql.plan.model import Plan

LOOK_SECONDS = 5.0
"""Time between two looks at triggers, server and reader."""
UNSEEN = "one that this role may not see (GRANT pg_monitor shows it)"
MARK_SECONDS = 0.5
"""Time between two marks, each of which takes a transaction id."""


class PostgreSQLReader:
    """The outbox of one project in the database at `url`, for the source `name`."""

    def __init__(
        self,
        name: str,
        url: str,
        names: Names,
        *,
        triggers: Wanted = "required",
        install: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._name = name
        self._url = url
        self._names = names
        self._clock = clock
        self._connection: Connection | None = None
        self._server: reading.Server | None = None
        self._number = self._floor = 0
        self._mark: reading.Mark | None = None
        self._marked_at = self._looked_at = float("-inf")
        self._may_read = False
        self._recalled: Mapping[str, int] = {}
        self._gone: list[bytes] = []
        self.voice = Voice(name)
        self.triggers = Triggers(names, self.voice, triggers, install)
        self.outbox = ""
        self.done: dict[UUID, int] = {}
        self.failures_in_a_row = 0

    # Start and end.

    def open(self, plan: Plan, consumer: Consumer) -> None:
        """Connect, and compare with the plan. Raises StoreError, SettingsError."""
        self._plan = plan
        self._reader = reader_of(consumer)
        try:
            self._open(self._connected(), plan)
        except psycopg.Error as error:
            self._disconnect()
            raise translated(error, f"source {self._name}: {self._url}") from error
        except FqlError:
            self._disconnect()
            raise

    def _open(self, connection: Connection, plan: Plan) -> None:
        self._require(connection, plan)
        if not self.triggers.usable:
            create_tables(connection, self._names)
        self._look(connection)
        if reason := self.voice.has("reader"):
            raise StoreError(f"source {self._name}: {self._url}: {reason}", hint=HAND_OVER)

    def follow(self, plan: Plan) -> None:
        """Use another plan from the next read on. Raises SettingsError, and the current plan stays,
        when the triggers do not supply what it needs."""
        try:
            self._require(self._connected(), plan)
        except psycopg.Error as error:
            raise translated(error, f"source {self._name}: {self._url}") from error
        self._plan, self._looked_at = plan, float("-inf")

    def _require(self, connection: Connection, plan: Plan) -> None:
        judgement = self.triggers.judge(connection, plan)
        if judgement.trouble:
            code = "FQL223: " if judgement.stale else ""
            raise SettingsError(
                f"{code}source {self._name}: {self._url}: {judgement.trouble}", hint=INSTALL
            )

    def recall(self, numbers: Mapping[str, int]) -> None:
        """The last numbers that the store has seen, by outbox."""
        self._recalled = numbers
        self._went_back(numbers.get(self.outbox, 0), self._number)

    def close(self) -> None:
        """Delete what is done, and give the connection back."""
        try:
            if self.done:
                self._delete(self._connected())
        except (psycopg.Error, FqlError) as error:
            self.voice.inform(f"rows are deleted later: {error}")
        self._disconnect()

    # Reading.

    def read(self, limit: int) -> list[OutboxRow]:
        """Rows that are not done, lowest first. Never raises: what is wrong is in `health`."""
        again = self._connection is not None  # a connection that has died is worth one more try
        while True:
            try:
                rows = self._rows(self._connected(), limit)
            except (psycopg.Error, FqlError) as error:
                self._disconnect()
                if again and isinstance(error, psycopg.OperationalError):
                    again = False
                    self.voice.inform(f"the connection was lost; connecting again: {error}")
                    continue
                self._fail(error)
                return []
            self.failures_in_a_row = 0
            self.voice.mended("read", "the database can be read again")
            return rows

    def _rows(self, connection: Connection, limit: int) -> list[OutboxRow]:
        if self.done:
            self._delete(connection)
        if self._clock() - self._looked_at >= LOOK_SECONDS:
            self._look(connection)
        if not self._may_read:
            return []
        rows = reading.rows_after(connection, self._names, self._floor, limit, self.done)
        if rows:
            self._number = max(self._number, rows[-1].seq)
        else:
            self._raise_floor(connection)
        return rows

    def has_news(self) -> bool:
        """Whether there may be rows to read; a look that fails counts as news."""
        try:
            if self._clock() - self._looked_at >= LOOK_SECONDS:
                return True
            connection = self._connected()
            found = self._may_read and reading.has_news(connection, self._names, self._floor)
            if not found and self._may_read:
                self._raise_floor(connection)
        except (psycopg.Error, FqlError):
            return True
        return found

    def finish(self, rows: list[tuple[UUID, int]]) -> None:
        """These are committed in the store, and deleted here."""
        self.done.update(rows)
        try:
            self._delete(self._connected())
        except (psycopg.Error, FqlError) as error:
            self._disconnect()
            self.voice.inform(f"rows are deleted later: {error}")

    def _delete(self, connection: Connection) -> None:
        reading.delete(connection, self._names, list(self.done.items()))
        self._gone += [id_.bytes for id_ in self.done]
        self.done.clear()

    def gone(self) -> list[bytes]:
        """Ids of rows that are no longer there, each told once."""
        gone, self._gone = self._gone, []
        return gone

    def _raise_floor(self, connection: Connection) -> None:
        """There is no row above the floor: raise it to the last number that was drawn, once whoever
        drew that has ended. So a number that comes late is above it."""
        if self._mark is None:
            if self._clock() - self._marked_at < MARK_SECONDS:
                return
            number = reading.look(connection, self._names).number
            if number > self._floor:
                self._mark = reading.mark(connection, number)
            self._marked_at = self._clock()
            return
        floor = reading.settled(connection, self._names, self._mark)
        if floor is not None:
            self._floor, self._mark = max(self._floor, floor), None
            self.voice.let_go()

    def _look_for_holders(self, connection: Connection) -> None:
        """Nothing is lost while a transaction stays open, but reading becomes slow."""
        if self._mark is None or self._clock() - self._marked_at < LONG_SECONDS:
            return
        who = held_by(connection, LONG_SECONDS) or UNSEEN
        self.voice.held(
            f"an open transaction keeps the outbox from being cleared, and reading it becomes"
            f" slower: {who}"
        )

    # Looking.

    def _look(self, connection: Connection) -> None:
        """Whether it is the server it was, whether changes are captured, who reads it, and whether
        any row is below the floor."""
        self.triggers.look(connection, self._plan)
        self._may_read = self.triggers.usable
        self._looked_at = self._clock()
        if not self._may_read:
            return
        seen = reading.look(connection, self._names)
        self._look_at_server(seen)
        register = partial(reading.register, connection, self._names)
        self._may_read = may_read(seen.consumer, self._reader, register, self.voice)
        self._look_for_holders(connection)
        least = reading.lowest(connection, self._names)
        if least is not None and least <= self._floor:
            self.voice.warn(
                f"row {least} came into the outbox after number {self._floor} was passed; it is"
                " read now"
            )
            self._floor, self._mark = 0, None

    def _look_at_server(self, seen: Seen) -> None:
        known, number = self._number, seen.number
        if seen.incarnation != self.outbox:
            if self.outbox:
                self.voice.restored("the outbox was created again")
            self.outbox, self._floor, self._mark = seen.incarnation, 0, None
            known = self._recalled.get(self.outbox, 0)
        if self._server is not None and seen.server != self._server:
            self._floor, self._mark = 0, None
            self.voice.warn(
                f"another server answers: {_shown(seen.server)}, previously {_shown(self._server)};"
                " the outbox is read from its beginning"
            )
        self._server, self._number = seen.server, number
        self._went_back(known, number)

    def _went_back(self, known: int, number: int) -> None:
        if number >= known:
            return
        self._floor, self._mark = 0, None
        self.voice.restored(
            f"the numbers of the outbox went back from {known} to {number}: an older copy, a"
            " standby that lagged, or a sequence that was set back. Rows are known by their ids:"
            " none is dropped, and those that came back are sent again under their old keys."
            " Changes that this server never had are no longer there"
        )

    # The connection.

    def _connected(self) -> Connection:
        if self._connection is None or self._connection.closed:
            self._connection = connect(self._url, application=f"fqlc source {self._name}")
            self._looked_at = float("-inf")
        return self._connection

    def _disconnect(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _fail(self, error: psycopg.Error | FqlError) -> None:
        self.failures_in_a_row += 1
        self.voice.failed()
        if isinstance(error, psycopg.Error):
            error = translated(error, self._url)
        text = f"the database cannot be read: {error.message}"
        self.voice.trouble("read", text, error.hint or "it is tried again")


def _shown(server: reading.Server) -> str:
    return f"system {server.system} on timeline {int(server.timeline or '0', 16)}"
