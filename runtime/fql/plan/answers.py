"""Which answers and errors of earlier actions a part of a plan reads. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal, NamedTuple


class Read(NamedTuple):
    """One use of an earlier action. `needed`: the compiler has proved that it is there."""

    action: str
    what: Literal["response", "failure"]
    needed: bool


def reads_in(part: object) -> Iterator[Read]:
    """Every stored `response` and `failure` expression within plain data."""
    if isinstance(part, Mapping):
        op = part.get("op")
        if op in ("response", "failure"):
            yield Read(str(part.get("action")), op, not str(part.get("t")).endswith("?"))
        for inner in part.values():
            yield from reads_in(inner)
    elif isinstance(part, list | tuple):
        for inner in part:
            yield from reads_in(inner)
