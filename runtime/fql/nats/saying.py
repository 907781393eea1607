"""What JetStream says no to, in words; and what it would say no to, before it is asked. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping

from fql.nats.errors import NatsError, NatsUnreachable, NoStream, Refused, TooLarge

_BLANK = re.compile(r"[\s\0]")

ABSENT = frozenset({10014, 10037, 10039, 10059, 10060, 10076})
"""No such consumer, stream or message, or JetStream is off."""
TOO_LARGE = frozenset({10054})
PASSING = frozenset({10023, 10028, 10047, 10077})
"""No room: limits of the stream, the account or the server are reached."""


def said_no(shown: str, subject: str, error: Mapping[str, object]) -> NatsError:
    """An error of JetStream as one of ours. `shown` names the servers."""
    problem = _problem(shown, subject, error)
    code = error.get("err_code")
    problem.code = code if isinstance(code, int) else 0
    return problem


def _problem(shown: str, subject: str, error: Mapping[str, object]) -> NatsError:
    code, status = error.get("err_code"), error.get("code")
    text = f"{shown}: {subject}: {error.get('description', 'no reason given')}"
    if code in TOO_LARGE:
        return TooLarge(text, hint="raise `max_msg_size` of the stream, or send less")
    if code in ABSENT:
        return NoStream(text, hint="make it, or correct its name; JetStream must be on")
    if status == 503 and code not in PASSING:
        return NatsUnreachable(text, hint="the servers elect a leader, or too few of them run")
    return Refused(text, lasting=code not in PASSING and status != 500)


def subject_problem(subject: str) -> str:
    """Why no message can have this subject, or nothing."""
    if not subject or _BLANK.search(subject):
        return "it is empty or holds a blank"
    tokens = subject.split(".")
    if not all(tokens):
        return "one of its tokens is empty"
    return "`*` and `>` are for those who read" if {"*", ">"} & set(tokens) else ""


def too_large(
    shown: str, most: int, headers: Mapping[str, str] | None, body: bytes
) -> TooLarge | None:
    """The error of a message beyond the `most` bytes that a server takes. The server counts the
    headers as well, and closes the connection of who sends more."""
    size = len(body)
    if headers is not None:
        lines = (len(name.encode()) + len(text.encode()) + 4 for name, text in headers.items())
        size += len("NATS/1.0\r\n\r\n") + sum(lines)
    if size <= most:
        return None
    return TooLarge(
        f"the message of {size:,} bytes is larger than the {most:,} bytes that {shown} takes",
        hint="send less, or raise `max_payload` of the server",
    )
