"""Where parts of a contract were written, and how normalised JSON says so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from fqlc.diagnostics.model import Label
from fqlc.source.text import Span

Json = object
Raw = Mapping[str, object]
"""A schema as normalised JSON. Beside the keywords of 2020-12 it has `discriminator` of OpenAPI and
`$at`, where it was written: file, pointer, first and last character."""

AT = "$at"
DEFINED = "#/$defs/"


@dataclass(frozen=True, slots=True)
class Place:
    """Where something was written: a file, the JSON pointer in it, and the characters from `start`
    to `end`, which are both 0 where only the pointer is known (JSON)."""

    file: str = ""
    pointer: str = ""
    start: int = 0
    end: int = 0

    @property
    def span(self) -> Span:
        """The stretch of the file, for labels."""
        return Span(self.file, self.start, self.end)

    def label(self, message: str) -> Label:
        """A label there, with its pointer."""
        return Label(self.span, message, self.pointer)


def name_of(key: str) -> str:
    """What a definition is called: the last part of its key, without the number that tells it
    from another of that name."""
    return key.partition("~")[0]


def place_of(raw: Json) -> Place:
    """Where a part of a contract was written."""
    at = raw.get(AT) if isinstance(raw, Mapping) else None
    if not isinstance(at, Sequence):
        return Place()
    file, pointer, start, end = at
    return Place(str(file), str(pointer), int(cast("int", start)), int(cast("int", end)))
