"""The events in a body, or why there are none. Pure."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass

from fql.exact.reading import read_foreign
from fql.intake.cloudevents import (
    BINARY,
    CLOUD_EVENT,
    NotACloudEvent,
    envelope_of,
    from_headers,
)  # fmt: skip
from fql.intake.foreign import foreign_form
from fql.intake.http.answers import Answer, Detail, refusal
from fql.intake.http.gate import CLOUD_EVENTS, JSON, LINES, media_type
from fql.intake.http.wire import MAX_BODY

MOST_EVENTS = 1_000
"""Events of one request."""


@dataclass(frozen=True, slots=True)
class Batch:
    """The envelopes of a request. `lines` are their places in it, from 1; `single` says that it is
    one event and not a list."""

    envelopes: tuple[dict[str, object], ...]
    lines: tuple[int, ...]
    single: bool = False


class _Unreadable(Exception):
    """Raised in here only: the answer."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        super().__init__(answer.why)


def events_of(headers: Mapping[str, str], body: bytes) -> Batch | Answer:
    """The events of a body, in the form that its headers tell."""
    try:
        return _with_context(_read(headers, _unpacked(headers, body)), headers)
    except _Unreadable as unreadable:
        return unreadable.answer


def _unpacked(headers: Mapping[str, str], body: bytes) -> bytes:
    """The body without its content encoding: no more of it than may come without one."""
    if headers.get("content-encoding", "identity").lower() != "gzip":
        return body
    unpacker = zlib.decompressobj(wbits=31)
    try:
        plain = unpacker.decompress(body, MAX_BODY + 1)
    except zlib.error:
        raise _Unreadable(refusal(400, "the body is not gzip")) from None
    if len(plain) > MAX_BODY:
        raise _Unreadable(
            refusal(413, f"the request body is longer than {MAX_BODY} bytes once unpacked")
        )
    if not unpacker.eof or unpacker.unused_data:
        raise _Unreadable(refusal(400, "the body is cut short, or more follows its gzip"))
    return plain


def _read(headers: Mapping[str, str], body: bytes) -> Batch:
    kind = media_type(headers["content-type"]).name
    if kind in LINES:
        return _of_lines(headers, body)
    value = _json(body)
    if kind == CLOUD_EVENTS:
        return _of_list(headers, value)
    if kind == CLOUD_EVENT:
        return _one(headers, _cloud_event(_object(value)), of_cloud=True)
    if kind == JSON and BINARY in headers:
        return _one(headers, _cloud_event(from_headers(headers, value)), of_cloud=True)
    return _one(headers, _envelope(_object(value)))


def _json(data: bytes, line: int = 0) -> object:
    try:
        data.decode()
        return read_foreign(data)
    except UnicodeDecodeError:
        reason = "it is not UTF-8"
    except ValueError as error:
        reason = str(error)
    what = "the body" if not line else "the line"
    raise _Unreadable(
        refusal(400, f"{what} is not JSON: {reason}", line=line, why=f"{what} is not JSON")
    )


def _object(value: object, line: int = 0) -> dict[str, object]:
    if isinstance(value, dict):
        return value
    hint = ""
    if isinstance(value, list):
        hint = f"send several events as {LINES[0]}, one on each line"
    raise _Unreadable(refusal(422, "an event is a JSON object", hint=hint, line=line))


def _envelope(value: dict[str, object], line: int = 0) -> dict[str, object]:
    form = foreign_form(value)
    if not form:
        return value
    hint = f"send it as {CLOUD_EVENT}" if "specversion" in value else ""
    raise _Unreadable(refusal(422, form, line=line, hint=hint))


def _cloud_event(value: Mapping[str, object], line: int = 0) -> dict[str, object]:
    try:
        return envelope_of(value)
    except NotACloudEvent as problem:
        details = [Detail(problem.name, problem.expected, problem.got)]
        text = f"{problem}, not {problem.got}"
        raise _Unreadable(
            refusal(422, text, details=details, line=line, why=str(problem))
        ) from None


def _one(
    headers: Mapping[str, str], envelope: dict[str, object], *, of_cloud: bool = False
) -> Batch:
    """A single event, with the `Idempotency-Key` of its request as its key."""
    key = _idempotency_key(headers)
    own = envelope.get("key")
    if key is not None and own is not None and own != key:
        error = "`key` and the header Idempotency-Key differ"
        if of_cloud:
            error = "a CloudEvent is known by its `source` and `id`: leave out Idempotency-Key"
        raise _Unreadable(refusal(422, error, details=[Detail("key", "the same text", "another")]))
    if key is not None:
        envelope["key"] = key
    return Batch((envelope,), (1,), single=True)


def _idempotency_key(headers: Mapping[str, str]) -> str | None:
    """The text in it; some libraries write it in quotes."""
    key = headers.get("idempotency-key")
    if key is not None and len(key) >= 2 and key[0] == key[-1] == '"':
        return key[1:-1]
    return key


def _of_lines(headers: Mapping[str, str], body: bytes) -> Batch:
    """One envelope on each line; empty lines count, and are no events."""
    _no_key(headers)
    found = [
        (_envelope(_object(_json(line, number), number), number), number)
        for number, line in enumerate(_lines(body), 1)
        if line.strip()
    ]
    return _batch(found)


def _lines(body: bytes) -> list[bytes]:
    lines = body.split(b"\n", 10 * MOST_EVENTS)
    if len(lines) > 10 * MOST_EVENTS:
        raise _Unreadable(refusal(422, "the body has too many lines"))
    return lines


def _of_list(headers: Mapping[str, str], value: object) -> Batch:
    _no_key(headers)
    if not isinstance(value, list):
        raise _Unreadable(refusal(422, "a batch of CloudEvents is a JSON array"))
    _few_enough(len(value))
    return _batch(
        [(_cloud_event(_object(one, n), n), n) for n, one in enumerate(value, 1)]
    )  # fmt: skip


def _no_key(headers: Mapping[str, str]) -> None:
    if "idempotency-key" in headers:
        raise _Unreadable(
            refusal(422, "Idempotency-Key is for one event; in a list each has its own `key`")
        )


def _batch(found: list[tuple[dict[str, object], int]]) -> Batch:
    _few_enough(len(found))
    if not found:
        raise _Unreadable(refusal(422, "there is no event in the body"))
    return Batch(tuple(one for one, _ in found), tuple(line for _, line in found))


def _few_enough(count: int) -> None:
    if count > MOST_EVENTS:
        raise _Unreadable(
            refusal(413, f"the body holds more than {MOST_EVENTS:,} events; send them in parts")
        )


def _with_context(batch: Batch, headers: Mapping[str, str]) -> Batch:
    """An event without a trace of its own is part of its request's."""
    trace = headers.get("traceparent")
    if trace is not None:
        for envelope in batch.envelopes:
            context = envelope.get("context")
            if context is None:
                envelope["context"] = {"traceparent": trace}
            elif isinstance(context, dict):
                context.setdefault("traceparent", trace)
    return batch
