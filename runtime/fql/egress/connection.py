"""One HTTP/1.1 connection: an asyncio protocol around httptools, one exchange at a time."""

from __future__ import annotations

import asyncio
from typing import cast

import httptools

from fql.egress.answer import (
    KEPT_HEADERS,
    MAX_HEADER_BYTES,
    MAX_HEADERS,
    MAX_INTERIM,
    NO_HEADERS,
    Answer,
    Limits,
)
from fql.egress.failures import SendFailed

_SILENT_BODY = frozenset({204, 304})


class Connection(asyncio.Protocol):
    """Sends one request after the other; `usable` says whether another one may follow.

    `fresh` is False once an exchange has ended well; `untouched` is True while no byte of the
    current answer has been read: only then may the request be sent again on a new connection.
    """

    __slots__ = (
        "_body", "_bytes", "_count", "_deadline", "_framed", "_future", "_headers", "_interim",
        "_limits", "_loop", "_parser", "_rings_at", "_size", "_started", "_timer", "_transport",
        "born", "closed", "fresh", "idle_since", "untouched",
    )  # fmt: skip

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._transport: asyncio.Transport | None = None
        self._parser = httptools.HttpResponseParser(self)
        self._future: asyncio.Future[Answer] | None = None
        self._limits = Limits()
        self._timer: asyncio.TimerHandle | None = None
        self._deadline = self._rings_at = 0.0
        self.born = self.idle_since = loop.time()
        self.fresh, self.untouched, self.closed = True, True, False
        self._headers: dict[str, str] = {}
        self._body: list[bytes] = []
        self._begin()

    def _begin(self) -> None:
        if self._headers:  # handed out with the last answer
            self._headers = {}
        if self._body:
            self._body = []
        self._size = self._bytes = self._count = self._interim = 0
        self._framed = self._started = False

    # What a sender calls

    async def exchange(self, data: bytes, limits: Limits, deadline: float) -> Answer:
        """Send the bytes of one request and read the answer. Raises SendFailed.

        `deadline` is a time of the loop's clock; when it passes, the connection is aborted, as it
        is when the caller is cancelled.
        """
        self._begin()
        self._limits = limits
        self.untouched = True
        transport = self._transport
        if transport is None or self.closed:
            raise SendFailed("reset", "the receiver closed the connection")
        future: asyncio.Future[Answer] = self._loop.create_future()
        self._future = future
        self._watch(deadline)
        transport.write(data)
        try:
            return await future
        except asyncio.CancelledError:
            self.abort()
            raise

    def _watch(self, deadline: float) -> None:
        """Let a timer ring by the deadline. One that would ring earlier is left as it is and set
        again when it rings: most exchanges end long before, and setting a timer has its price."""
        self._deadline = deadline
        if self._timer is not None:
            if self._rings_at <= deadline:
                return
            self._timer.cancel()
        self._rings_at = deadline
        self._timer = self._loop.call_at(deadline, self._ring)

    def _ring(self) -> None:
        self._timer = None
        if self._future is None:
            return
        if self._loop.time() < self._deadline:
            self._watch(self._deadline)
            return
        seen = "no answer" if self.untouched else "an unfinished answer"
        self._fail(SendFailed("timeout", f"the deadline passed with {seen}"))

    def abort(self) -> None:
        """Close at once, whatever is under way."""
        self._end()
        if self._transport is not None:
            self._transport.abort()

    def _end(self) -> None:
        self.closed = True
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    @property
    def usable(self) -> bool:
        """True while another request may be sent here."""
        return not self.closed and self._future is None

    def peer(self) -> str:
        """The address at the other end."""
        name = self._transport.get_extra_info("peername") if self._transport else None
        return str(name[0]) if name else ""

    # What asyncio calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Called by asyncio."""
        self._transport = cast("asyncio.Transport", transport)

    def connection_lost(self, exc: Exception | None) -> None:
        """Called by asyncio: ends an answer that has no length, fails any other."""
        self._end()
        if self._future is None:
            return
        if exc is None and self._started and not self._framed:
            self._finish(reusable=False)
        else:
            self._fail(SendFailed("reset", "the receiver closed the connection"))

    def data_received(self, data: bytes) -> None:
        """Called by asyncio with bytes of an answer; bytes that nobody asked for end it all."""
        if self._future is None:
            self.abort()
            return
        self.untouched = False
        if not self._started:
            self._bytes += len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self._fail(SendFailed("protocol", "the receiver switched protocols"))
        except httptools.HttpParserError as error:
            self._fail(SendFailed("protocol", f"the answer is not HTTP/1.1: {error}"))
        else:
            self._check_headers()

    def _check_headers(self) -> None:
        if not self._started and self._bytes > MAX_HEADER_BYTES:
            self._fail(SendFailed("protocol", "the headers of the answer do not end"))

    # What httptools calls

    def on_message_begin(self) -> None:
        """Called by httptools at the start of an answer; one that nobody asked for ends it all."""
        if self._future is None:
            self.abort()

    def on_header(self, name: bytes, value: bytes) -> None:
        """Called by httptools for one header."""
        if self._future is None:
            return
        self._count += 1
        if self._count > MAX_HEADERS:
            self._fail(SendFailed("protocol", "the answer has too many headers"))
            return
        lower = name.decode("latin-1").lower()
        if lower in KEPT_HEADERS:
            self._headers[lower] = value.decode("latin-1")
        elif lower in {"content-length", "transfer-encoding"}:
            self._framed = True

    def on_headers_complete(self) -> None:
        """Called by httptools at the blank line."""
        if self._future is None:
            return
        status = self._parser.get_status_code()
        self._started = status >= 200
        if status in _SILENT_BODY:
            self._framed = True

    def on_body(self, data: bytes) -> None:
        """Called by httptools with a stretch of the body."""
        if self._future is None:
            return
        room = self._limits.keep - self._size
        self._size += len(data)
        if room > 0:
            self._body.append(data[:room] if len(data) > room else data)
        if self._size > self._limits.read:
            self._finish(reusable=False)

    def on_message_complete(self) -> None:
        """Called by httptools at the end of an answer; interim ones are passed over."""
        if self._future is None:
            return
        if self._parser.get_status_code() >= 200:
            self._finish(reusable=bool(self._parser.should_keep_alive()))
            return
        self._interim += 1
        if self._interim > MAX_INTERIM:
            self._fail(SendFailed("protocol", "the receiver sends interim answers without end"))

    def _finish(self, *, reusable: bool) -> None:
        future, self._future = self._future, None
        if not reusable:
            self.abort()
        self.fresh = False
        self.idle_since = self._loop.time()
        if future is not None and not future.done():
            future.set_result(self._answer())

    def _answer(self) -> Answer:
        body = self._body[0] if len(self._body) == 1 else b"".join(self._body)
        headers = self._headers or NO_HEADERS
        truncated = self._size > self._limits.keep
        return Answer(self._parser.get_status_code(), headers, body, truncated)

    def _fail(self, failure: SendFailed) -> None:
        future, self._future = self._future, None
        self.abort()
        if future is not None and not future.done():
            future.set_exception(failure)
