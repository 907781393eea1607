"""A message of a stream as an arrival, whatever somebody put into it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import blake2b

from fql.exact.reading import read_foreign
from fql.intake.cloudevents import (
    BINARY,
    CLOUD_EVENT,
    NotACloudEvent,
    envelope_of,
    from_headers,
)  # fmt: skip
from fql.intake.foreign import foreign_form
from fql.intake.port import Arrival, Place

MAX_BODY = 16_000_000
"""Bytes of one message; a longer one is not an event."""
SHOWN = 10_000
"""Bytes of a message that cannot be read which its dead letter keeps."""

ID_HEADER, TRACE_HEADER = "Nats-Msg-Id", "traceparent"
_ACK = "$JS.ACK."


@dataclass(frozen=True, slots=True)
class Delivered:
    """One delivery. `reply` is where it is acknowledged, `sequence` its number in the stream,
    `stored_ns` when the stream took it (nanoseconds since 1970): number and time together are one
    message for ever, also where an older copy of the stream was restored."""

    reply: str
    sequence: int
    stored_ns: int
    subject: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def position(self) -> str:
        """What identifies it within its stream."""
        return f"{self.sequence}.{self.stored_ns}"


def delivered(
    reply: str, subject: str, headers: Mapping[str, str], body: bytes
) -> Delivered | None:
    """A delivery, or None for what no consumer has sent. The acknowledgement's subject ends in
    deliveries, number, number in the consumer, time, pending; before, some servers put a domain and
    an account."""
    tokens = reply.split(".")
    if not reply.startswith(_ACK) or len(tokens) < 9:
        return None
    at = 4 if len(tokens) == 9 else 6
    try:
        return Delivered(reply, int(tokens[at + 1]), int(tokens[at + 3]), subject, headers, body)
    except (ValueError, IndexError):
        return None


def arrival(message: Delivered, incarnation: str, safe: int) -> Arrival:
    """The message as an event of the stream `incarnation`. All numbers up to `safe` are
    acknowledged: the store keeps that as the place to begin at, should the consumer be lost."""
    envelope, problem = _envelope(message)
    id_ = blake2b(f"{incarnation} {message.position}".encode(), digest_size=16).digest()
    place = Place(id_, incarnation, safe)
    return Arrival(envelope, message.position, place, problem, message.stored_ns // 1_000_000)


def _envelope(message: Delivered) -> tuple[dict[str, object], str]:
    """The envelope, and what is wrong with it, or nothing."""
    if len(message.body) > MAX_BODY:
        most = f"{MAX_BODY // 1_000_000} MB"
        return _unreadable(message), f"the message is longer than {most}"
    try:
        read = read_foreign(message.body)
    except ValueError as error:
        reason = f"is not JSON: {error}" if message.body.strip() else "is empty"
        return _unreadable(message), f"the message on {message.subject} {reason}"
    if not isinstance(read, dict):
        return _unreadable(message), f"the message on {message.subject} is not a JSON object"
    on = f"the message on {message.subject}"
    if (cloud := _cloud_event(read, message)) is not None:
        try:
            return _led(envelope_of(cloud), message), ""
        except NotACloudEvent as wrong:
            return read, f"{on}: {wrong}, not {wrong.got}"
    form = foreign_form(read)
    return (read, f"{on}: {form}") if form else (_led(read, message), "")


def _cloud_event(read: dict[str, object], message: Delivered) -> Mapping[str, object] | None:
    """The CloudEvent that a message is, or None. One in structured mode may come without a media
    type, since a message of NATS needs no headers."""
    headers = {name.lower(): text for name, text in message.headers.items()}
    kind = headers.get("content-type", "")
    if kind.partition(";")[0].strip().lower() == CLOUD_EVENT:
        return read
    if BINARY in headers:
        given = {"datacontenttype": kind} if kind else {}
        return given | from_headers(headers, read)
    return read if "specversion" in read and "entity" not in read else None


def _unreadable(message: Delivered) -> dict[str, object]:
    text = message.body[:SHOWN].decode("utf-8", "backslashreplace")
    return {"subject": message.subject, "headers": dict(message.headers), "text": text}


def _led(envelope: dict[str, object], message: Delivered) -> dict[str, object]:
    """What the headers say where the envelope is silent: the sender's id is a key, since NATS
    itself takes a message with that id once."""
    sender, trace = message.headers.get(ID_HEADER), message.headers.get(TRACE_HEADER)
    if sender and not envelope.get("key") and not envelope.get("id"):
        envelope["key"] = sender
    context = envelope.setdefault("context", {}) if trace else None
    if trace and isinstance(context, dict):
        context.setdefault("traceparent", trace)
    if "timestamp" not in envelope:
        at = datetime.fromtimestamp(message.stored_ns / 1e9, UTC)
        envelope["timestamp"] = at.isoformat(timespec="milliseconds")
    return envelope
