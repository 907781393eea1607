"""One connection on one thread, opened when it is first needed and again when it has broken."""

from __future__ import annotations

import asyncio
import os
import struct
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any, TypeVar

import psycopg
from psycopg import sql

from fql.errors import StoreError, UsageError
from fql.outbox.postgresql.connection import Connection, connect
from fql.store.postgresql.wire.problems import is_lost, translate
from fql.store.postgresql.wire.values import read, teach

T = TypeVar("T")
PREPARE_AFTER = 1
"""How often a statement is sent as text before the server prepares it."""
ELSEWHERE = "SET search_path = pg_catalog"
"""Whatever is set for the role: nobody else's functions are called."""


class Wire:
    """A connection as the rest of the store uses it. `pooled` says that a pooler is in front of the
    server: then nothing that lasts longer than a transaction can be used."""

    def __init__(self, connection: Connection, schema: str) -> None:
        self.connection = connection
        self.schema = schema
        self._quoted = sql.Identifier(schema).as_string(connection)
        teach(connection)
        self.pooled = connection.pooled
        self.locked = self.greeted = False

    @property
    def broken(self) -> bool:
        """Whether nothing can be sent any more."""
        return self.connection.closed or self.connection.broken

    def run(
        self, text: str, values: Sequence[bytes] = (), *, prepare: bool | None = None
    ) -> list[Sequence[Any]]:
        """Carry out a statement: `{s}` in it is the schema, `$1` the first value. Gives its rows,
        if it has any."""
        cursor = psycopg.RawCursor(self.connection)
        query = text.replace("{s}", self._quoted).encode()
        cursor.execute(query, values or None, prepare=prepare, binary=True)
        if cursor.description is None:
            return []
        return [read(row) for row in cursor.fetchall()]

    def one(self, text: str, values: Sequence[bytes] = ()) -> Sequence[Any] | None:
        """The first row, or None."""
        rows = self.run(text, values)
        return rows[0] if rows else None


def wire_to(url: str, schema: str, where: str, patience: float) -> Wire:
    """A new connection. Raises StoreError in the words of a store."""
    try:
        return Wire(connect(url, application="fqlc store", patience=patience), schema)
    except StoreError as problem:
        if not isinstance(problem.__cause__, psycopg.Error):
            raise
        raise translate(problem.__cause__, where) from problem.__cause__


class Line:
    """Does what it is given on its thread. `settings` are statements for each new connection."""

    def __init__(
        self, url: str, schema: str, where: str, *, patience: float, settings: Sequence[str] = ()
    ) -> None:
        self._url = url
        self._schema = schema
        self._where = where
        self._patience = patience
        self._settings = "; ".join((ELSEWHERE, *settings)).encode()
        self._thread: ThreadPoolExecutor | None = None
        self._process = os.getpid()
        self._wire: Wire | None = None

    def start(self) -> None:
        """Nothing is connected before the first call."""
        if self._thread is None:
            self._process = os.getpid()
            self._thread = ThreadPoolExecutor(1, thread_name_prefix="fql-store")

    async def call(self, work: Callable[[Wire], T], *, again: bool = False) -> T:
        """Do this on the thread; `again` after a connection that has broken, for what may be done
        twice. Raises StoreError."""
        if self._thread is None:
            raise StoreError(f"the store {self._where} is not open")
        if self._process != os.getpid():
            raise UsageError(
                f"the store {self._where} was opened in another process",
                hint="open it after fork(), in each process of its own",
            )
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, self._guard, work, again)

    def _guard(self, work: Callable[[Wire], T], again: bool) -> T:
        fresh = self._wire is None or self._wire.broken
        try:
            return work(self._connected())
        except psycopg.Error as problem:
            lost = self._drop_broken() or is_lost(problem)
            if not (again and lost and not fresh):
                raise translate(problem, self._where) from problem
        except (UnicodeError, OverflowError, struct.error) as problem:
            raise StoreError(f"the store {self._where} cannot keep a value: {problem}") from problem
        return self._guard(work, again=False)

    def _connected(self) -> Wire:
        if self._wire is None or self._wire.broken:
            wire = wire_to(self._url, self._schema, self._where, self._patience)
            if not wire.pooled:
                wire.connection.prepare_threshold = PREPARE_AFTER
                wire.connection.execute(self._settings, prepare=False)
            self._wire = wire
        return self._wire

    def _drop_broken(self) -> bool:
        """Whether the connection had broken; the next call has a new one."""
        if self._wire is None or not self._wire.broken:
            return self._wire is None
        with suppress(psycopg.Error):
            self._wire.connection.close()
        self._wire = None
        return True

    async def close(self, farewell: Callable[[Wire], None] | None = None) -> None:
        """End the connection, after a `farewell` if there is one. A forked child closes nothing:
        the connection is its parent's."""
        if self._thread is None or self._process != os.getpid():
            return
        await asyncio.get_running_loop().run_in_executor(self._thread, self._close, farewell)
        self._thread.shutdown()
        self._thread = None

    def _close(self, farewell: Callable[[Wire], None] | None) -> None:
        if self._wire is None:
            return
        with suppress(psycopg.Error):
            if farewell is not None:
                farewell(self._wire)
        with suppress(psycopg.Error):
            self._wire.connection.close()
        self._wire = None
