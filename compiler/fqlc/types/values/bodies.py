"""Bodies are trees: objects, lists, spreads, `each`. A value can never add a key."""

from __future__ import annotations

from dataclasses import replace

from fql.plan.language import expressions as e
from fql.plan.language import types as t
from fql.plan.language.types import Type
from fqlc.diagnostics.model import Label
from fqlc.source.text import Span
from fqlc.syntax.tree import ast
from fqlc.syntax.tree.walk import walk
from fqlc.types.operands import joinable, widened
from fqlc.types.report import as_required, at, poison, poisoned, why_null, wording
from fqlc.types.scope import Context


def has_each(expr: ast.Expr) -> bool:
    """True when a body renders something once for an event."""
    return any(isinstance(part, ast.EachOf) for part in walk(expr))


def infer_object(literal: ast.ObjectLiteral, ctx: Context) -> e.Expr:
    """`{ ... }`: keys that are written out win over spreads. Reports FQL203 for a key written
    twice, FQL206 for a spread of no object."""
    seen: dict[str, Span] = {}
    entries: list[e.Entry] = []
    for entry in literal.entries:
        if entry.key is not None:
            _once(entry.key, seen, ctx)
        value = ctx.infer(entry.value)
        if entry.key is None:
            value = _spread(entry, value, ctx)
        _refuse_duration(entry.value, value, ctx)
        # A value that is never null is never left out.
        optional = entry.optional and value.type.nullable
        entries.append(e.Entry(entry.key.text if entry.key else None, value, optional))
    # In a plan later keys win: written ones go after all spreads, wherever they are.
    entries.sort(key=lambda made: made.key is not None)
    return e.ObjectOf(type=t.OBJECT, entries=tuple(entries), at=at(literal.span))


def _once(key: ast.Name, seen: dict[str, Span], ctx: Context) -> None:
    first = seen.setdefault(key.text, key.span)
    if first is not key.span:
        ctx.sink.error(
            "FQL203", f"the key `{key.text}` is written twice", key.span, label="written again",
            labels=(Label(first, "first written here"),), help=("remove one of them",),
        )  # fmt: skip


def _spread(entry: ast.ObjectEntry, value: e.Expr, ctx: Context) -> e.Expr:
    if poisoned(value):
        return value
    of = value.type
    if of.name != "Object" and ctx.scope.project.row(of.name) is None:
        ctx.sink.error(
            "FQL206", f"only an object can be spread, but {wording(entry.value)} is `{of}`",
            entry.value.span, label=f"this is `{of}`",
        )  # fmt: skip
        return poison(entry.value.span)
    if of.nullable and not ctx.scope.facts.in_doubt:
        ctx.sink.error(
            "FQL212", f"{wording(entry.value)} may be null, and null cannot be spread",
            entry.value.span, label=f"may be null (`{of}`)",
            labels=why_null(ctx.scope, value), help=("test it with `!= null` first",),
        )  # fmt: skip
    return as_required(value)


def _refuse_duration(written: ast.Expr, value: e.Expr, ctx: Context) -> None:
    if value.type.name == "Duration":
        ctx.sink.error(
            "FQL211", f"{wording(written)} is a duration, which has no JSON form",
            written.span, label="this is `Duration`",
            help=("send the two dates, or compare the duration in a condition",),
        )  # fmt: skip


def infer_list(literal: ast.ListLiteral, ctx: Context, expected: Type | None) -> e.Expr:
    """`[a, b]`: of one type after widening; of mixed types, `[JSON]`, for bodies."""
    hint = expected if expected == t.ERROR else expected.item if expected else None
    items = tuple(ctx.infer(item, hint) for item in literal.items)
    if poisoned(*items):
        return poison(literal.span)
    of = t.list_of(_common([i.type for i in items], hint))
    return e.ListOf(type=of, items=items, at=at(literal.span))


def _common(types: list[Type], hint: Type | None) -> Type:
    """The type that all items fit; JSON where there is none; of an empty list the hint."""
    if not types:
        return hint.required() if hint else t.NULL
    common, nullable = types[0], any(of.nullable for of in types)
    for of in types[1:]:
        if not joinable(common, of):
            return replace(t.JSON, nullable=nullable)
        common = widened(common, of)
    return common.optional() if nullable else common


def infer_each(expr: ast.EachOf, ctx: Context) -> e.Expr:
    """`each { ... }`. Reports FQL343 without a batch and inside another `each`."""
    if ctx.scope.batch == "none":
        _refuse_each(expr, "`each` is for batched actions", ctx)
        return poison(expr.span)
    if ctx.scope.batch == "each":
        _refuse_each(expr, "`each` cannot be used inside another `each`", ctx)
        return poison(expr.span)
    inner = ctx.within(replace(ctx.scope, batch="each"))
    body = infer_object(expr.body, inner)
    return e.Each(type=t.list_of(t.OBJECT), body=body, at=at(expr.span))


def _refuse_each(expr: ast.EachOf, message: str, ctx: Context) -> None:
    help_ = ("add `batch: { size: ..., timeout: ... }` to the action",)
    ctx.sink.error(
        "FQL343", message, expr.span, label="not in a batch" if "for" in message else "nested",
        help=help_ if "for" in message else ("write two `each` side by side",),
    )  # fmt: skip
