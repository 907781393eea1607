"""A change between two plans as data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

Stored = Mapping[str, Any]


class Area(StrEnum):
    """What a change touches, gravest first."""

    TRIGGERS = "triggers"
    PAYLOAD = "payload"
    DELIVERY = "delivery"
    COSMETIC = "cosmetic"


@dataclass(frozen=True, slots=True)
class Change:
    """One change: `where` names the part (`observer o, action a`), `what` says it in words."""

    area: Area
    where: str
    what: str

    def as_json(self) -> dict[str, str]:
        """For programs."""
        return {"area": self.area.value, "where": self.where, "what": self.what}


def named(parts: Sequence[Stored]) -> dict[str, Stored]:
    """The parts by name."""
    return {part["name"]: part for part in parts}


def documented(where: str, old: Stored, new: Stored) -> Iterator[Change]:
    """A change of the documentation, if there is one."""
    if old["doc"] != new["doc"]:
        yield Change(Area.COSMETIC, where, "the documentation changed")
