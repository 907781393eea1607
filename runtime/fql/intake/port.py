"""The port of a source: events arrive with a position that identifies them for ever."""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from fql.plan.model import Plan


@dataclass(frozen=True, slots=True)
class Arrival:
    """One event as it came. `order` is a number that only grows, for sources that have one; then
    the store keeps the last committed one in the same commit as the runs. `problem` says why the
    source itself could not read it; `envelope` is then what it could read."""

    envelope: dict[str, Any]
    position: str
    order: int | None = None
    problem: str = ""


class Source(Protocol):
    """Where events come from. `incarnation` is minted with the outbox, stream or file, so that a
    rebuilt one never repeats positions. `supplies_old` is True, or the entities with old values.
    """

    name: str
    incarnation: str
    supplies_old: bool | Container[str]
    ordered: bool
    ended: bool

    async def open(self, plan: Plan) -> None:
        """Connect; raises FqlError when that cannot work."""
        ...

    async def fetch(self, limit: int) -> list[Arrival]:
        """What has arrived and is not done, oldest first; repeated until it is done."""
        ...

    async def done(self, arrivals: Sequence[Arrival]) -> None:
        """These are committed in the store and may be forgotten."""
        ...

    async def wait(self, timeout: float) -> None:  # noqa: ASYNC109
        """Until there may be more, or the time is over (seconds)."""
        ...

    async def close(self) -> None:
        """Give back all resources."""
        ...
