"""JSON Schema as a catalog: an entity for the root, types for objects in it. Pure.

References lead to parts of the same schema; what is not one shape is `JSON`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from fql.exact.reading import NotJson, read_object
from fqlc.importing.failures import ImportFailed
from fqlc.importing.files import read_bytes
from fqlc.importing.model import JSON, Catalog, Column, Enumeration, Kind, Record, Table
from fqlc.importing.naming import pascal

Schema = Mapping[str, object]
_DEEPEST = 50
_FORMATS = {"uuid": "UUID", "date-time": "DateTime", "date": "Date", "decimal": "Decimal"}
_TYPES = {"integer": "Int", "number": "Float", "boolean": "Boolean", "string": "String"}


def read_schema(path: Path) -> Catalog:
    """The schema in a file. Raises SourceMissing, ImportFailed."""
    try:
        found = read_object(read_bytes(path))
    except NotJson as error:
        raise ImportFailed(f"{path} is not a JSON Schema: {error}") from None
    return catalog_of_schema(found, path.name.partition(".")[0])


def catalog_of_schema(schema: Schema, name: str) -> Catalog:
    """The entity of the root, called as its title says, else `name`. Raises ImportFailed."""
    maker = _Maker(schema)
    root, _ = maker.resolved(schema)
    if not isinstance(root.get("properties"), Mapping):
        raise ImportFailed(
            f"the schema {name} does not describe an object", "it needs `properties`"
        )
    title = root.get("title")
    called = pascal(title) if isinstance(title, str) and pascal(title) else pascal(name)
    columns = maker.columns(root, called)
    key = ("id",) if any(c.name == "id" and not c.nullable for c in columns) else ()
    table = Table(called, columns, key, _doc(root), from_table=False)
    return Catalog((table,), maker.enums, maker.records)


class _Maker:
    """Makes columns of properties, and collects enums and types."""

    def __init__(self, root: Schema) -> None:
        self._root = root
        self.enums: dict[str, Enumeration] = {}
        self.records: dict[str, Record] = {}

    def columns(self, schema: Schema, owner: str, depth: int = 0) -> tuple[Column, ...]:
        """The properties of an object; what is not required may be null."""
        properties, required = schema.get("properties"), schema.get("required")
        needed = set(required) if isinstance(required, Sequence) else set()
        found = []
        for name, one in properties.items() if isinstance(properties, Mapping) else ():
            kind, nullable = self._shape(one, f"{owner}_{name}", depth + 1)
            doc = _doc(one) if isinstance(one, Mapping) else ""
            found.append(Column(str(name), kind, nullable or name not in needed, doc))
        return tuple(found)

    def resolved(self, schema: Schema, depth: int = 0) -> tuple[Schema, str]:
        """What a reference or `allOf` leads to, and the reference."""
        if depth > _DEEPEST:
            raise ImportFailed("the schema leads back to itself", "`allOf` must end")
        pointer = ""
        for _ in range(_DEEPEST):
            reference = schema.get("$ref")
            if not isinstance(reference, str):
                break
            pointer, schema = reference, self._at(reference)
        parts = schema.get("allOf")
        if isinstance(parts, Sequence) and parts:
            if len(parts) == 1 and isinstance(parts[0], Mapping) and "properties" not in schema:
                return self.resolved(parts[0], depth + 1)
            schema = self._all_of(
                [schema, *(p for p in parts if isinstance(p, Mapping))], depth + 1
            )
        return schema, pointer

    def _all_of(self, parts: Iterable[Schema], depth: int) -> Schema:
        properties: dict[str, object] = {}
        required: list[object] = []
        for part in parts:
            whole = (
                part if "allOf" in part and "$ref" not in part else self.resolved(part, depth)[0]
            )
            own, needs = whole.get("properties"), whole.get("required")
            properties |= own if isinstance(own, Mapping) else {}
            required += needs if isinstance(needs, Sequence) else ()
        return {"type": "object", "properties": properties, "required": required}

    def _at(self, reference: str) -> Schema:
        found: object = self._root
        if not reference.startswith("#"):
            raise ImportFailed(f"the reference {reference} leads out of the schema", "bundle it")
        for part in filter(None, reference.removeprefix("#").split("/")):
            name = part.replace("~1", "/").replace("~0", "~")
            found = found.get(name) if isinstance(found, Mapping) else None
        if not isinstance(found, Mapping):
            raise ImportFailed(f"the reference {reference} leads nowhere")
        return found

    def _shape(self, schema: object, name: str, depth: int) -> tuple[Kind, bool]:
        """The kind of a value, and whether it may be null."""
        if not isinstance(schema, Mapping) or depth > _DEEPEST:
            return JSON, schema is True or not schema
        whole, pointer = self.resolved(schema)
        union = whole.get("anyOf", whole.get("oneOf"))
        if isinstance(union, Sequence):
            return self._union(union, name, depth)
        given = whole.get("type")
        types = [given] if isinstance(given, str) else _listed(given)
        nullable = "null" in types
        types = [one for one in types if one != "null"]
        members = whole.get("enum", [whole["const"]] if "const" in whole else None)
        if isinstance(members, Sequence) and all(isinstance(m, str | None) for m in members):
            texts = tuple(str(m) for m in members if m is not None)
            return self._enum(texts, pointer, name), nullable or None in members
        if len(types) != 1:
            return JSON, nullable or not types
        return self._single(types[0], whole, pointer, name, depth), nullable

    def _union(self, union: Sequence[object], name: str, depth: int) -> tuple[Kind, bool]:
        parts = [part for part in union if part != {"type": "null"}]
        nullable = len(parts) < len(union)
        if len(parts) == 1:
            kind, inner = self._shape(parts[0], name, depth + 1)
            return kind, nullable or inner
        types = {part.get("type") for part in parts if isinstance(part, Mapping)}
        texts = [part for part in parts if isinstance(part, Mapping) and "pattern" in part]
        if types == {"number", "string"} and len(parts) == 2 and texts:
            return Kind("Decimal"), nullable
        return JSON, nullable

    def _single(self, type_: object, schema: Schema, pointer: str, name: str, depth: int) -> Kind:
        if type_ == "array":
            kind, null = self._shape(schema.get("items", True), f"{name}_item", depth + 1)
            return Kind(item=kind, sparse=null and kind != JSON)
        if type_ == "object":
            return self._record(schema, pointer, name, depth)
        if type_ == "string" and isinstance(form := schema.get("format"), str):
            return Kind(_FORMATS.get(form, "String"))
        return Kind(_TYPES.get(str(type_), "JSON"))

    def _record(self, schema: Schema, pointer: str, name: str, depth: int) -> Kind:
        if not isinstance(schema.get("properties"), Mapping):
            return JSON
        key = pointer or f"#{name}"
        if key not in self.records:
            called = pascal(pointer.rpartition("/")[2]) if pointer else pascal(name)
            self.records[key] = Record(called, ())  # it may hold itself
            self.records[key] = Record(called, self.columns(schema, called, depth))
        return Kind(key=key)

    def _enum(self, members: tuple[str, ...], pointer: str, name: str) -> Kind:
        key = pointer or f"#{name}"
        called = pascal(pointer.rpartition("/")[2]) if pointer else pascal(name)
        self.enums[key] = Enumeration(called, members)
        return Kind(key=key)


def _listed(given: object) -> list[object]:
    return list(given) if isinstance(given, Sequence) else []


def _doc(schema: Schema) -> str:
    found = schema.get("description")
    return found if isinstance(found, str) else ""
