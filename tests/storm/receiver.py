"""A receiver that means ill: it keeps a ledger, and its answers are of all kinds.

It reads plain requests with a Content-Length, which is all that ours are, and writes raw bytes.
"""

from __future__ import annotations

import asyncio
import random
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
KIND = (
    OK,
    b"HTTP/1.1 204 No Content\r\n\r\n",
    b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\nContent-Length: 5\r\n\r\n" + OK,
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;x=y\r\n{}\r\n0\r\nT: t\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}",
)
"""Answers that a client reads as a success."""
UNKIND = (
    b"HTTP/1.1 503 Busy\r\nRetry-After: 0\r\nContent-Length: 0\r\n\r\n",
    b"HTTP/1.1 429 Slowly\r\nRetry-After: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
    b"Content-Length: 0\r\n\r\n",
    b"HTTP/1.1 500 Oh\r\nContent-Length: 9\r\n\r\n[[[[\xff\x00{",
    b"HTTP/1.1 301 There\r\nLocation: http://169.254.169.254/\r\nContent-Length: 0\r\n\r\n",
    b"HTTP/1.1 400 No\r\nContent-Length: 1000\r\n\r\n" + b"[" * 1000,
    b"SSH-2.0-OpenSSH_9\r\n",
    b"HTTP/1.1 200 OK\r\n" + b"X: " + b"y" * 200_000,
    b"",
)
"""Answers that are none, or say no."""


@dataclass(frozen=True, slots=True)
class Heard:
    """A request that came. `said_yes` is True when the answer was a success."""

    path: str
    key: str
    attempt: int
    again: bool
    body: bytes
    said_yes: bool


class Receiver:
    """Listens on a loopback port. `evil` is the share of unkind answers."""

    def __init__(self, seed: int, evil: float) -> None:
        self.evil = evil
        self.heard: list[Heard] = []
        self._chance = random.Random(seed)
        self._loop = asyncio.new_event_loop()
        self.port = 0

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    @contextmanager
    def listening(self) -> Iterator[Receiver]:
        """Serve on a thread of its own."""
        started = threading.Event()
        thread = threading.Thread(target=self._serve, args=(started,), daemon=True)
        thread.start()
        started.wait(10)
        try:
            yield self
        finally:
            self._loop.call_soon_threadsafe(self._loop.stop)
            thread.join(10)

    def _serve(self, started: threading.Event) -> None:
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(asyncio.start_server(self._talk, "127.0.0.1", 0))
        self.port = server.sockets[0].getsockname()[1]
        started.set()
        self._loop.run_forever()
        server.close()
        for task in asyncio.all_tasks(self._loop):
            task.cancel()
        self._loop.run_until_complete(asyncio.sleep(0.05))
        self._loop.close()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while await self._exchange(reader, writer):
                pass
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        headers = {n.lower(): v for n, _, v in (line.partition(": ") for line in head[1:-2])}
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        yes = self._chance.random() >= self.evil
        self.heard.append(
            Heard(
                head[0].split(" ")[1], headers["webhook-id"], int(headers["fql-attempt"]),
                headers.get("fql-redelivery") == "1", body, yes,
            )
        )  # fmt: skip
        answer = self._chance.choice(KIND if yes else UNKIND) if self.evil else OK
        if self._chance.random() < self.evil / 4:
            await asyncio.sleep(self._chance.uniform(0, 0.5))
        if not answer:
            _reset(writer)
            return False
        writer.write(answer)
        await writer.drain()
        return yes and b"close" not in answer


def _reset(writer: asyncio.StreamWriter) -> None:
    linger_none = struct.pack("ii", 1, 0)
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger_none)
