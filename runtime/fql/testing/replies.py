"""Scripted answers and faults of the test receiver, as data."""

from __future__ import annotations

import asyncio
import gzip
import socket
import struct
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from http import HTTPStatus

from fql.exact.writing import write_json

FAULTS = (
    "hang", "reset", "cut", "drip", "wrong_length", "endless_headers", "bomb", "garbage",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Reply:
    """What the receiver does with a request. Durations are seconds.

    `fault` is one of `hang` (never answers), `reset` (closes at once), `cut` (closes within the
    body), `drip` (one byte every `pace` seconds), `wrong_length` (announces too many bytes),
    `endless_headers`, `bomb` (a large body in gzip), `garbage` (not HTTP).
    """

    status: int = 200
    body: object = None
    headers: dict[str, str] = field(default_factory=dict)
    delay: float = 0.0
    fault: str | None = None
    pace: float = 0.05
    size: int = 10_000_000

    def __post_init__(self) -> None:
        """Raises ValueError for a fault that does not exist."""
        if self.fault is not None and self.fault not in FAULTS:
            raise ValueError(f"there is no fault {self.fault!r}; use one of {', '.join(FAULTS)}")


def hang() -> Reply:
    """Takes the request and never answers."""
    return Reply(fault="hang")


def reset() -> Reply:
    """Closes the connection without an answer."""
    return Reply(fault="reset")


def drip(pace: float = 0.05) -> Reply:
    """Answers one byte every `pace` seconds."""
    return Reply(fault="drip", pace=pace)


def retry_after(value: int | str, status: int = 503) -> Reply:
    """Refuses with this `status`, and says when to come back: `value` is seconds or an HTTP
    date."""
    return Reply(status=status, headers={"Retry-After": str(value)})


def encode_body(body: object) -> bytes:
    """Bytes and text as they are, anything else as JSON; None is empty."""
    if body is None:
        return b""
    if isinstance(body, bytes):
        return body
    return body.encode() if isinstance(body, str) else write_json(body)


def head_of(reply: Reply, length: int) -> bytes:
    """Status line and headers."""
    try:
        phrase = HTTPStatus(reply.status).phrase
    except ValueError:
        phrase = "Scripted"
    lines = [f"HTTP/1.1 {reply.status} {phrase}", f"Content-Length: {length}"]
    if not any(name.lower() == "content-type" for name in reply.headers):
        lines.append("Content-Type: application/json")
    lines += [f"{name}: {value}" for name, value in reply.headers.items()]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n"


def whole(reply: Reply) -> bytes:
    """The answer in one piece."""
    body = encode_body(reply.body)
    return head_of(reply, len(body)) + body


async def act(reply: Reply, transport: asyncio.Transport) -> None:
    """Play a reply that takes time or is a fault."""
    await asyncio.sleep(reply.delay)
    match reply.fault:
        case None:
            transport.write(whole(reply))
        case "hang":
            await asyncio.sleep(3600)
        case "reset":
            _reset(transport)
        case "garbage":
            transport.write(b"\x00\x01 this is not HTTP\r\n\r\n")
        case "cut" | "wrong_length":
            await _short(reply, transport)
        case _:
            await _stream(reply, transport)


def _reset(transport: asyncio.Transport) -> None:
    """Close without the usual farewell: the sender sees a reset."""
    linger_none = struct.pack("ii", 1, 0)
    transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger_none)
    transport.abort()


async def _short(reply: Reply, transport: asyncio.Transport) -> None:
    body = encode_body(reply.body) or b"{}"
    transport.write(head_of(reply, len(body) + 100) + body)
    if reply.fault == "cut":
        await asyncio.sleep(reply.pace)
        transport.close()


async def _stream(reply: Reply, transport: asyncio.Transport) -> None:
    """Write stretch by stretch until all is written or the sender has gone."""
    async for data in _stretches(reply):
        if transport.is_closing():
            return
        transport.write(data)


async def _stretches(reply: Reply) -> AsyncIterator[bytes]:
    match reply.fault:
        case "drip":
            for byte in whole(reply):
                yield bytes([byte])
                await asyncio.sleep(reply.pace)
        case "bomb":
            packed = gzip.compress(b"0" * reply.size)
            headers = {**reply.headers, "Content-Encoding": "gzip"}
            yield whole(Reply(reply.status, packed, headers))
        case _:
            yield b"HTTP/1.1 200 OK\r\n"
            while True:
                yield b"X-More: " + b"x" * 1000 + b"\r\n"
                await asyncio.sleep(0)
