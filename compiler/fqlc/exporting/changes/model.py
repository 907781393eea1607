"""A change between two plans as data."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol, TypeVar


class Area(StrEnum):
    """What a change touches, gravest first."""

    TRIGGERS = "triggers"
    PAYLOAD = "payload"
    DELIVERY = "delivery"
    COSMETIC = "cosmetic"


@dataclass(frozen=True, slots=True)
class Change:
    """One change: `where` names the part (`observer o, action a`), `what` says it in words. Where
    it is not `breaking`, what is sent now is what receivers could get before."""

    area: Area
    where: str
    what: str
    breaking: bool = False

    def as_json(self) -> dict[str, object]:
        """For programs."""
        return {
            "area": self.area.value,
            "where": self.where,
            "what": self.what,
            "breaking": self.breaking,
        }


class Named(Protocol):
    """A part of a plan with a name."""

    @property
    def name(self) -> str:
        """Its name, which no other part of its kind has."""


class Documented(Protocol):
    """A part of a plan with a text for people."""

    @property
    def doc(self) -> str:
        """The text; empty where there is none."""


P = TypeVar("P", bound=Named)


def named(parts: Iterable[P]) -> dict[str, P]:
    """The parts by name."""
    return {part.name: part for part in parts}


def documented(where: str, old: Documented, new: Documented) -> Iterator[Change]:
    """A change of the documentation, if there is one."""
    if old.doc != new.doc:
        yield Change(Area.COSMETIC, where, "the documentation changed")
