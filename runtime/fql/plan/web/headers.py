"""Names and values of request headers, and methods (RFC 9110, sections 5 and 9)."""

from __future__ import annotations

import re

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
"""The methods that an action may use."""

BODYLESS = frozenset({"GET"})
"""Methods that are sent without a body."""

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VALUE = re.compile(r"(?:[\x21-\x7e\x80-\xff](?:[\x20-\x7e\x80-\xff\t]*[\x21-\x7e\x80-\xff])?)?")

MAX_VALUE = 8_192
"""Longest header value, in characters."""

RESERVED = frozenset(
    {
        "accept-encoding", "connection", "content-encoding", "content-length", "expect", "host",
        "idempotency-key", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade",
        "user-agent",
    }
)  # fmt: skip
"""Names that the transport or the delivery owns."""

RESERVED_PREFIXES = ("fql-", "proxy-", "webhook-")


NAME_RULE = "a header name consists of letters, digits and -"


def is_header_name(name: str) -> bool:
    """Whether it has the form of a header's name."""
    return _TOKEN.fullmatch(name) is not None


def name_problem(name: str) -> str | None:
    """Why a header name cannot be used, or None."""
    if not is_header_name(name):
        return NAME_RULE
    if is_reserved(name):
        return f"the header {name} is set by fql itself"
    return None


def is_reserved(name: str) -> bool:
    """True for a name that a user must not set."""
    lower = name.lower()
    return lower in RESERVED or lower.startswith(RESERVED_PREFIXES)


def value_problem(value: str) -> str | None:
    """Why a header value cannot be sent, or None: visible characters up to U+00FF, with blanks
    and tabs between them; never a line end or NUL."""
    if len(value) > MAX_VALUE:
        return f"a header value has at most {MAX_VALUE} characters"
    if not _VALUE.fullmatch(value):
        return (
            "a header value contains a line break, a control character or a character outside"
            " Latin-1"
        )
    return None
