"""What a name stands for: symbols of the project, and rows and enums as the checker sees them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from fql.near import nearest
from fql.plan.language.expressions import Expr
from fql.plan.language.types import Type
from fqlc.source.text import Span
from fqlc.syntax.tree import ast


@dataclass(frozen=True, slots=True)
class Symbol:
    """A declared name. `broken` declarations could not be read in full: what does not follow
    from a sound part is not reported. `span` is the stretch of the name."""

    name: str
    kind: str
    declaration: ast.Declaration
    path: str
    span: Span
    broken: bool = False


@dataclass(frozen=True, slots=True)
class FieldInfo:
    """A field of an entity or declared type. `owner` is the name of that."""

    name: str
    owner: str
    type: Type
    span: Span
    type_span: Span
    key: bool = False
    sensitive: Span | None = None
    column: str = ""
    doc: str = ""
    computed: ast.Expr | None = None
    """What it is computed from; None for a column."""
    members: tuple[str, ...] | None = None
    """The texts that it can be, as the contract of a receiver says; None for any."""
    pointer: str = ""
    """Where it is in that contract."""


ANSWER = "answer"
"""The kind of a row that is an object in the answer of a receiver."""


@dataclass(frozen=True, slots=True)
class EntityInfo:
    """An entity or declared type, or an object that a receiver answers (of the kind `ANSWER`): its
    fields by name, in the order written. Those of `computed` are no columns: they are inlined
    where they are used."""

    name: str
    kind: str
    fields: Mapping[str, FieldInfo]
    span: Span
    table: str = ""
    doc: str = ""
    broken: bool = False
    computed: Mapping[str, FieldInfo] = field(default_factory=dict)
    pointer: str = ""
    """Where it is in the contract that tells of it."""

    def named(self, name: str) -> FieldInfo | None:
        """The field of that name, computed or not."""
        return self.fields.get(name) or self.computed.get(name)

    @property
    def key(self) -> FieldInfo | None:
        """The field marked with `@key`."""
        return next((f for f in self.fields.values() if f.key), None)


@dataclass(frozen=True, slots=True)
class EnumInfo:
    """An enum: its members with the stretch of each."""

    name: str
    members: Mapping[str, Span]
    span: Span
    doc: str = ""
    broken: bool = False


@dataclass(frozen=True, slots=True)
class Unread:
    """What could not be read: names of broken declarations; when `incomplete`, whole files."""

    names: frozenset[str]
    incomplete: bool = False

    def may_declare(self, name: str, known: Iterable[str]) -> bool:
        """True when the name may be declared there; one like a known name is a slip instead."""
        return name in self.names or (self.incomplete and nearest(name, known) is None)


@dataclass(slots=True)
class Uses:
    """Collects which declarations are used and where, by (kind, name); for FQL207."""

    seen: dict[tuple[str, str], list[Span]] = field(default_factory=dict)

    def mark(self, kind: str, name: str, at: Span) -> None:
        """Note a use."""
        self.seen.setdefault((kind, name), []).append(at)


class Listener(Protocol):
    """Is told of each expression that is checked: what was written, where (an `ExprScope`), which
    type was expected there, and what it was found to be. For editors; a compile has none."""

    def __call__(
        self, written: ast.Expr, scope: object, expected: Type | None, value: Expr
    ) -> None: ...
