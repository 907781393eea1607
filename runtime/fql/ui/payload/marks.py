"""What a plan marks as `@sensitive`, and expressions that show a word in its place. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass, replace

from fql.plan.language.expressions import (
    Builtin,
    Changed,
    Constant,
    Each,
    Entry,
    Environment,
    Expr,
    Field,
    Hole,
    ListOf,
    Member,
    Node,
    ObjectOf,
    Response,
    Text,
    TextPart,
    Variable,
)
from fql.plan.language.types import STRING
from fql.plan.model import EntityField, Plan

HIDDEN = "masked: @sensitive"
"""What is shown instead."""


_HOLE = Hole(Constant(type=STRING, value=HIDDEN))
_ROWS = ("_new", "_old")


@dataclass(frozen=True, slots=True)
class Marks:
    """`fields` are the marked fields of the entity of an event, `members` those of declared types,
    and `types` the names of types in which there are any."""

    fields: frozenset[str] = frozenset()
    members: frozenset[str] = frozenset()
    types: frozenset[str] = frozenset()

    @staticmethod
    def of(plan: Plan | None, entity: str) -> Marks:
        """Those of a plan for an event; none where there is no plan."""
        if plan is None:
            return Marks()
        found = next((one.fields for one in plan.entities if one.name == entity), ())
        members = frozenset(name for one in plan.types for name in _marked(one.fields))
        return Marks(_marked(found), members, _marked_types(plan))

    @property
    def names(self) -> frozenset[str]:
        """Keys under which a marked value is in a row."""
        return self.fields | self.members

    def expression(self, e: Expr) -> Expr:
        """The same with a word in place of all that is made from a marked value. What was compared
        with one is hidden as well: less is shown rather than more."""
        if isinstance(e, ObjectOf):
            return replace(e, entries=tuple(self._entry(one) for one in e.entries))
        if isinstance(e, ListOf):
            return replace(e, items=tuple(self.expression(one) for one in e.items))
        if isinstance(e, Each):
            return replace(e, body=self.expression(e.body))
        if isinstance(e, Text):
            return replace(e, parts=tuple(self._part(one) for one in e.parts))
        whole = isinstance(
            e, Builtin | Response | Variable
        )  # its keys are hidden where it is shown
        return Constant(type=STRING, value=HIDDEN) if not whole and self._reads(e) else e

    def _entry(self, entry: Entry) -> Entry:
        """What is spread is an object: its marked keys are hidden in what comes out."""
        return entry if entry.key is None else replace(entry, value=self.expression(entry.value))

    def _part(self, part: TextPart) -> TextPart:
        if isinstance(part, str | Environment):
            return part
        return _HOLE if self._reads(part) else part

    def _reads(self, whole: object) -> bool:
        """Whether a marked value is in here, or an object that has one."""
        left: list[object] = [whole]
        while left:
            one = left.pop()
            if self._is_marked(one) or (one is not whole and self._has_marked(one)):
                return True
            if isinstance(one, tuple):
                left.extend(one)
            elif isinstance(one, Member) and isinstance(one.of, Builtin):
                continue  # a field of a row, which was looked at
            elif is_dataclass(one) and not isinstance(one, type):
                left.extend(getattr(one, each.name) for each in fields(one) if each.name != "type")
        return False

    def _is_marked(self, node: object) -> bool:
        if isinstance(node, Field | Changed):
            return node.name in self.fields
        if isinstance(node, Member):
            return node.name in (self.names if isinstance(node.of, Builtin) else self.members)
        return False

    def _has_marked(self, node: object) -> bool:
        if isinstance(node, Builtin):
            return node.name in _ROWS and bool(self.names)
        return isinstance(node, Node) and _named(str(node.type)) in self.types


def _marked(found: tuple[EntityField, ...]) -> frozenset[str]:
    return frozenset(one.name for one in found if one.sensitive)


def _marked_types(plan: Plan) -> frozenset[str]:
    """Declared types that have a marked field, at any depth."""
    found: set[str] = set()
    while True:
        more = {
            one.name
            for one in plan.types
            if any(each.sensitive or _named(each.type) in found for each in one.fields)
        }
        if more == found:
            return frozenset(found)
        found = more


def _named(type_text: str) -> str:
    """The name in a type such as `[Line!]?`."""
    return type_text.strip("[]?!")


def hidden_keys(value: object, names: frozenset[str]) -> object:
    """A JSON value with a word in place of what is under these keys, at any depth."""
    if isinstance(value, Mapping):
        return {
            key: HIDDEN if key in names and inner is not None else hidden_keys(inner, names)
            for key, inner in value.items()
        }
    if isinstance(value, list | tuple):
        return [hidden_keys(one, names) for one in value]
    return value


def values_of(row: object, names: frozenset[str]) -> Iterator[str]:
    """The texts of what is under these keys."""
    if isinstance(row, Mapping):
        for key, inner in row.items():
            yield from _scalars(inner) if key in names else values_of(inner, names)
    elif isinstance(row, list | tuple):
        for one in row:
            yield from values_of(one, names)


def _scalars(value: object) -> Iterator[str]:
    if isinstance(value, Mapping):
        value = list(value.values())
    if isinstance(value, list | tuple):
        for one in value:
            yield from _scalars(one)
    elif value is not None and not isinstance(value, bool):
        yield str(value)
