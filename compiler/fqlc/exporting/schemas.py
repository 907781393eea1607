"""Shapes as JSON Schema, draft 2020-12."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from fql.exact.reading import read_json
from fql.plan.table import TypeTable
from fqlc.exporting.shapes import (
    NULL,
    Anything,
    Const,
    Items,
    Named,
    Object,
    Property,
    Scalar,
    Shape,
    Union,
    names_in,
)
from fqlc.exporting.typed import declared_properties, enum_of, reached

Schema = dict[str, object]

DECIMAL = "^-?[0-9]+(\\.[0-9]+)?$"

SCALARS: Mapping[str, Schema] = {
    "ID": {"type": ["string", "integer"]},
    "String": {"type": "string"},
    "Int": {"type": "integer"},
    "Float": {"type": "number"},
    "Decimal": {"type": "string", "format": "decimal", "pattern": DECIMAL},
    "Boolean": {"type": "boolean"},
    "UUID": {"type": "string", "format": "uuid"},
    "DateTime": {"type": "string", "format": "date-time"},
    "Date": {"type": "string", "format": "date"},
    "Duration": {"type": "integer"},
    "JWE": {"type": "string", "format": "jwe"},
}
"""How each scalar is sent."""

_ANSWERED: Mapping[str, Schema] = {
    "Decimal": {"type": ["string", "number"], "format": "decimal"},
}
"""What an answer may be where that is more."""


@dataclass(frozen=True, slots=True)
class Writer:
    """Writes shapes; `at` is where the schemas of declared names are, `closed` forbids keys that
    no plan names."""

    names: TypeTable
    at: str
    closed: bool = False

    def schema(  # noqa: PLR0911 - a line a kind
        self, shape: Shape, *, answered: bool = False
    ) -> Schema:
        """The schema of a shape; `answered` where it is part of an answer."""
        match shape:
            case Scalar():
                wide = _ANSWERED.get(shape.name) if answered else None
                return dict(wide or SCALARS[shape.name])
            case Anything():
                return {"not": {"type": "null"}}
            case Const():
                return {"type": "null"} if shape == NULL else {"const": read_json(shape.text)}
            case Named():
                return {"$ref": self.at + component(shape, self.names)}
            case Items():
                return self._items(shape, answered=answered)
            case Object():
                return self._object_schema(shape, answered=answered)
            case Union():
                return self._union(shape, answered=answered)

    def _items(self, shape: Items, *, answered: bool) -> Schema:
        found: Schema = {"type": "array", "items": self.schema(shape.of, answered=answered)}
        if shape.least:
            found["minItems"] = shape.least
        if shape.most is not None:
            found["maxItems"] = shape.most
        return found

    def _object_schema(self, shape: Object, *, answered: bool) -> Schema:
        found: Schema = {"type": "object"}
        if shape.properties:
            found["properties"] = {
                each.name: self._property(each, answered=answered) for each in shape.properties
            }
        required = [each.name for each in shape.properties if each.required]
        if required:
            found["required"] = required
        if self.closed and not shape.rest and not answered:
            found["additionalProperties"] = False
        return found

    def _property(self, each: Property, *, answered: bool) -> Schema:
        found = self.schema(each.shape, answered=answered)
        return {**found, "description": each.doc} if each.doc else found

    def _union(self, shape: Union, *, answered: bool) -> Schema:
        if all(isinstance(one, Const) for one in shape.of):
            return {"enum": [read_json(one.text) for one in shape.of if isinstance(one, Const)]}
        rest = [one for one in shape.of if one != NULL]
        if len(rest) == 1:
            return self._nullable(rest[0], answered=answered)
        return {"anyOf": [self.schema(one, answered=answered) for one in shape.of]}

    def _nullable(self, shape: Shape, *, answered: bool) -> Schema:
        if isinstance(shape, Anything):
            return {}
        schema = self.schema(shape, answered=answered)
        kind = schema.get("type")
        if isinstance(kind, str) and isinstance(shape, Scalar):
            return {**schema, "type": [kind, "null"]}
        if isinstance(kind, list):
            return {**schema, "type": [*kind, "null"]}
        return {"anyOf": [schema, {"type": "null"}]}

    # Declared names

    def components(self, shapes: Iterable[Shape]) -> dict[str, Schema]:
        """The schemas of all declared names that some shapes use, sorted by name."""
        start = [named for shape in shapes for named in names_in(shape)]
        found = {component(named, self.names): named for named in reached(start, self.names)}
        return {name: self._declared_schema(found[name]) for name in sorted(found)}

    def _declared_schema(self, named: Named) -> Schema:
        names = self.names
        members = enum_of(named.name, names)
        if members is not None:
            schema = {"type": "string", **self._enum(members)}
            return _documented(schema, names.enums[named.name].doc)
        row = names.types.get(named.name) or names.entities.get(named.name)
        shape = Object(declared_properties(named, names))
        schema = self.schema(shape, answered=named.mode == "answer")
        return _documented(schema, row.doc if row else "")

    def _enum(self, members: Shape) -> Schema:
        schema = self.schema(members)
        return {"enum": [schema["const"]]} if "const" in schema else schema


def _documented(schema: Schema, doc: str) -> Schema:
    return {**schema, "description": doc} if doc else schema


def component(named: Named, names: TypeTable) -> str:
    """The name that a schema has: that of its declaration. What answers may be, and what has
    encrypted values, are schemas of their own; no declaration can have such a name."""
    if named.name in names.enums:
        return named.name
    if named.mode == "answer":
        return f"{named.name}-answer"
    keys = [re.sub(r"[^A-Za-z0-9._-]", "_", key) for key in named.sealed]
    return "-".join([named.name, *(["encrypted", *keys] if keys else [])])
