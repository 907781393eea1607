"""An answer as the transport hands it on: a status, a few headers, a bounded body."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple

KEPT_HEADERS = frozenset({"content-type", "content-encoding", "retry-after", "date"})
"""The only response headers that are looked at."""

NO_HEADERS: Mapping[str, str] = MappingProxyType({})

MAX_HEADER_BYTES = 65_536
MAX_HEADERS = 256
MAX_INTERIM = 8
"""How many 1xx answers may come before the final one."""


class Answer(NamedTuple):
    """What came back. `truncated`: the body was longer than the limit and the rest was not read.

    `headers` has lower-case names, those of KEPT_HEADERS only.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    truncated: bool = False


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of a body is read before the connection is closed, and how much of it is kept."""

    read: int = 1_000_000
    keep: int = 1_000_000
