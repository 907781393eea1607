"""Requests read from the bytes of a connection, within bounds. llhttp reads the protocol: it takes
no head that two programs could read differently."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

import httptools

MAX_HEAD = 16_384
"""Bytes of a request line and its headers."""
MAX_BODY = 1_000_000
"""Bytes of a body, as it comes and when it is unpacked."""
MAX_FRAMING = 8
"""How many times its size a body in chunks may take on the wire."""
MAX_HEADERS = 100
MAX_HELD = 64_000_000
"""Bytes of all bodies together that are being received or stored."""
CHUNK = 16_384
"""Bytes read at a time."""
REPEATED = frozenset({"cookie", "via", "x-forwarded-for", "forwarded", "accept", "accept-encoding",
                      "accept-language", "cache-control", "connection", "te"})  # fmt: skip
"""Headers that may come more than once; nothing here depends on them."""


class BrokenRequest(Exception):
    """The connection cannot be read further. `status` and `reason` are for the caller."""

    def __init__(self, status: int, reason: str, hint: str = "") -> None:
        self.status = status
        self.reason = reason
        self.hint = hint
        super().__init__(reason)


@dataclass(slots=True)
class Request:
    """A request: its head, and the body as far as it has come."""

    method: str = ""
    target: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    twice: str = ""
    version: str = ""
    keeps_open: bool = False
    upgrades: bool = False
    has_head: bool = False
    is_judged: bool = False
    body: bytearray = field(default_factory=bytearray)
    taken: int = 0


class Room:
    """The memory for bodies, which all connections share."""

    def __init__(self, size: int = MAX_HELD) -> None:
        self._left = size

    def take(self, size: int) -> bool:
        """Whether there is room for so many bytes; if so they are taken."""
        if size > self._left:
            return False
        self._left -= size
        return True

    def give_back(self, size: int) -> None:
        """They are no longer held."""
        self._left += size


class Wire:
    """The requests of one connection. `ready` are whole ones; `current` is one that still comes.

    `room` is asked before more of a body is kept.
    """

    def __init__(self, room: Room) -> None:
        self._parser = httptools.HttpRequestParser(self)
        self._room = room
        self._fed = 0
        self._problem: BrokenRequest | None = None
        self._held = 0
        self.ready: deque[Request] = deque()
        self.current: Request | None = None

    def feed(self, data: bytes) -> None:
        """Take what has come. Raises BrokenRequest; what was whole before is `ready`."""
        self._fed += len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            return  # the head says so, and is refused
        except httptools.HttpParserInvalidMethodError:
            raise self._problem or _no_method(data) from None
        except httptools.HttpParserError as error:
            raise self._problem or BrokenRequest(400, f"this is not HTTP: {error}") from None
        if self._problem is not None:
            raise self._problem
        self._check_size()

    def _check_size(self) -> None:
        now = self.current
        if now is None:
            return
        if not now.has_head and self._fed > MAX_HEAD:
            raise BrokenRequest(431, f"the request head is longer than {MAX_HEAD} bytes")
        if now.has_head and self._fed > MAX_FRAMING * MAX_BODY:
            raise BrokenRequest(413, "the chunks of the body hold hardly anything")

    def _break(self, status: int, reason: str) -> None:
        self._problem = self._problem or BrokenRequest(status, reason)

    # What the parser calls.

    def on_message_begin(self) -> None:
        """A request begins. What came with it is counted with its headers."""
        self.current = Request()
        self._fed = self._held = 0

    def on_url(self, url: bytes) -> None:
        """A part of the target."""
        if self.current is not None:
            self.current.target += url
            self._held += len(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header, or a trailer after the body, which nobody reads."""
        now = self.current
        if now is None or now.has_head:
            return
        self._held += len(name) + len(value) + 4
        if self._held > MAX_HEAD or len(now.headers) >= MAX_HEADERS:
            self._break(431, f"the head has more than {MAX_HEADERS} headers or {MAX_HEAD} bytes")
            return
        key = name.decode("latin-1").lower()
        if key in now.headers and key not in REPEATED:
            now.twice = key
        now.headers[key] = value.decode("latin-1").strip()

    def on_headers_complete(self) -> None:
        """The head is whole."""
        now = self.current
        if now is None:
            return
        now.has_head = True
        now.method = self._parser.get_method().decode("latin-1")
        now.version = self._parser.get_http_version()
        now.keeps_open = self._parser.should_keep_alive()
        now.upgrades = self._parser.should_upgrade()
        self._fed = 0

    def on_body(self, body: bytes) -> None:
        """A part of the body."""
        now = self.current
        if now is None or self._problem is not None:
            return
        if len(now.body) + len(body) > MAX_BODY:
            self._break(413, f"the request body is longer than {MAX_BODY} bytes")
        elif not self._room.take(len(body)):
            self._break(503, "too much is being sent at once")
        else:
            now.taken += len(body)
            now.body += body

    def on_message_complete(self) -> None:
        """The request is whole."""
        now, self.current = self.current, None
        if now is not None and self._problem is None:
            self.ready.append(now)


def _no_method(data: bytes) -> BrokenRequest:
    if data[:1] == b"\x16":
        hint = "TLS is ended by a proxy before the intake; see docs/how-to/http-intake.md"
        return BrokenRequest(400, "this is TLS, and plain HTTP is served here", hint)
    return BrokenRequest(400, "this is not HTTP, or has a method that nobody knows")
