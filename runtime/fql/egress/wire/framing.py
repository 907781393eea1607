"""The headers of an answer, and where its body ends by them (RFC 9112, section 6.3)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from fql.egress.wire.answer import KEPT_HEADERS, MAX_HEADERS

_STATUS = re.compile(rb"HTTP/1\.([0-9])([ \t]+)([0-9]{3})(?![0-9])")
_NUMBER = re.compile(r"[0-9]{1,18}")
_FOLD = re.compile(rb"[ \t]*\r?\n[ \t]+")
_WITHOUT_BODY = frozenset({204, 304})
WANTED = frozenset({*KEPT_HEADERS, "content-length", "transfer-encoding", "connection"})
_LISTS = frozenset({"content-encoding", "content-length", "transfer-encoding", "connection"})
_NAMES = {name.encode(): name for name in WANTED}


class NotHttp(Exception):
    """Bytes that no client can read as an answer, or more of them than are read. `said` are the
    bytes in question as text, not yet masked."""

    def __init__(self, problem: str, said: bytes = b"") -> None:
        super().__init__(problem)
        self.said = said.decode("utf-8", "replace")


class Framing(NamedTuple):
    """What the headers say. `length` is None where the body ends with the connection, `kept` has
    the headers that somebody looks at, `plain` means that no two readers could differ."""

    status: int
    kept: dict[str, str]
    length: int | None
    chunked: bool
    plain: bool


def read_head(head: bytes) -> Framing:
    """Status line and headers, with the blank line after them. Raises NotHttp."""
    plain = head.count(b"\n") == head.count(b"\r") == head.count(b"\r\n") and b"\0" not in head
    if b"\n " in head or b"\n\t" in head:
        head, plain = _FOLD.sub(b" ", head), False
    lines = head.split(b"\n")
    if len(lines) > MAX_HEADERS + 3:
        raise NotHttp("it has too many headers")
    found = _STATUS.match(lines[0])
    status = int(found[3]) if found else 0
    if found is None or status < 100:
        raise NotHttp("its status line is not valid", lines[0])
    headers: dict[str, str] = {}
    for name, value in _headers(lines[1:-2]):
        if not name:
            plain = False
        elif name in headers and name in _LISTS:
            headers[name] += f", {value}"
        else:
            headers[name] = value
    plain = plain and found[1] != b"0" and found[2] == b" "
    return _framed(status, headers, plain=plain)


def _headers(lines: list[bytes]) -> Iterator[tuple[str, str]]:
    """The headers that are wanted, and one without a name for each line that is odd."""
    for line in lines:
        written, colon, value = line.partition(b":")
        bare = written.strip()
        if written != bare or not bare or not colon:
            yield "", ""
        name = _NAMES.get(bare.lower())
        if name is not None and colon:
            text = value.strip(b" \t\r").replace(b"\r", b" ").replace(b"\0", b" ")
            yield name, text.decode("latin-1")


def _framed(status: int, headers: dict[str, str], *, plain: bool) -> Framing:
    closing = "close" in _tokens(headers.pop("connection", ""))
    codings = [name for name in _tokens(headers.pop("transfer-encoding", "")) if name != "identity"]
    length = headers.pop("content-length", None)
    plain = plain and not closing
    if status < 200 or status in _WITHOUT_BODY:
        silent = not codings and (status == 304 or length in (None, "0"))
        return Framing(status, headers, 0, chunked=False, plain=plain and silent)
    if not codings:
        number, once = (None, True) if length is None else _length(length)
        return Framing(status, headers, number, chunked=False, plain=plain and once)
    chunked = codings[-1] == "chunked"
    undone = codings[:-1] if chunked else codings
    if undone:  # it is the body that is encoded, whatever the header is called
        named = (headers.get("content-encoding", ""), *undone)
        headers["content-encoding"] = ", ".join(filter(None, named))
    plain = plain and length is None and not undone
    return Framing(status, headers, None, chunked, plain)


def _length(text: str) -> tuple[int, bool]:
    """A length, and whether it was given once. Raises NotHttp for anything but equal numbers."""
    given = [part.strip() for part in text.split(",")]
    if not all(_NUMBER.fullmatch(number) for number in given) or len(set(map(int, given))) > 1:
        raise NotHttp("its length is not a number", text.encode())
    return int(given[0]), len(given) == 1


def _tokens(text: str) -> list[str]:
    return [name for part in text.lower().split(",") if (name := part.strip())]
