"""Answers of the intake, as data and as bytes. Nothing of a request is ever part of a header."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus

from fql.exact.writing import write_given

RETRY_AFTER = "1"
"""Seconds after which another try makes sense."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a caller gets. With `last` the connection ends after it. `why` is for the log: it holds
    no value of the request, and is empty where nothing was refused."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    last: bool = False
    why: str = ""


@dataclass(frozen=True, slots=True)
class Detail:
    """One thing wrong with an event: the field, what was expected and what came."""

    field: str
    expected: str
    got: str


def accepted(status: int, value: object) -> Answer:
    """The events are durable."""
    return Answer(status, write_given(value, "") + b"\n")


def refusal(
    status: int,
    error: str,
    *,
    hint: str = "",
    line: int = 0,
    details: Sequence[Detail] = (),
    headers: Mapping[str, str] | None = None,
    last: bool = False,
    why: str = "",
) -> Answer:
    """Nothing of the request was stored. `line` is the event of a list that is to blame, from 1."""
    value: dict[str, object] = {"error": error}
    if hint:
        value["hint"] = hint
    if line:
        value["line"] = line
    if details:
        value["problems"] = [
            {"field": one.field, "expected": one.expected, "got": one.got} for one in details
        ]
    more = dict(headers or {})
    if status == 503:
        more.setdefault("Retry-After", RETRY_AFTER)
    return Answer(status, write_given(value, "") + b"\n", more, last, why or error)


def wire_form(answer: Answer, *, last: bool, head_only: bool = False) -> bytes:
    """The bytes of an answer."""
    lines = [
        f"HTTP/1.1 {answer.status} {HTTPStatus(answer.status).phrase}",
        "Content-Type: application/json",
        f"Content-Length: {len(answer.body)}",
        "Cache-Control: no-store",
        *(f"{name}: {value}" for name, value in answer.headers.items()),
        *(["Connection: close"] if last else []),
    ]
    head = "\r\n".join([*lines, "", ""]).encode("ascii")
    return head if head_only else head + answer.body
