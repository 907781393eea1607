"""Types of answers: what later actions read of an action whose contract says what is answered.

Each object in an answer is a type of its own, called by the way to it (`observer.action.field`), so
that the plan can keep what is read of this one; people see the name of the contract (`crm.Label`).
Objects are opened when somebody looks into them, so one that holds itself is finite.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from fql.plan.language.types import JSON, Type
from fqlc.contracts.shapes import Field, Shape, shape_of
from fqlc.names.symbols import ANSWER, EntityInfo, FieldInfo

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_FORMATS = {"uuid": "UUID", "date-time": "DateTime", "date": "Date"}
_SCALARS = {"integer": "Int", "number": "Decimal", "boolean": "Boolean"}


@dataclass(frozen=True, slots=True)
class Answers:
    """Puts the objects of answers into `rows`. `owner` is what people see before their names."""

    rows: dict[str, EntityInfo]
    owner: str

    def type_of(self, shape: Shape, name: str, shown: str) -> Type:
        """The type of a value; `name` and `shown` are for an object that has no other."""
        if shape.kind == "object":
            return self._object_type(shape, name, shown)
        if shape.kind == "array":
            item = shape_of(shape.item) if shape.item else None
            inner = JSON.optional() if item is None else self.type_of(item, name, shown)
            return Type("List", shape.nullable, inner)
        if shape.kind == "string":
            return Type(_FORMATS.get(shape.format, "String"), shape.nullable)
        return Type(_SCALARS.get(shape.kind, JSON.name), shape.nullable)

    def _object_type(self, shape: Shape, name: str, shown: str) -> Type:
        called = shape.called or shown
        full = f"{self.owner}.{called}" if self.owner else called
        if name not in self.rows:
            opened = _Opened(lambda: self._opened_fields(shape, name, called))
            self.rows[name] = EntityInfo(
                name=full,
                kind=ANSWER,
                fields=opened,
                span=shape.place.span,
                doc=shape.doc,
                pointer=shape.place.pointer,
            )
        return Type(name, shape.nullable, shown=full)

    def _opened_fields(self, shape: Shape, name: str, called: str) -> dict[str, FieldInfo]:
        return {
            key: self._field_info(key, field, name, _step(key, i), called)
            for i, (key, field) in enumerate(shape.fields.items())
        }

    def _field_info(self, key: str, field: Field, owner: str, step: str, called: str) -> FieldInfo:
        shape = field.shape
        of = self.type_of(shape, f"{owner}.{step}", called + pascal(key))
        span = field.place.span
        return FieldInfo(
            name=key,
            owner=owner,
            type=of.optional() if field.nullable else of,
            span=span,
            type_span=span,
            doc=shape.doc,
            members=shape.members,
            pointer=field.place.pointer,
        )


def _step(key: str, number: int) -> str:
    """A property as a part of the name of a type."""
    return key if _NAME.fullmatch(key) and not key.startswith("_") else f"_{number}"


def pascal(text: str) -> str:
    """`label_url` as a name of a type: `LabelUrl`."""
    return "".join(part[:1].upper() + part[1:] for part in re.split(r"[^A-Za-z0-9]+", text))


class _Opened(Mapping[str, FieldInfo]):
    """The fields of an object, made when somebody asks."""

    def __init__(self, make: Callable[[], dict[str, FieldInfo]]) -> None:
        self._make = make
        self._made: dict[str, FieldInfo] | None = None

    def _opened_fields(self) -> dict[str, FieldInfo]:
        if self._made is None:
            self._made = self._make()
        return self._made

    def __getitem__(self, name: str) -> FieldInfo:
        return self._opened_fields()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._opened_fields())

    def __len__(self) -> int:
        return len(self._opened_fields())
