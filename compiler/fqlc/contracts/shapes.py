"""What a schema says of a value, flat: one kind, and fields where it is an object.

A value is described by one schema or by several at once (`allOf`, a property that two parts of an
`allOf` declare): a value that fits them all. What no one kind describes is `any`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from fqlc.contracts.model import Answer, Operation, Schema, kind_of
from fqlc.contracts.places import Place
from fqlc.contracts.reading.normal import bare

Kind = Literal["string", "integer", "number", "boolean", "array", "object", "any"]
All = tuple[Schema, ...]
"""Schemas that a value fits, all of them."""


@dataclass(frozen=True, slots=True)
class Field:
    """A property of an object, which fits one of several options; without any its value may be
    anything."""

    options: tuple[All, ...]
    nullable: bool

    @property
    def place(self) -> Place:
        """Where the first of its schemas was written."""
        return self.options[0][0].place if self.options else Place()

    @property
    def shape(self) -> Shape:
        """What its value is, where it is there."""
        return _as_one([shape_of(option) for option in self.options])


@dataclass(frozen=True, slots=True)
class Shape:
    """What a value is. `members` are the texts that it can be, None for any; `item` is what the
    items of a list fit; `called` is what the contract calls it."""

    kind: Kind
    nullable: bool = False
    format: str = ""
    members: tuple[str, ...] | None = None
    item: All = ()
    fields: Mapping[str, Field] = field(default_factory=dict)
    called: str = ""
    place: Place = field(default_factory=Place, compare=False)
    doc: str = field(default="", compare=False)


ANY = Shape("any", nullable=True)


_DEEPEST = 20
"""Unions within each other that are looked into."""


def shape_of(schemas: All, depth: int = 0) -> Shape:
    """What a value is that fits all of these."""
    parts = tuple(part for schema in schemas for part in schema.parts())
    if not parts or depth > _DEEPEST or any(part.never for part in parts):
        return ANY
    own = _own(parts)
    for part in parts:
        for group in (part.one_of, part.any_of):
            own = _with_branches(own, group, depth) if group else own
    return own


def _own(parts: Sequence[Schema]) -> Shape:
    """What the parts say themselves, without their branches."""
    kinds, nullable = _kinds(parts)
    found = Shape(
        kind="any",
        nullable=nullable,
        called=next((p.name for p in parts if p.name), ""),
        place=parts[0].place,
        doc=next((p.description for p in parts if p.description), ""),
    )
    if len(kinds) != 1:
        return replace(found, nullable=nullable or not kinds)
    kind = next(iter(kinds))
    if kind == "string":
        form = next((p.format for p in parts if p.format), "")
        return replace(found, kind=kind, format=form, members=_members(parts))
    if kind == "array":
        items = tuple(p.items for p in parts if p.items is not None and not p.prefix)
        return replace(found, kind=kind, item=items)
    if kind == "object":
        fields = _properties_of(parts)
        return replace(found, kind=kind, fields=fields) if fields else found
    return replace(found, kind=kind)


_ORDER: tuple[Kind, ...] = ("string", "integer", "number", "boolean", "array", "object")


def _kinds(parts: Sequence[Schema]) -> tuple[frozenset[Kind], bool]:
    """The kinds that all parts leave, and whether null is one. Neither where nothing is stated."""
    left: frozenset[str] | None = None
    for part in parts:
        own = _types(part)
        if own is not None:
            left = own if left is None else _both(left, own)
    if left is None:
        return frozenset(), True
    nullable = "null" in left
    kinds = frozenset(kind for kind in _ORDER if kind in left)
    return (kinds - {"integer"} if "number" in kinds else kinds), nullable or not left


def _both(one: frozenset[str], other: frozenset[str]) -> frozenset[str]:
    """The types that both allow; an integer is a number."""
    whole = any("integer" in a and "number" in b for a, b in ((one, other), (other, one)))
    return one & other | ({"integer"} if whole else set())


def _types(part: Schema) -> frozenset[str] | None:
    """The types of a part, from its `type`, its members, or that it has properties."""
    members = part.members
    of_members = None if members is None else frozenset(map(kind_of, members))
    types = part.types
    if types is None and of_members is None:
        return frozenset(("object",)) if part.raw.get("properties") else None
    if types is None or of_members is None:
        return types if of_members is None else of_members
    return _both(types, of_members)


def _members(parts: Iterable[Schema]) -> tuple[str, ...] | None:
    """The texts that all parts with members allow, in the order of the first."""
    found: tuple[str, ...] | None = None
    for part in parts:
        if part.members is not None:
            texts = tuple(m for m in part.members if isinstance(m, str))
            found = texts if found is None else tuple(m for m in found if m in texts)
    return found


def _properties_of(parts: Sequence[Schema]) -> dict[str, Field]:
    """The properties of all parts. What is only sent is not answered."""
    required = frozenset(name for part in parts for name in part.required)
    found: dict[str, list[Schema]] = {}
    for part in parts:
        for name, schema in part.properties.items():
            found.setdefault(name, []).append(schema)
    return {
        name: Field((tuple(schemas),), nullable=name not in required)
        for name, schemas in found.items()
        if not any(s.write_only for s in schemas)
    }


# Several at once -------------------------------------------------------------


def _with_branches(own: Shape, group: Sequence[Schema], depth: int) -> Shape:
    """A value that also fits one of several branches: of objects the fields of all, else what all
    have in common. Branches that say nothing of the kind (only `required`) change nothing."""
    if own.kind != "any" and all(_says_nothing(branch) for branch in group):
        return own
    shapes = [shape_of((branch,), depth + 1) for branch in group if not _is_null(branch)]
    null = len(shapes) < len(group) or any(shape.nullable for shape in shapes)
    one = _union(shapes)
    nullable = null and own.nullable
    if one.kind == "object" and own.kind == "object":
        return replace(own, nullable=nullable, fields={**one.fields, **own.fields})
    if own.kind not in ("any", one.kind):
        return replace(ANY, nullable=nullable)
    called = own.called or one.called
    return replace(one, nullable=nullable, called=called, place=own.place, doc=own.doc or one.doc)


def _says_nothing(schema: Schema) -> bool:
    return all(
        _types(part) is None and not part.one_of and not part.any_of for part in schema.parts()
    )


def _is_null(schema: Schema) -> bool:
    return schema.types == frozenset(("null",)) or schema.members == (None,)


def _union(shapes: Sequence[Shape]) -> Shape:
    """What one of several shapes is."""
    if len(shapes) > 1 and all(one.kind == "object" for one in shapes):
        names = dict.fromkeys(name for one in shapes for name in one.fields)
        fields = {name: _anywhere([one.fields.get(name) for one in shapes]) for name in names}
        return replace(shapes[0], fields=fields, called="")
    return _as_one(shapes)


def _anywhere(found: Sequence[Field | None]) -> Field:
    """A field of a union: null where a branch lacks it."""
    there = [one for one in found if one is not None]
    one = _of_all(there)
    return replace(one, nullable=one.nullable or len(there) < len(found))


def _of_all(fields: Sequence[Field]) -> Field:
    """Fields of one name as one; anything where their types differ."""
    shapes = [one.shape for one in fields]
    if not all(_alike(shapes[0], shape) for shape in shapes):
        return Field((), nullable=True)
    options = fields[0].options
    if shapes[0].kind not in ("object", "array"):
        options = tuple(option for one in fields for option in one.options)
    return Field(options, nullable=any(one.nullable for one in fields))


def _alike(one: Shape, other: Shape) -> bool:
    """True for values of one type, null and members aside."""
    if one is other:
        return True
    if one.kind != other.kind or one.kind == "any":
        return False
    if one.kind == "object":
        names = one.fields.keys() == other.fields.keys()
        return names and all(_same(f, other.fields[name]) for name, f in one.fields.items())
    if one.kind == "array":
        return _bare(one.item) == _bare(other.item)
    return one.format == other.format


def _same(one: Field, other: Field) -> bool:
    options = [_bare(option) for option in one.options]
    return one.nullable == other.nullable and options == [_bare(o) for o in other.options]


def _bare(schemas: All) -> list[object]:
    return [bare(schema.raw) for schema in schemas]


def _as_one(shapes: Sequence[Shape]) -> Shape:
    """Shapes that are alike as one: every member of each is one. Anything where they differ."""
    if not shapes or not all(_alike(shapes[0], one) for one in shapes):
        return ANY
    members: list[str] | None = []
    for one in shapes:
        if one.members is None or members is None:
            members = None
        else:
            members += [m for m in one.members if m not in members]
    nullable = any(one.nullable for one in shapes)
    known = None if members is None else tuple(members)
    return replace(shapes[0], nullable=nullable, members=known)


# Answers ---------------------------------------------------------------------


def answered(operation: Operation) -> Shape | None:
    """What a receiver answers where all goes well; None where that is not JSON. Of several answers
    what they share: the fields that all of them have."""
    schemas = [_schema_of(answer) for answer in _good(operation.answers)]
    shapes = [ANY if schema is None else shape_of((schema,)) for schema in schemas]
    if not shapes:
        return None
    if len(shapes) == 1 or not all(one.kind == "object" for one in shapes):
        return shapes[0] if len(shapes) == 1 else _as_one(shapes)
    names = [n for n in shapes[0].fields if all(n in one.fields for one in shapes)]
    fields = {name: _of_all([one.fields[name] for one in shapes]) for name in names}
    called = shapes[0].called if all(s.called == shapes[0].called for s in shapes) else ""
    nullable = any(one.nullable for one in shapes)
    return replace(shapes[0], fields=fields, called=called, nullable=nullable)


def answered_with(operation: Operation, status: int) -> Shape | None:
    """What a receiver answers under a status; None where the contract says nothing of it."""
    return answered(replace(operation, answers=_with(operation, status)))


def schemas_with(operation: Operation, status: int) -> list[Schema]:
    """The schemas of which such an answer fits one."""
    found = [_schema_of(answer) for answer in _good(_with(operation, status))]
    return [schema for schema in found if schema is not None]


def _with(operation: Operation, status: int) -> tuple[Answer, ...]:
    """The answers that a status may have, as if all went well. A success that the contract does
    not name is answered as the others are."""
    for wanted in (str(status), f"{status // 100}XX"):
        for answer in operation.answers:
            if answer.status == wanted:
                return (replace(answer, status="200"),)
    if status // 100 == 2:
        return operation.answers
    return tuple(answer for answer in operation.answers if answer.status == "default")


def is_wordless(operation: Operation) -> bool:
    """True where the contract tells what is answered where all goes well, and none of it is
    JSON."""
    good = any(a.status.startswith("2") or a.status == "default" for a in operation.answers)
    return good and not _good(operation.answers)


def _good(answers: Sequence[Answer]) -> list[Answer]:
    """The answers with JSON of the statuses 200 to 299, else of `2XX`, else of `default`."""
    json = [answer for answer in answers if answer.content.json() is not None]
    exact = [one for one in json if one.status.startswith("2") and one.status.isdigit()]
    return exact or [a for a in json if a.status == "2XX"] or [
        a for a in json if a.status == "default"
    ]  # fmt: skip


def _schema_of(answer: Answer) -> Schema | None:
    found = answer.content.json()
    return found[1] if found is not None else None
