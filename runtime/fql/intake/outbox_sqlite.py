"""The outbox of a SQLite database as a source of events.

Rows are taken in the order of `seq`, which is the order of commits, and deleted when the store has
committed them. The store keeps the last committed `seq` in the commit of the runs, so a crash
between that and the deletion repeats nothing: such rows are fetched again and only deleted.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import Callable, Container, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import TypeVar

from tenacity import Retrying, retry_if_exception_type, stop_after_delay, wait_random_exponential

from fql.errors import SettingsError, StoreError
from fql.exact.reading import read_json
from fql.intake.port import Arrival
from fql.outbox.lookout import Lookout
from fql.outbox.rows import row_reader
from fql.outbox.status import status
from fql.outbox.tables import Names, outbox_statements
from fql.plan.model import Plan

T = TypeVar("T")
Reader = Callable[[Mapping[str, object]], dict[str, object]]
OutboxRow = tuple[int, bytes, bytes, bytes, bytes | None, bytes | None, bytes | None, bytes | None,
                  bytes | None, int, bytes]  # fmt: skip

BUSY_SECONDS = 5.0
PATIENCE_SECONDS = 2.0
"""How long one fetch tries again while the database is busy or away."""

_FETCH = (
    "SELECT seq, id, entity, event, new, old, event_id, key, context, raw,"
    " strftime('%Y-%m-%dT%H:%M:%fZ', at)"
    " FROM {outbox} WHERE seq > ? ORDER BY seq LIMIT ?"
)
_DELETE = "DELETE FROM {outbox} WHERE seq BETWEEN ? AND ?"

logger = logging.getLogger("fql.intake.sqlite")


class OutboxSqlite:
    """Reads `fql_outbox` of the database at `database`; `poll_ms` is the shortest time between
    two looks at it."""

    ordered = True

    def __init__(
        self, name: str, database: str | Path, *, poll_ms: int = 1, names: Names | None = None
    ) -> None:
        self.name = name
        self._names = names or Names()
        self.incarnation = ""
        # Triggers that lack old values are refused when the source is opened.
        self.supplies_old: bool | Container[str] = True
        self.ended = False
        self._path = Path(database)
        wal = self._path.with_name(self._path.name + "-wal")
        self._lookout = Lookout(self._changed, (self._path, wal), poll_ms / 1_000)
        self._readers: dict[str, Reader] = {}
        self._done = 0
        self._undeleted: list[tuple[int, int]] = []
        self._version: object = None
        # One thread for the connection that reads and deletes; a second connection only looks.
        self._thread = ThreadPoolExecutor(1, "fql-outbox")
        self._connection: sqlite3.Connection | None = None
        self._looker: sqlite3.Connection | None = None

    async def open(self, plan: Plan) -> None:
        """Connect, create the outbox where it is missing, and compare the triggers with the plan.

        Raises StoreError when the database cannot be used, and SettingsError (FQL223) when the
        installed triggers do not supply the old values that the plan needs.
        """
        await self._run(partial(self._open, plan))
        self._lookout.open()

    def _open(self, plan: Plan) -> None:
        if not self._path.is_file():
            raise StoreError(
                f"source {self.name}: there is no database {self._path}",
                hint="start the application first, or correct `database` in fql.toml",
            )
        self._readers = {entity.name: row_reader(entity.fields) for entity in plan.entities}
        if self._connection is None:
            self._connection = self._connected(BUSY_SECONDS)
            self._looker = self._connected(0)
        for statement in outbox_statements(self._names):
            self._connection.execute(statement)
        find = f"SELECT incarnation FROM {self._names.source}"  # noqa: S608
        found = self._connection.execute(find).fetchone()
        self.incarnation = str(found[0], "ascii")
        self._check_triggers(self._connection, plan)

    def _connected(self, busy_seconds: float) -> sqlite3.Connection:
        uri = f"{self._path.resolve().as_uri()}?mode=rw"
        connection = sqlite3.connect(
            uri, uri=True, timeout=busy_seconds, isolation_level=None, check_same_thread=False
        )
        # Text that is not UTF-8 must become a dead letter, not an error of the whole source.
        connection.text_factory = bytes
        return connection

    def _check_triggers(self, connection: sqlite3.Connection, plan: Plan) -> None:
        """Triggers made for another plan are refused. Missing ones are only logged: an application
        may write its events with `fql.outbox.emit` instead."""
        connection.text_factory = str
        now = status(connection, plan, self._names)
        connection.text_factory = bytes
        stale = sorted({t.name for t in now.triggers if t.state == "differs"})
        if stale:
            raise SettingsError(
                f"FQL223: source {self.name}: the triggers {', '.join(stale)} in {self._path} were"
                " made for another plan, so they do not supply what this one needs",
                hint="run `fqlc capture install` with this plan",
            )
        missing = sorted({t.table for t in now.triggers if t.state == "missing"})
        if missing or now.problems:
            about = [f"no triggers on {', '.join(missing)}"] if missing else []
            logger.warning("source %s: %s", self.name, "; ".join([*about, *now.problems]))

    async def fetch(self, limit: int) -> list[Arrival]:
        """Rows behind the last one that is done, oldest first. A busy or lost database gives
        none, and is tried again."""
        rows = await self._run(partial(self._rows, limit))
        return [self._arrival(row) for row in rows]

    def _rows(self, limit: int) -> list[OutboxRow]:
        patient = Retrying(
            retry=retry_if_exception_type(sqlite3.OperationalError),
            wait=wait_random_exponential(multiplier=0.01, max=0.5),
            stop=stop_after_delay(PATIENCE_SECONDS),
            reraise=True,
        )
        try:
            return patient(self._read, limit)
        except sqlite3.OperationalError as error:
            logger.warning("source %s cannot be read, trying again: %s", self.name, error)
            self._version = None
            return []

    def _read(self, limit: int) -> list[OutboxRow]:
        self._delete_left()
        return (
            self._connected_again()
            .execute(_FETCH.format(outbox=self._names.outbox), (self._done, limit))
            .fetchall()
        )

    def _connected_again(self) -> sqlite3.Connection:
        if self._connection is None:
            raise StoreError(f"source {self.name} is not open")
        return self._connection

    def _arrival(self, row: OutboxRow) -> Arrival:
        seq = row[0]
        try:
            return Arrival(self._envelope(row), row[1].hex(), seq)
        except ValueError as error:
            shown = {"outbox_row": seq, "entity": row[2].decode("utf-8", "replace")}
            return Arrival(shown, row[1].hex(), seq, f"outbox row {seq} cannot be read: {error}")

    def _envelope(self, row: OutboxRow) -> dict[str, object]:
        _, _, entity, event, new, old, id_, key, context, raw, at = row
        name = entity.decode()
        envelope: dict[str, object] = {"entity": name, "event": event.decode()}
        reader = self._readers.get(name) if raw else None
        for key_name, data in (("new", new), ("old", old)):
            if data is not None:
                envelope[key_name] = _row(data, reader)
        for key_name, text in (("id", id_), ("key", key), ("timestamp", at)):
            if text is not None:
                envelope[key_name] = text.decode()
        if context is not None:
            envelope["context"] = read_json(context.decode())
        return envelope

    async def done(self, arrivals: Sequence[Arrival]) -> None:
        """Delete these rows. A busy database does not matter: they are kept in mind, the store
        knows them, and they are deleted later."""
        orders = [item.order for item in arrivals if item.order is not None]
        if not orders:
            return
        self._done = max(self._done, *orders)
        self._undeleted.append((min(orders), max(orders)))
        await self._run(self._try_delete)

    def _try_delete(self) -> None:
        try:
            self._delete_left()
        except sqlite3.OperationalError as error:
            logger.info("source %s: rows are deleted later: %s", self.name, error)

    def _delete_left(self) -> None:
        while self._undeleted:
            self._connected_again().execute(
                _DELETE.format(outbox=self._names.outbox), self._undeleted[0]
            )
            self._undeleted.pop(0)

    async def wait(self, timeout: float) -> None:  # noqa: ASYNC109  (the port's own word)
        """Until some connection has committed to the database, or the time is over (seconds)."""
        await self._lookout.wait(timeout)

    def _changed(self) -> bool:
        """`PRAGMA data_version` moves with every commit of another connection and costs a few
        microseconds, so it is asked on the event loop itself."""
        if self._looker is None:
            return False
        try:
            version = self._looker.execute("PRAGMA data_version").fetchone()
        except sqlite3.OperationalError:  # a writer holds the file: there will be news
            return True
        changed = bool(version != self._version)
        self._version = version
        return changed

    async def close(self) -> None:
        """Give back connections, thread and watch."""
        self._lookout.close()
        await self._run(self._close)
        self._thread.shutdown()

    def _close(self) -> None:
        for connection in (self._connection, self._looker):
            if connection is not None:
                connection.close()
        self._connection = self._looker = None

    async def _run(self, work: Callable[[], T]) -> T:
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, work)
        except sqlite3.DatabaseError as error:
            raise StoreError(f"source {self.name}: {self._path} cannot be used: {error}") from error


def _row(data: bytes, reader: Reader | None) -> object:
    row = read_json(data.decode())
    return reader(row) if reader is not None and isinstance(row, dict) else row
