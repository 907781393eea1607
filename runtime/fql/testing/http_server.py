"""A small real HTTP server for tests: an asyncio loop on a thread, httptools below.

What it answers is decided by a function, so that receivers of all tempers can be played.
"""

from __future__ import annotations

import asyncio
import ssl
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

import httptools


@dataclass(frozen=True, slots=True)
class Received:
    """One request as it came. `headers` has lower-case names; `raw_headers` every one in order;
    `at` is seconds of a clock that only goes forward; `nth` counts from 1."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes
    at: float
    nth: int
    raw_headers: tuple[tuple[str, str], ...] = ()
    connection: int = 0


class _Peer(asyncio.Protocol):
    """One connection of a sender."""

    def __init__(self, server: HttpServer, number: int) -> None:
        self._server = server
        self._number = number
        self._parser = httptools.HttpRequestParser(self)
        self._headers: list[tuple[str, str]] = []
        self._target = b""
        self._body: list[bytes] = []
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._server.peers.add(self._transport)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's shape
        if self._transport is not None:
            self._server.peers.discard(self._transport)

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            if self._transport is not None:
                self._transport.close()

    def on_message_begin(self) -> None:
        self._headers, self._target, self._body = [], b"", []

    def on_url(self, url: bytes) -> None:
        self._target += url

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers.append((name.decode("latin-1"), value.decode("latin-1")))

    def on_body(self, body: bytes) -> None:
        self._body.append(body)

    def on_message_complete(self) -> None:
        request = Received(
            method=self._parser.get_method().decode("ascii"),
            target=self._target.decode("latin-1"),
            headers={name.lower(): value for name, value in self._headers},
            body=b"".join(self._body),
            at=time.monotonic(),
            nth=self._server.count(),
            raw_headers=tuple(self._headers),
            connection=self._number,
        )
        if self._transport is not None:
            self._server.behave(request, self._transport)


@dataclass(slots=True)
class _Listening:
    loop: asyncio.AbstractEventLoop
    thread: threading.Thread
    server: asyncio.Server


class HttpServer:
    """Listens on a loopback port while it is open. `behave` runs on the server's thread."""

    def __init__(
        self, behave: Callable[[Received, asyncio.Transport], None], *, port: int = 0,
        host: str = "127.0.0.1", tls: ssl.SSLContext | None = None,
    ) -> None:  # fmt: skip
        self.behave = behave
        self.host = host
        self.port = port
        self.tls = tls
        self.connections = 0
        self.peers: set[asyncio.Transport] = set()
        self._requests = 0
        self._listening: _Listening | None = None

    def count(self) -> int:
        """Number the next request."""
        self._requests += 1
        return self._requests

    def open(self) -> None:
        """Start to listen; returns when requests are taken. Raises OSError for a taken port."""
        loop = asyncio.new_event_loop()
        thread = threading.Thread(target=loop.run_forever, name="fql-receiver", daemon=True)
        thread.start()
        try:
            server = asyncio.run_coroutine_threadsafe(self._listen(), loop).result()
        except OSError:
            _stop_thread(loop, thread)
            raise
        self.port = server.sockets[0].getsockname()[1]
        self._listening = _Listening(loop, thread, server)

    async def _listen(self) -> asyncio.Server:
        loop = asyncio.get_running_loop()
        return await loop.create_server(self._peer, self.host, self.port, ssl=self.tls, backlog=512)

    def _peer(self) -> _Peer:
        self.connections += 1
        return _Peer(self, self.connections)

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """The loop that serves; scripted answers are timed by it."""
        if self._listening is None:
            raise RuntimeError("the server is not open")
        return self._listening.loop

    def close(self) -> None:
        """Stop to listen and drop every connection."""
        listening, self._listening = self._listening, None
        if listening is None:
            return
        asyncio.run_coroutine_threadsafe(self._stop(listening), listening.loop).result(5)
        _stop_thread(listening.loop, listening.thread)

    async def _stop(self, listening: _Listening) -> None:
        listening.server.close()
        for transport in tuple(self.peers):
            transport.abort()
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.sleep(0)


def _stop_thread(loop: asyncio.AbstractEventLoop, thread: threading.Thread) -> None:
    loop.call_soon_threadsafe(loop.stop)
    thread.join(5)
    loop.close()
