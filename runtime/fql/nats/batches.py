"""Several messages that a stream takes all together or not at all, and reading a stream in order.

A batch is one number of messages in a row: the server keeps them aside until the last one says that
this is all, checks what they expect, and then has all of them or none. Needs servers from 2.12 and
a stream with `allow_atomic`; reading needs `allow_direct`.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from fql.exact.writing import write_json
from fql.nats.connection import NatsConnection
from fql.nats.errors import NatsError, NatsUnreachable, Refused
from fql.nats.link import Heard, Link

LARGEST_BATCH = 1_000
"""Messages that a server takes in one batch."""
EXPECTED = "Nats-Expected-Last-Subject-Sequence"
TTL = "Nats-TTL"
MOVED = frozenset({10071, 10164})
"""The subject has another last message than was expected."""
AT_ONCE = 500
"""Messages that are asked for at once."""
AT_ONCE_BYTES = 8_000_000


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One message of a batch."""

    subject: str
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Stored:
    """A message as a stream has it, under its number."""

    sequence: int
    subject: str
    body: bytes


async def publish_batch(
    connection: NatsConnection, messages: Sequence[Outgoing], *, timeout_s: float
) -> int | None:
    """The number of the last message, when the stream has all; they are numbered in a row. None
    where it has none of them, as a subject has moved on. Raises NatsError for any other end: then
    the stream may have them, or may get them still."""
    loop = asyncio.get_running_loop()
    end, name = loop.time() + timeout_s, uuid.uuid4().hex
    link = await connection.link(timeout_s)
    for number, message in enumerate(messages[:-1], 1):
        await link.write(message.subject, message.body, "", _headers(message, name, number))
    last = messages[-1]
    headers = {**_headers(last, name, len(messages)), "Nats-Batch-Commit": "1"}
    try:
        answer = await connection.commit(
            last.subject, headers, last.body, timeout_s=max(0.0, end - loop.time())
        )
    except NatsError as problem:
        if problem.code in MOVED:
            return None
        raise
    sequence = answer.get("seq")
    if not isinstance(sequence, int) or answer.get("count") != len(messages):
        raise Refused(f"{connection.shown} did not take a batch of messages to {last.subject}")
    return sequence


def _headers(message: Outgoing, name: str, number: int) -> dict[str, str]:
    return {**message.headers, "Nats-Batch-Id": name, "Nats-Batch-Sequence": str(number)}


async def read_from(
    connection: NatsConnection, stream: str, first: int, subjects: str, *, timeout_s: float
) -> list[Stored]:
    """The messages from the number `first` on, in order: as many as come at once, none where there
    are no more. Raises NatsError."""
    link = await connection.link(timeout_s)
    asked = {
        "seq": first, "batch": AT_ONCE, "max_bytes": AT_ONCE_BYTES, "next_by_subj": subjects,
    }  # fmt: skip
    reading = _Reading(asyncio.get_running_loop().create_future())
    inbox = link.new_inbox()
    stop = await link.listen(inbox, reading.hear)
    lost = link.lost
    try:
        await link.write(f"$JS.API.DIRECT.GET.{stream}", write_json(asked), inbox)
        await asyncio.wait(
            (reading.done, lost), timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED
        )
    finally:
        await stop()
    return _found(link, stream, reading)


def _found(link: Link, stream: str, reading: _Reading) -> list[Stored]:
    if not reading.done.done():
        reading.done.cancel()
        raise NatsUnreachable(f"{link.shown} did not answer to reading the stream {stream}")
    status = reading.done.result()
    if status not in ("204", "404"):
        raise NatsUnreachable(f"{link.shown} cannot read the stream {stream}: status {status}")
    return reading.messages


class _Reading:
    """What has come so far."""

    def __init__(self, done: asyncio.Future[str]) -> None:
        self.done = done
        self.messages: list[Stored] = []

    def hear(self, heard: Heard) -> None:
        """A message, or the end."""
        number = heard.headers.get("Nats-Sequence")
        if number is not None:
            subject = heard.headers.get("Nats-Subject", "")
            self.messages.append(Stored(int(number), subject, heard.body))
        elif not self.done.done():
            self.done.set_result(heard.status)
