"""Schemas as far as something was compared with them: what is found out about one is the same for
each value, and for each webhook of an operation."""

from __future__ import annotations

from functools import cached_property

from fqlc.contracts.judging.findings import Judgement, Note
from fqlc.contracts.judging.parts.objects import Shape, shape_of
from fqlc.contracts.judging.parts.unions import Union, unions_of
from fqlc.contracts.model import Schema


class Opened:
    """A schema with all its parts."""

    def __init__(self, schema: Schema) -> None:
        self.schema = schema
        self.parts = tuple(schema.parts())

    @cached_property
    def shape(self) -> Shape:
        """What the parts ask of an object."""
        return shape_of(self.parts)

    @cached_property
    def unions(self) -> tuple[Union, ...]:
        """The unions of the parts."""
        return tuple(union for part in self.parts for union in unions_of(part))

    @cached_property
    def silent(self) -> Judgement:
        """The keywords that nobody judges in a computed value."""
        notes = (Note(word, part.place) for part in self.parts for word in part.silent)
        return Judgement(notes=tuple(notes))


class Schemas:
    """The schemas of the contracts of one check."""

    def __init__(self) -> None:
        self._opened: dict[tuple[int, bool], Opened] = {}

    def opened(self, schema: Schema) -> Opened:
        """The schema with its parts."""
        key = (id(schema.raw), schema.never)
        found = self._opened.get(key)
        if found is None:
            found = self._opened[key] = Opened(schema)  # holds it, so its id is its own
        return found
