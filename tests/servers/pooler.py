"""A pooler in transaction mode in front of PostgreSQL: each transaction of a client is carried out
on another connection than the one before it, so that nothing that lasts longer can be relied on.

    with Pooler(server.port, "shop") as pooler:
        psycopg.connect(pooler.url)
"""

from __future__ import annotations

import asyncio
import struct
from contextlib import suppress
from dataclasses import dataclass

from tests.network.proxy import NONE, FaultProxy

WELCOME = 3
"""Version of the protocol that a client begins with."""
TAKEN = {"user", "database", "application_name", "client_encoding"}
"""What a client may say at its start; poolers refuse more."""


@dataclass(frozen=True, slots=True)
class Served:
    """A connection to the server, and what it said at its start."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    told: bytes


class Pooler(FaultProxy):
    """Listens on a free port of loopback. `size` connections take turns."""

    def __init__(self, target: int, database: str, size: int = 4) -> None:
        super().__init__(target, lambda: NONE)
        self._database = database
        self._size = size
        self._made: list[Served] = []
        self._free: asyncio.Queue[Served] = asyncio.Queue()
        self.transactions = 0

    @property
    def url(self) -> str:
        """The database, through the pooler."""
        return f"postgresql://postgres@127.0.0.1:{self.port}/{self._database}"

    async def _main(self) -> None:
        await super()._main()
        for served in self._made:
            served.writer.transport.abort()
        await asyncio.sleep(0)

    async def _connection(self) -> Served:
        """The one that was used longest ago; a new one while there are too few."""
        self.transactions += 1
        if len(self._made) < self._size:
            self._made.append(await self._connected())
            return self._made[-1]
        return await self._free.get()

    async def _connected(self) -> Served:
        reader, writer = await asyncio.open_connection("127.0.0.1", self._target)
        names = f"user\0postgres\0database\0{self._database}\0application_name\0pooler\0\0".encode()
        writer.write(struct.pack("!ii", len(names) + 8, WELCOME << 16) + names)
        told = b""
        while (message := await _message(reader))[:1] != b"Z":
            assert message[:1] != b"E", message
            told += message if message[:1] == b"S" else b""
        return Served(reader, writer, told)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            await self._greet(reader, writer)
            while await self._transaction(reader, writer):
                pass

    async def _greet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            (size,) = struct.unpack("!i", await reader.readexactly(4))
            body = await reader.readexactly(size - 4)
            if int.from_bytes(body[:2], "big") == WELCOME:
                break
            writer.write(b"N")  # no encryption
        parts = body[4:].rstrip(b"\0").split(b"\0")
        assert {name.decode() for name in parts[::2]} <= TAKEN, parts
        served = await self._connection()
        who = b"K" + struct.pack("!iii", 12, 1, 1)
        writer.write(b"R" + struct.pack("!ii", 8, 0) + served.told + who + b"Z\0\0\0\5I")
        self._free.put_nowait(served)

    async def _transaction(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> bool:
        """One transaction, on a connection of its own; False when the client has gone."""
        message = await _message(reader)
        if message[:1] == b"X":
            return False
        served = await self._connection()
        try:
            while True:
                served.writer.write(message)
                if message[:1] in b"QS" and await _answered(served, writer) == b"I":
                    self._free.put_nowait(served)
                    return True
                message = await _message(reader)
        except BaseException:
            served.writer.transport.abort()
            self._made.remove(served)
            raise


async def _message(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readexactly(5)
    return head + await reader.readexactly(int.from_bytes(head[1:], "big") - 4)


async def _answered(served: Served, writer: asyncio.StreamWriter) -> bytes:
    """Hand an answer on; gives whether a transaction is open at its end."""
    while True:
        message = await _message(served.reader)
        writer.write(message)
        if message[:1] == b"Z":
            await writer.drain()
            return message[5:6]
