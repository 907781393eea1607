"""A small HTTP server for scrapers and probes: GET and HEAD of a few pages, one request each.

It runs on the engine's event loop, so that `/health` fails to answer when the loop is stuck. A
request is at most 8 KB; within five seconds it must have come and its answer must be read.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus

from fql.errors import SettingsError

MAX_HEAD = 8_192
PATIENCE = 5.0
MOST_OPEN = 500
"""Callers at a time; each has `PATIENCE` seconds."""
LINGER = 0.5
"""Seconds in which a caller that is turned away can read why."""


@dataclass(frozen=True, slots=True)
class Page:
    """An answer."""

    body: bytes
    content_type: str = "text/plain; charset=utf-8"
    status: int = 200


Handler = Callable[[Mapping[str, str]], Awaitable[Page]]
"""Gets the headers of the request, names in lower case."""

NOT_FOUND = Page(b"not found\n", status=404)
NOT_ALLOWED = Page(b"only GET is served here\n", status=405)
MALFORMED = Page(b"this is not an HTTP request\n", status=400)
BUSY = Page(b"too many callers; come back later\n", status=503)
TOO_LONG = Page(b"the request is too long\n", status=431)


class PageServer:
    """Serves `pages` by path."""

    def __init__(self, host: str, port: int, pages: Mapping[str, Handler]) -> None:
        self._host = host
        self._wanted = port
        self._pages = pages
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Listen. Raises SettingsError when the address cannot be used."""
        try:
            self._server = await asyncio.start_server(
                self._accept, self._host, self._wanted, limit=MAX_HEAD
            )
        except OSError as error:
            reason = error.strerror or str(error)
            raise SettingsError(
                f"[observability.prometheus] cannot use {self._host}:{self._wanted}: {reason}",
                hint="choose another `port` (0 takes a free one) or `host`",
            ) from error

    @property
    def port(self) -> int:
        """Where it listens; 0 while it does not."""
        if self._server is None or not self._server.sockets:
            return 0
        return int(self._server.sockets[0].getsockname()[1])

    @property
    def callers(self) -> int:
        """How many connections are open."""
        return len(self._open)

    async def stop(self) -> None:
        """Stop listening, and drop what is open."""
        if self._server is None:
            return
        self._server.close()
        for task in self._open:
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)
        await self._server.wait_closed()
        self._server = None

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.transport.set_write_buffer_limits(0)  # `drain` waits until all of it is sent
        if len(self._open) >= 2 * MOST_OPEN:
            writer.transport.abort()
            return
        serve = self._serve if len(self._open) < MOST_OPEN else _turn_away
        patience = PATIENCE if len(self._open) < MOST_OPEN else LINGER
        task = asyncio.current_task()
        if task is not None:
            self._open.add(task)
            task.add_done_callback(self._open.discard)
        try:
            async with asyncio.timeout(patience):
                await serve(reader, writer)
        except (TimeoutError, ConnectionError, asyncio.IncompleteReadError):
            writer.transport.abort()  # a caller that never asked or never listens is cut off
        finally:
            writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
        except asyncio.LimitOverrunError:
            method, page = "GET", TOO_LONG
        else:
            method, page = await self._answer(head)
        writer.write(_head(page))
        if method != "HEAD":
            writer.write(page.body)
        await writer.drain()

    async def _answer(self, head: bytes) -> tuple[str, Page]:
        first, *rest = head.decode("latin-1").split("\r\n")
        words = first.split(" ")
        if len(words) != 3 or not words[2].startswith("HTTP/1."):
            return "GET", MALFORMED
        method, target, _ = words
        handler = self._pages.get(target.partition("?")[0])
        if handler is None:
            return method, NOT_FOUND
        if method not in ("GET", "HEAD"):
            return method, NOT_ALLOWED
        return method, await handler(_headers(rest))


async def _turn_away(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Say at once that too many are here; then let the request come, since closing before it
    would tear the answer from the caller's hands."""
    writer.write(_head(BUSY) + BUSY.body)
    await writer.drain()
    writer.write_eof()
    await reader.readuntil(b"\r\n\r\n")


def _headers(lines: list[str]) -> dict[str, str]:
    pairs = (line.partition(":") for line in lines if ":" in line)
    return {name.strip().lower(): value.strip() for name, _, value in pairs}


def _head(page: Page) -> bytes:
    lines = [
        f"HTTP/1.1 {page.status} {HTTPStatus(page.status).phrase}",
        f"Content-Type: {page.content_type}",
        f"Content-Length: {len(page.body)}",
        "Cache-Control: no-store",
        "Connection: close",
    ]
    return "\r\n".join([*lines, "", ""]).encode("latin-1")
