"""Answers of HTTP/1.1 from bytes, however they are cut (RFC 9112): read generously, trusted little.

What a client may read is read: folded headers, line ends without CR, a blank before a colon, a
length that is given twice. But then the connection is not used again, nor after anything else that
is not one plain exchange: only there is it certain where an answer ends. Every part has its limit.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from fql.egress.wire.answer import (
    MAX_HEADER_BYTES,
    MAX_HEADERS,
    MAX_INTERIM,
    NO_HEADERS,
    Answer,
    Limits,
)
from fql.egress.wire.framing import WANTED, Framing, NotHttp, read_head

MAX_CHUNK_LINE = 4_096
"""Bytes of the line that gives the size of a chunk, its extensions included."""
FRAMING_SHARE = 8
"""Bytes of sizes and line ends for each byte of a chunked body, besides MAX_HEADER_BYTES."""

_START = b"HTTP/1."
_END_OF_HEAD = re.compile(rb"\n\r?\n")
_SIZE = re.compile(rb"[0-9a-fA-F]{1,16}")
_BEGUN_SIZE = re.compile(rb"[ \t]*(?:[0-9a-fA-F]{1,16}[ \t]*(?:[;\r]|\Z)|\Z)")
_PLAIN_HEAD = re.compile(
    rb"HTTP/1\.1 ([2-9][0-9]{2})(?: [^\r\n\0]*)?\r\n"
    rb"(?:[!#$%&'*+.^_`|~0-9A-Za-z-]+:[^\r\n\0]*\r\n){0,256}\r\n"
)
_KEYS = {name.encode(): name for name in WANTED}
_TOLD = re.compile(rb"\n(" + b"|".join(_KEYS) + rb"):[ \t]*([^\r\n]*)", re.IGNORECASE)


def whole_answer(data: bytes, limits: Limits) -> Answer | None:
    """The answer, where these bytes are one short and plain answer and nothing else, as nearly
    always; the connection may be used again. None for all others: `AnswerParser` reads them."""
    found = _PLAIN_HEAD.match(data)
    if found is None or len(data) > MAX_HEADER_BYTES:
        return None
    told: dict[str, str] = {}
    for name, value in _TOLD.findall(data, 0, found.end()):
        key = _KEYS[name.lower()]
        if key in told:
            return None
        told[key] = value.decode("latin-1").rstrip(" \t")
    status, body = int(found[1]), data[found.end() :]
    length = told.pop("content-length", "0" if status == 204 else "")
    if length != str(len(body)) or len(body) > min(limits.read, limits.keep):
        return None
    if status == 304 or (status == 204 and body):
        return None
    if told.pop("connection", "keep-alive").lower() != "keep-alive" or "transfer-encoding" in told:
        return None
    return Answer(status, told or NO_HEADERS, body)


class AnswerParser:
    """Reads one answer. `done` says that it is whole, `started` that its headers are there."""

    __slots__ = (
        "_body", "_buffer", "_head", "_interim", "_left", "_limits", "_lines", "_plain",
        "_searched", "_size", "_spent", "_state", "done",
    )  # fmt: skip

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._buffer = bytearray()
        self._body = bytearray()
        self._head: Framing | None = None
        self._state: Callable[[], bool] = self._headers
        self._plain, self.done = True, False
        self._size = self._left = self._spent = self._searched = 0
        self._interim = self._lines = 0

    @property
    def started(self) -> bool:
        """Whether the headers of the final answer are there."""
        return self._head is not None

    @property
    def reusable(self) -> bool:
        """Whether the answer was plain, and nothing came after it."""
        return self._plain and not self._buffer

    def feed(self, data: bytes) -> None:
        """Take more bytes. Raises NotHttp."""
        self._buffer += data
        while not self.done and self._state():
            pass

    def end(self) -> None:
        """No more bytes will come: an answer without a length ends here, and one that lacks only
        the last line after its chunks."""
        if self._head is not None and self._state in (self._until_the_end, self._trailers):
            self._finish(plain=False)

    def answer(self) -> Answer:
        """The answer that is done. Raises NotHttp before."""
        if self._head is None:
            raise NotHttp("it has no headers yet")
        headers = self._head.kept or NO_HEADERS
        cut = self._size > self._limits.keep
        return Answer(self._head.status, headers, bytes(self._body), cut)

    def _finish(self, *, plain: bool) -> bool:
        self._plain = self._plain and plain
        self.done = True
        return False

    # Each state takes from the buffer what it can, and says whether the next one has a chance.

    def _headers(self) -> bool:
        buffer = self._buffer
        while buffer and buffer[0] in b"\r\n":  # as servers do before requests
            del buffer[0]
            self._spend(1)
            self._plain = False
        if not buffer.startswith(_START[: len(buffer)]):
            raise NotHttp("it does not begin with HTTP/1", bytes(buffer[:1_000]))
        found = _END_OF_HEAD.search(buffer, self._searched)
        if found is None:
            self._check_room(len(buffer))
            self._searched = max(0, len(buffer) - 2)
            return False
        self._spend(found.end())
        head = bytes(buffer[: found.end()])
        del buffer[: found.end()]
        self._searched = 0
        return self._begin(read_head(head))

    def _begin(self, head: Framing) -> bool:
        """What follows the headers."""
        self._plain = self._plain and head.plain
        if head.status < 200:
            self._interim += 1
            if head.status == 101 or self._interim > MAX_INTERIM:
                what = (
                    "switches protocols" if head.status == 101 else "has too many interim answers"
                )
                raise NotHttp(f"it {what}")
            return True
        self._head = head
        if head.chunked:
            self._state = self._chunk
        elif head.length is None:
            self._state = self._until_the_end
        elif head.length == 0:
            return self._finish(plain=True)
        else:
            self._left, self._state = head.length, self._counted
        return True

    def _counted(self) -> bool:
        if not self._take_body():
            return False
        return False if self._left else self._finish(plain=True)

    def _until_the_end(self) -> bool:
        self._left = len(self._buffer)
        self._take_body()
        return False

    def _chunk(self) -> bool:
        line = self._line(MAX_CHUNK_LINE, "the size of a chunk does not end")
        if line is None:
            if _BEGUN_SIZE.match(self._buffer) is None:  # it never will be one
                raise NotHttp("a chunk has no size", bytes(self._buffer[:1_000]))
            return False
        if self._spent > MAX_HEADER_BYTES + FRAMING_SHARE * self._size:
            raise NotHttp("it is more framing than body")
        size = line.partition(b";")[0].strip(b" \t")
        if _SIZE.fullmatch(size) is None:
            raise NotHttp("a chunk has no size", size)
        self._left = int(size, 16)
        self._state = self._within_chunk if self._left else self._trailers
        self._spent = 0 if not self._left else self._spent
        return True

    def _within_chunk(self) -> bool:
        if not self._take_body() or self._left:
            return False
        self._state = self._after_chunk
        return True

    def _after_chunk(self) -> bool:
        line = self._line(2, "a chunk is longer than its size")
        if line is None:
            return False
        if line:
            raise NotHttp("a chunk is longer than its size")
        self._state = self._chunk
        return True

    def _trailers(self) -> bool:
        line = self._line(MAX_HEADER_BYTES, "its trailers do not end")
        if line is None:
            return False
        self._lines += 1
        if self._lines > MAX_HEADERS or self._spent > MAX_HEADER_BYTES:
            raise NotHttp("its trailers do not end")
        return True if line else self._finish(plain=True)

    # Parts

    def _take_body(self) -> bool:
        """Keep what is wanted of the body in the buffer; False where the whole answer ends here,
        because it is longer than what is read."""
        taken = min(self._left, len(self._buffer))
        room = self._limits.keep - len(self._body)
        if room > 0:
            self._body += self._buffer[: min(taken, room)]
        del self._buffer[:taken]
        self._left -= taken
        self._size += taken
        if self._size > self._limits.read:
            return self._finish(plain=False)
        return True

    def _line(self, most: int, problem: str) -> bytes | None:
        """The next line without its end, or None when it is not there yet."""
        end = self._buffer.find(b"\n", self._searched, most)
        if end < 0:
            if len(self._buffer) >= most:
                raise NotHttp(problem)
            self._searched = len(self._buffer)
            return None
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 1]
        self._searched = 0
        self._spent += end + 1
        self._plain = self._plain and line.endswith(b"\r") and b"\r" not in line[:-1]
        return line.removesuffix(b"\r")

    def _spend(self, size: int) -> None:
        self._check_room(size)
        self._spent += size

    def _check_room(self, size: int) -> None:
        if self._spent + size > MAX_HEADER_BYTES:
            raise NotHttp("its headers do not end")
