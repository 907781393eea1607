"""Short ways to write expressions in tests."""

from __future__ import annotations

from typing import Any

from fql.expressions.scope import Scope
from fql.plan.language import expressions as x
from fql.plan.language import types as t

STATUS = t.Type("Status")


def field(name: str, type_: t.Type = t.STRING, row: x.RowName = "row") -> x.Field:
    """A field of a row."""
    return x.Field(type=type_, row=row, name=name)


def const(value: object, type_: t.Type = t.STRING) -> x.Constant:
    """A literal."""
    return x.Constant(type=type_, value=value)


def op(name: str, left: x.Expr, right: x.Expr, type_: t.Type = t.BOOLEAN) -> x.Binary:
    """A binary operator."""
    return x.Binary(type=type_, op=name, left=left, right=right)


def call(name: str, of: x.Expr, *args: object, type_: t.Type = t.STRING) -> x.Call:
    """A method with literal arguments."""
    given = tuple(const(a, t.INT if isinstance(a, int) else t.STRING) for a in args)
    return x.Call(type=type_, name=name, of=of, args=given)


def text(*parts: x.TextPart) -> x.Text:
    """A text with holes."""
    return x.Text(type=t.STRING, parts=parts)


def scope(new: dict[str, Any] | None = None, old: dict[str, Any] | None = None) -> Scope:
    """The scope of an update of such rows (insert, delete where one is missing)."""
    kind = "delete" if new is None else "insert" if old is None else "update"
    return Scope(kind, "Thing", new, old)  # type: ignore[arg-type]
