"""Information flow: which fields marked `@sensitive` reach a value.

A mark is kept through every operator but comparisons, `length`, `in`, `matches` and tests of
changes: those tell something about a value, but do not carry it. A choice by the members of an
enum or Boolean carries it: `case` gives each member a value.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from fql.plan.language import expressions as e
from fql.plan.language.types import BUILT_IN, Type
from fqlc.diagnostics.model import Label
from fqlc.names.project import Project
from fqlc.names.symbols import EntityInfo, FieldInfo
from fqlc.source.text import Span
from fqlc.types.scope import ExprScope

_DROPPED_BY = frozenset({"eq", "ne", "lt", "le", "gt", "ge", "in", "not_in", "length", "matches"})

_GIVE_ITEMS = frozenset({"filter", "first"})
"""Methods that give the items of their list, as they are."""


@dataclass(frozen=True, slots=True)
class SensitiveUse:
    """A sensitive field that reaches a value: `owner.field` marked at `mark`, used at `use`.

    `chain` tells the way in labels, from the mark to the use. `keys` are the keys of the body
    that lead to it, outermost first; what is encrypted under one of them is accounted for.
    """

    owner: str
    field: str
    mark: Span
    use: Span
    chain: tuple[Label, ...]
    keys: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Walk:
    scope: ExprScope
    near: Span
    keys: tuple[str, ...] = ()
    through: tuple[Label, ...] = ()
    lists: Mapping[str, e.Expr] = field(default_factory=lambda: MappingProxyType({}))
    """The list that each variable of `any`, `all` or `for` runs over."""
    covered: frozenset[str] = frozenset()
    """Keys under which nothing leaves in the clear."""
    seen: set[str] = field(default_factory=set, compare=False)
    """Types that have been looked into: each says what it has to say once."""

    @property
    def project(self) -> Project:
        return self.scope.project

    def at(self, expr: e.Expr) -> _Walk:
        """The same walk, standing at an expression if its place is known."""
        if expr.at is None:
            return self
        return replace(self, near=Span(self.scope.path, *expr.at))

    def under(self, key: str) -> _Walk:
        return replace(self, keys=(*self.keys, key))

    def through_field(self, part: FieldInfo) -> _Walk:
        """The same walk, inside the value of a field."""
        way = (*self.through, Label(part.span, f"through `{part.name}`"))
        return replace(self, keys=(*self.keys, part.name), through=way)

    def over(self, variable: str, of: e.Expr) -> _Walk:
        """The same walk, inside a loop."""
        return replace(self, lists=MappingProxyType({**self.lists, variable: of}))


def sensitive_fields(
    expr: e.Expr,
    scope: ExprScope,
    near: Span | None = None,
    covered: frozenset[str] = frozenset(),
) -> tuple[SensitiveUse, ...]:
    """The sensitive fields whose values reach the value of the expression, each once for a
    place in the body. `near` is the stretch to blame where a node has none; what is under a
    key of `covered` is encrypted."""
    start = near if near is not None else Span(scope.path, 0, 0)
    found = dict.fromkeys(_flow(expr, _Walk(scope, start, covered=covered)))
    return tuple(found)


def sensitive_in_row(
    scope: ExprScope, near: Span, covered: frozenset[str] = frozenset()
) -> Iterator[SensitiveUse]:
    """What the envelope holds: every field of the entity (a body that is not given)."""
    if scope.entity is not None:
        yield from _of_row(scope.entity, _Walk(scope, near, covered=covered))


def _flow(expr: e.Expr, walk: _Walk) -> Iterator[SensitiveUse]:
    walk = walk.at(expr)
    match expr:
        case e.Field() | e.Response() | e.Builtin() | e.Variable():
            yield from _of_source(expr, walk)
        case e.Member():
            yield from _of_member(expr, walk)
        case e.ObjectOf():
            yield from _of_object(expr, walk)
        case e.Text():
            yield from _of_parts(expr.parts, walk)
        case e.Each():
            yield from _flow(expr.body, walk)
        case e.Quantifier():
            yield from _flow(expr.body, walk.over(expr.variable, expr.of))
            if expr.op in _GIVE_ITEMS:
                yield from _flow(expr.of, walk)
        case _:
            for part in _operands(expr):
                yield from _flow(part, walk)


def _operands(expr: e.Expr) -> tuple[e.Expr, ...]:  # noqa: PLR0911 - one line a kind
    """The parts whose marks an operator keeps."""
    match expr:
        case e.Binary(op=operator) | e.Call(name=operator) if operator in _DROPPED_BY:
            return ()
        case e.Binary():
            return (expr.left, expr.right)
        case e.Unary() | e.Index():
            return (expr.of,)
        case e.Call():
            return (expr.of, *expr.args)
        case e.ListOf():
            return expr.items
        case e.Choose():
            chosen = (part for test, value in expr.branches for part in (_asked(test), value))
            return (*chosen, expr.otherwise)
    return ()


def _asked(test: e.Expr) -> e.Expr:
    """What a choice depends on: of `x == member` it is `x`, whose members can be told apart."""
    if isinstance(test, e.Binary) and test.op == "eq" and isinstance(test.right, e.Constant):
        of = test.left.type
        if of.name == "Boolean" or (of.name not in BUILT_IN and of.item is None):
            return test.left
    return test


def _of_object(expr: e.ObjectOf, walk: _Walk) -> Iterator[SensitiveUse]:
    for entry in expr.entries:
        if entry.key is None:
            yield from _flow(entry.value, walk)
        elif entry.key not in walk.covered:
            yield from _flow(entry.value, walk.under(entry.key))


def _of_parts(parts: tuple[e.TextPart, ...], walk: _Walk) -> Iterator[SensitiveUse]:
    """Templates: holes carry values, and so does the choice between texts by a Boolean."""
    for part in parts:
        match part:
            case e.Hole():
                yield from _flow(part.value, walk)
            case e.Choice():
                for condition, branch in part.branches:
                    yield from _flow(_asked(condition), walk)
                    yield from _of_parts(branch, walk)
                yield from _of_parts(part.otherwise, walk)
            case e.Loop():
                yield from _of_parts(part.body, walk.over(part.variable, part.of))
                yield from _of_parts(part.otherwise, walk)


# Where values come from ------------------------------------------------------


def _of_source(expr: e.Expr, walk: _Walk) -> Iterator[SensitiveUse]:
    entity = walk.scope.entity
    if isinstance(expr, e.Field) and entity is not None:
        field = entity.fields.get(expr.name)
        if field is not None:
            yield from _of_field(field, walk)
        return
    if isinstance(expr, e.Builtin) and expr.name not in ("_new", "_old"):
        return
    yield from _of_type(expr.type, walk)
    yield from _outer(expr, walk)


def _of_member(expr: e.Member, walk: _Walk) -> Iterator[SensitiveUse]:
    """A member carries its own mark and those of what it is a member of, not its siblings'."""
    row = walk.project.row(expr.of.type.name)
    field = row.fields.get(expr.name) if row is not None else None
    if field is not None:
        yield from _of_field(field, walk)
    yield from _outer(expr.of, walk)


def _outer(expr: e.Expr, walk: _Walk) -> Iterator[SensitiveUse]:
    """The marks of a value itself, without those that its type has. Of an item those of its
    list; its own type is known where the item is used."""
    match expr:
        case e.Field():
            yield from _marked(walk.scope.entity, expr, walk)
        case e.Member():
            yield from _marked(walk.project.row(expr.of.type.name), expr, walk)
            yield from _outer(expr.of, walk)
        case e.Variable():
            if expr.name in walk.lists:
                yield from _outer(walk.lists[expr.name], walk)
        case e.Quantifier():
            yield from _outer(expr.body, walk.over(expr.variable, expr.of))
            if expr.op in _GIVE_ITEMS:
                yield from _outer(expr.of, walk)
        case _:
            for part in _operands(expr):
                yield from _outer(part, walk)


def _marked(
    row: EntityInfo | None, expr: e.Field | e.Member, walk: _Walk
) -> Iterator[SensitiveUse]:
    """The mark of a field."""
    found = row.fields.get(expr.name) if row is not None else None
    if found is not None and found.sensitive is not None:
        yield _use(found, walk)


def _of_field(field: FieldInfo, walk: _Walk) -> Iterator[SensitiveUse]:
    if field.sensitive is not None:
        yield _use(field, walk)
    else:
        inner = replace(walk, through=(*walk.through, Label(field.span, f"through `{field.name}`")))
        yield from _of_type(field.type, inner)


def _of_type(of: Type, walk: _Walk) -> Iterator[SensitiveUse]:
    row = _row_of(of, walk.project)
    if row is not None:
        yield from _of_row(row, walk)


def _row_of(of: Type, project: Project) -> EntityInfo | None:
    """The declaration of an object type, or of the items of a list."""
    while of.item is not None:
        of = of.item
    return project.row(of.name)


def _of_row(row: EntityInfo, walk: _Walk) -> Iterator[SensitiveUse]:
    """All marked fields of a row, and of the types of its fields. Without recursion: types may
    contain types as often as somebody likes."""
    waiting = [(row, walk)]
    while waiting:
        outer, at = waiting.pop()
        if outer.name in walk.seen:
            continue
        walk.seen.add(outer.name)
        inner: list[tuple[EntityInfo, _Walk]] = []
        for part in outer.fields.values():
            if part.name in walk.covered:
                continue
            below = _row_of(part.type, walk.project)
            if part.sensitive is not None:
                yield _use(part, at.under(part.name))
            elif below is not None and below.name not in walk.seen:
                inner.append((below, at.through_field(part)))
        waiting.extend(reversed(inner))


def _use(field: FieldInfo, walk: _Walk) -> SensitiveUse:
    mark = field.sensitive if field.sensitive is not None else field.span
    chain = (Label(mark, f"`{field.owner}.{field.name}` is marked `@sensitive`"), *walk.through)
    return SensitiveUse(field.owner, field.name, mark, walk.near, chain, walk.keys)
