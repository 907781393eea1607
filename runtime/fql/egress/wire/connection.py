"""One HTTP/1.1 connection: an asyncio protocol around the parser, one exchange at a time."""

from __future__ import annotations

import asyncio
import ssl
from typing import Protocol, cast

from fql.egress.wire.answer import Answer, Limits
from fql.egress.wire.failures import SendFailed, of_losing
from fql.egress.wire.framing import NotHttp
from fql.egress.wire.parsing import AnswerParser, whole_answer
from fql.egress.wire.tls import Hearing, hear_the_rest

LONGEST_HANDSHAKE = 3_600.0
"""Seconds: the deadline of the request is nearly always earlier."""


class Waiter(Protocol):
    """Who waits for an answer: a future, or less than that."""

    def done(self) -> bool:
        """Whether it waits no longer."""
        ...

    def set_result(self, result: Answer, /) -> None:
        """The answer is whole."""
        ...

    def set_exception(self, exception: SendFailed, /) -> None:
        """There will be none."""
        ...


class Connection(asyncio.Protocol):
    """Sends one request after the other; `usable` says whether another one may follow: only after
    one plain, whole exchange with nothing unsent.

    `fresh` is False once an exchange has ended well; `untouched` is True while no byte of the
    current answer has been read: only then may the request be sent again on a new connection.
    """

    __slots__ = (
        "_below", "_deadline", "_limits", "_loop", "_lost", "_parser", "_rings_at", "_timer",
        "_tls", "_transport", "_waiter", "born", "closed", "fresh", "idle_since", "untouched",
    )  # fmt: skip

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._transport: asyncio.Transport | None = None
        self._below: asyncio.Transport | None = None
        self._tls: Hearing | None = None
        self._parser: AnswerParser | None = None
        self._waiter: Waiter | None = None
        self._limits = Limits()
        self._timer: asyncio.TimerHandle | None = None
        self._deadline = self._rings_at = 0.0
        self._lost: Exception | None = None
        self.born = self.idle_since = loop.time()
        self.fresh, self.untouched, self.closed = True, True, False

    # What a sender calls

    async def secure(self, tls: ssl.SSLContext, host: str) -> None:
        """Begin TLS. Raises OSError where the handshake fails or the receiver is gone."""
        transport = self._transport
        if transport is None or self.closed:
            raise ConnectionResetError
        made = await self._loop.start_tls(
            transport, self, tls, server_hostname=host, ssl_handshake_timeout=LONGEST_HANDSHAKE
        )
        if made is None:
            raise ConnectionResetError
        self._below, self._transport = transport, made
        self._tls = cast("Hearing", made.get_extra_info("ssl_object"))
        await asyncio.sleep(0)  # an alert that is there already is read before we write

    async def exchange(self, data: bytes, limits: Limits, deadline: float) -> Answer:
        """Send the bytes of one request and read the answer. Raises SendFailed.

        `deadline` is a time of the loop's clock; when it passes, the connection is aborted, as it
        is when the caller is cancelled.
        """
        future: asyncio.Future[Answer] = self._loop.create_future()
        self.begin(data, limits, deadline, future)
        try:
            return await future
        except asyncio.CancelledError:
            self.abort()
            raise

    def begin(self, data: bytes, limits: Limits, deadline: float, waiter: Waiter) -> None:
        """Send the bytes of one request, and tell `waiter` what comes of it. Raises SendFailed
        where the connection is closed; then nobody is told."""
        self._parser, self._limits = None, limits
        self.untouched = True
        transport = self._transport
        if transport is None or self.closed:
            raise self._losing(self._lost)
        self._waiter = waiter
        self._watch(deadline)
        transport.write(data)
        if self._below is not None and self._below.is_closing():
            hear_the_rest(self._below)

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
        if self._waiter is None:
            return
        if self._loop.time() < self._deadline:
            self._watch(self._deadline)
            return
        seen = "no answer" if self.untouched else "an unfinished answer"
        self._fail(SendFailed("timeout", f"the deadline passed with {seen}"))

    def abort(self) -> None:
        """Close at once, whatever is under way."""
        self._close_at_once()
        if self._transport is not None:
            self._transport.abort()

    def _close_at_once(self) -> None:
        self.closed = True
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    @property
    def usable(self) -> bool:
        """True while another request may be sent here."""
        return not self.closed and self._waiter is None

    @property
    def unsent(self) -> int:
        """Bytes that the receiver has not taken yet; TLS has a buffer of its own."""
        above, below = self._transport, self._below
        size = 0 if above is None else above.get_write_buffer_size()
        return size if below is None else size + below.get_write_buffer_size()

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
        self._close_at_once()
        self._lost = exc
        if self._waiter is None:
            return
        parser = self._parser
        if exc is None and parser is not None:
            parser.end()
            if parser.done:
                self._finish(parser.answer(), reusable=False)
                return
        self._fail(self._losing(exc))

    def _losing(self, error: Exception | None) -> SendFailed:
        """Why the connection ended. An alert of the receiver says more than what came of it."""
        tls = self._tls
        if tls is None:
            return of_losing(error)
        if not (self.fresh and self.untouched):
            return of_losing(tls.heard or error)
        return of_losing(tls.heard or error, unanswered=True, identified=tls.identified)

    def data_received(self, data: bytes) -> None:
        """Called by asyncio with bytes of an answer; bytes that nobody asked for end it all."""
        if self._waiter is None:
            self.abort()
            return
        parser = self._parser
        if parser is None:
            self.untouched = False
            answer = whole_answer(data, self._limits)
            if answer is not None:
                self._finish(answer, reusable=True)
                return
            parser = self._parser = AnswerParser(self._limits)
        try:
            parser.feed(data)
        except NotHttp as error:
            said = f"the answer is not HTTP/1.1: {error}"
            self._fail(SendFailed("protocol", said, said=error.said))
            return
        if parser.done:
            self._finish(parser.answer(), reusable=parser.reusable)

    def _finish(self, answer: Answer, *, reusable: bool) -> None:
        waiter, self._waiter = self._waiter, None
        if not reusable or self.unsent:
            self.abort()
        self.fresh = False
        self.idle_since = self._loop.time()
        if waiter is not None and not waiter.done():
            waiter.set_result(answer)

    def _fail(self, failure: SendFailed) -> None:
        waiter, self._waiter = self._waiter, None
        self.abort()
        if waiter is not None and not waiter.done():
            waiter.set_exception(failure)
