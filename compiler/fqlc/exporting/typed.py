"""From the types and expressions of a plan to shapes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from fql.exact.numbers import plain_decimal
from fql.exact.writing import json_text
from fql.plan.language import expressions as x
from fql.plan.language.types import BUILT_IN, Type, parse_type
from fql.plan.model import EntityField
from fql.plan.table import TypeTable
from fqlc.exporting.shapes import (
    NULL,
    SEALED,
    STRING,
    Anything,
    Const,
    Items,
    Mode,
    Named,
    Object,
    Property,
    Scalar,
    Shape,
    members,
    names_in,
    nullable,
    union,
    without_null,
)

_OPEN = Object(rest=True)


def typed(type_: Type, mode: Mode = "sent") -> Shape:
    """The shape of any value of a type."""
    if type_.nullable:
        return NULL if type_.name == "Null" else nullable(typed(type_.required(), mode))
    if type_.item is not None:
        return Items(typed(type_.item, mode))
    if type_.name == "JSON":
        return Anything()
    if type_.name in BUILT_IN:
        return Scalar(type_.name)
    return _OPEN if type_.name == "Object" else Named(type_.name, mode)


def constant(value: object, type_: Type) -> Shape:
    """The shape of a literal: its JSON as it is sent."""
    return Const(json_text(_widened(value, type_)))


def _widened(value: object, type_: Type) -> object:
    if isinstance(value, tuple) and type_.item is not None:
        return [_widened(item, type_.item) for item in value]
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        if type_.name == "Decimal":
            return plain_decimal(Decimal(value))
        return float(value) if type_.name == "Float" else value
    return value


@dataclass(frozen=True, slots=True)
class Shaper:
    """Shapes of expressions in one plan. `most` is how many events a batch holds."""

    names: TypeTable
    most: int | None = None

    def of(self, e: x.Expr) -> Shape:  # noqa: PLR0911 - a line a node
        """The shape of what an expression gives."""
        match e:
            case x.Constant():
                return constant(e.value, e.type)
            case x.Text():
                return STRING
            case x.ObjectOf():
                return self._object_shape(e)
            case x.Each():
                return Items(self.of(e.body), self.most, 1)
            case x.ListOf():
                of = e.type.item or e.type
                return (
                    Items(union(self._widened(i, of) for i in e.items))
                    if e.items
                    else typed(e.type)
                )
            case x.Choose():
                values = (*(value for _, value in e.branches), e.otherwise)
                return union(self._widened(value, e.type) for value in values)
            case x.Binary(op="coalesce"):
                left = without_null(self._widened(e.left, e.type))
                return union((left, self._widened(e.right, e.type)))
            case x.Quantifier():
                return self._quantified(e)
            case _:
                return typed(e.type)

    def _widened(self, e: x.Expr, to: Type) -> Shape:
        """The shape of a value that is widened to a type which others share with it."""
        same = e.type.name in (to.name, "Null") or to.name in ("JSON", "Object")
        if to.item is not None and e.type.item is not None:
            same = e.type.item.required() == to.item.required()
        shape = self.of(e)
        if same and to.item is None and isinstance(e, x.Constant) and e.value is not None:
            return constant(e.value, to)
        if same:
            return shape
        wide = typed(to.required())
        return nullable(wide) if NULL in members(shape) else wide

    def _quantified(self, e: x.Quantifier) -> Shape:
        if e.op == "map":
            return Items(self.of(e.body))
        if e.op not in ("filter", "first"):
            return typed(e.type)
        lists = self.of(e.of)
        if not isinstance(lists, Items):
            return typed(e.type)
        return Items(lists.of) if e.op == "filter" else nullable(lists.of)

    # Objects

    def _object_shape(self, e: x.ObjectOf) -> Object:
        found = Object()
        for entry in e.entries:
            shape = self.of(entry.value)
            if entry.key is None:
                found = self._spread(found, shape)
                continue
            may_lack = entry.optional and NULL in members(shape)
            own = without_null(shape) if entry.optional else shape
            if own != NULL or not entry.optional:
                found = _with(found, Property(entry.key, own, not may_lack))
        return found

    def _spread(self, base: Object, shape: Shape) -> Object:
        """An object after `...value`: the later keys win, and null adds nothing."""
        ways = [base if one == NULL else self._laid(base, one) for one in members(shape)]
        return either(ways)

    def _laid(self, base: Object, shape: Shape) -> Object:
        over = self.expanded(shape)
        if over is None:
            kept = (replace(p, shape=nullable(Anything())) for p in base.properties)
            return Object(tuple(kept), rest=True)
        found = base
        for each in over.properties:
            found = _with(found, each)
        return replace(found, rest=found.rest or over.rest)

    def expanded(self, shape: Shape) -> Object | None:
        """The object that a shape is; None where its keys are not known."""
        if isinstance(shape, Named):
            return object_of(shape, self.names)
        return shape if isinstance(shape, Object) else None


def _with(base: Object, added: Property) -> Object:
    """An object with a key set: in its old place where there was one."""
    found = {each.name: each for each in base.properties}
    before = found.get(added.name)
    if before is not None and not added.required:
        both = union((before.shape, added.shape))
        added = replace(added, shape=both, required=before.required)
    found[added.name] = added
    return replace(base, properties=tuple(found.values()))


def either(ways: Sequence[Object]) -> Object:
    """One object for several: what all require is required."""
    if len(ways) == 1:
        return ways[0]
    found: dict[str, list[Property]] = {}
    for way in ways:
        for each in way.properties:
            found.setdefault(each.name, []).append(each)
    merged = (
        replace(
            each[0],
            shape=union(one.shape for one in each),
            required=len(each) == len(ways) and all(one.required for one in each),
        )
        for each in found.values()
    )
    return Object(tuple(merged), rest=any(way.rest for way in ways))


# Declared names ---------------------------------------------------------------------


def fields_of(name: str, names: TypeTable) -> tuple[EntityField, ...] | None:
    """The fields of a type or entity; None for an enum and for a name that is not declared."""
    row = names.types.get(name) or names.entities.get(name)
    return None if row is None else row.fields


def object_of(named: Named, names: TypeTable) -> Object | None:
    """The object that a type or entity is; None for an enum. What is sent has every field, null
    where it has no value; in an answer such a field may be missing."""
    fields = fields_of(named.name, names)
    if fields is None:
        return None
    return Object(tuple(_property(field, named) for field in fields))


def _property(field: EntityField, named: Named) -> Property:
    shape = typed(parse_type(field.type), named.mode)
    required = named.mode == "sent" or NULL not in members(shape)
    return Property(field.name, shape, required, field.doc)


def enum_of(name: str, names: TypeTable) -> Shape | None:
    """The members of an enum as literals; None for another name."""
    enum = names.enums.get(name)
    return None if enum is None else union(Const(json_text(one)) for one in enum.members)


# Encrypted values ---------------------------------------------------------------------


def sealing(shape: Shape, keys: frozenset[str], names: TypeTable) -> Shape:
    """The shape with the values of some keys encrypted, at any depth."""
    return _Sealing(keys, names).of(shape)


@dataclass(frozen=True, slots=True)
class _Sealing:
    keys: frozenset[str]
    names: TypeTable

    def of(self, shape: Shape) -> Shape:
        match shape:
            case Named():
                return self._sealed_name(shape)
            case Items():
                return replace(shape, of=self.of(shape.of))
            case Object():
                return replace(shape, properties=tuple(map(self.property_of, shape.properties)))
            case _:
                return union(map(self.of, members(shape))) if len(members(shape)) > 1 else shape

    def property_of(self, each: Property) -> Property:
        shape = SEALED if each.name in self.keys else self.of(each.shape)
        return replace(each, shape=shape)

    def _sealed_name(self, shape: Named) -> Named:
        below = reached([shape], self.names)
        own = {f.name for one in below for f in fields_of(one.name, self.names) or ()}
        return replace(shape, sealed=tuple(sorted(self.keys & own)))


def reached(start: Sequence[Named], names: TypeTable) -> tuple[Named, ...]:
    """Some declared names and all that their fields are made of, each once."""
    found: dict[Named, None] = {}
    waiting = list(start)[::-1]
    while waiting:
        named = waiting.pop()
        if named not in found:
            found[named] = None
            waiting += list(_inner(named, names))[::-1]
    return tuple(found)


def _inner(named: Named, names: TypeTable) -> Iterator[Named]:
    for each in declared_properties(named, names):
        yield from names_in(each.shape)


def declared_properties(named: Named, names: TypeTable) -> tuple[Property, ...]:
    """The keys of a type or entity, those that are encrypted with the shape of that."""
    found = object_of(named, names)
    if found is None:
        return ()
    if not named.sealed:
        return found.properties
    seal = _Sealing(frozenset(named.sealed), names)
    return tuple(map(seal.property_of, found.properties))
