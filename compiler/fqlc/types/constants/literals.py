"""Literals take the type of the other side: numbers, texts that are dates, ids or enum members."""

from __future__ import annotations

import re
import sys
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal

from fql.plan.language import expressions as e
from fql.plan.language import types as t
from fql.plan.language.types import Type
from fqlc.diagnostics.model import Edit, Fix, Label
from fqlc.names.symbols import EnumInfo
from fqlc.source.text import Span
from fqlc.syntax.tree import ast
from fqlc.types.report import at, poison, suggestion
from fqlc.types.scope import Context

_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", re.ASCII)
_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_DATETIME = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)?", re.ASCII)


def word(literal: ast.WordLiteral) -> e.Expr:
    """`true`, `false`, `null`."""
    of = t.NULL if literal.value is None else t.BOOLEAN
    return e.Constant(type=of, value=literal.value, at=at(literal.span))


def duration(literal: ast.DurationLiteral) -> e.Expr:
    """A duration; longer than `timedelta` can hold is its most days."""
    try:
        value = timedelta(milliseconds=literal.milliseconds)
    except OverflowError:
        value = timedelta(days=timedelta.max.days)
    return e.Constant(type=t.DURATION, value=value, at=at(literal.span))


def as_number(value: int | Decimal, expected: Type | None, span: Span, ctx: Context) -> e.Expr:
    """A number of the type of the other side; without one Int, with a point Float. FQL211 for a
    whole number that a Float cannot hold."""
    name = "" if expected is None else expected.name
    if name == "Float" and isinstance(value, int) and to_float(value) != value:
        return _not_a_float(value, span, ctx)
    if name == "Decimal" or (name == "Int" and isinstance(value, Decimal)):
        return e.Constant(type=t.DECIMAL, value=Decimal(value), at=at(span))
    if name == "Float" or isinstance(value, Decimal):
        return e.Constant(type=t.FLOAT, value=to_float(value), at=at(span))
    if name == "ID":
        return e.Constant(type=t.ID, value=str(value), at=at(span))
    return e.Constant(type=t.INT, value=value, at=at(span))


def _not_a_float(value: int, span: Span, ctx: Context) -> e.Expr:
    ctx.sink.error(
        "FQL211", f"`{str(value)[:40]}` is not a Float: the nearest one is {to_float(value):.0f}",
        span, label="opposite a `Float`",
        help=("a Float holds whole numbers of up to 15 digits exactly; write `.to_decimal()` after "
              "the other side",),
    )  # fmt: skip
    return poison(span)


def to_float(value: int | Decimal) -> float:
    """The nearest float; beyond the largest finite one that."""
    try:
        near = float(value)
    except OverflowError:
        near = float("inf") if value > 0 else float("-inf")
    limit = sys.float_info.max
    return max(-limit, min(limit, near))


def text(value: str, span: Span, expected: Type | None, ctx: Context) -> e.Expr:
    """A plain text: an enum member, UUID, date or ID opposite such a value, else a String."""
    name = "" if expected is None else expected.name
    if expected is not None and ctx.scope.is_enum(expected):
        return member(value, span, ctx.scope.project.enum_infos[name], ctx, quoted=True)
    if name == "UUID":
        return _fitting(value, span, t.UUID, _as_uuid(value), ctx)
    if name == "DateTime":
        return _fitting(value, span, t.DATETIME, _as_datetime(value), ctx)
    if name == "Date":
        return _fitting(value, span, t.DATE, _as_date(value), ctx)
    of = t.ID if name == "ID" else t.STRING
    return e.Constant(type=of, value=value, at=at(span))


_EXAMPLES = {
    "UUID": "6f1c0a52-0000-4000-8000-000000000001",
    "Date": "2026-03-02",
    "DateTime": "2026-03-02T14:00:00Z",
}


def _fitting(written: str, span: Span, of: Type, value: object, ctx: Context) -> e.Expr:
    if value is not None:
        return e.Constant(type=of, value=value, at=at(span))
    help_ = [f'a {of} is written as "{_EXAMPLES[of.name]}"']
    if of == t.DATETIME and _DATETIME.fullmatch(written):
        help_ = ["it needs an offset: append `Z` for UTC, or `+01:00`"]
    ctx.sink.error(
        "FQL211", f'"{written}" is not a {of}', span,
        label=f"opposite a `{of}`", help=tuple(help_),
    )  # fmt: skip
    return poison(span)


def _as_uuid(value: str) -> str | None:
    return value.lower() if _UUID.fullmatch(value) else None


def _as_date(value: str) -> date | None:
    try:
        return date.fromisoformat(value) if _DATE.fullmatch(value) else None
    except ValueError:
        return None


def _as_datetime(value: str) -> datetime | None:
    """RFC 3339 with an offset."""
    found = _DATETIME.fullmatch(value)
    if found is None or found.group(2) is None:
        return None
    try:
        return datetime.fromisoformat(value.upper())
    except ValueError:
        return None


def member(name: str, span: Span, enum: EnumInfo, ctx: Context, *, quoted: bool = False) -> e.Expr:
    """A member of an enum by its name; FQL233 for any other name."""
    if name in enum.members:
        return e.Constant(type=Type(enum.name), value=name, at=at(span))
    if not enum.broken:
        help_, fix = suggestion(name, span, ctx.sink.comparable(enum.members), "member")
        if fix is not None and quoted:
            fix = _keep_quotes(fix, span)
        ctx.sink.error(
            "FQL233", f"`{name}` is not a member of `{enum.name}`", span,
            label=f"not one of `{enum.name}`",
            labels=(Label(enum.span, f"{len(enum.members)} members declared here"),),
            help=help_, fix=fix,
        )  # fmt: skip
    return poison(span)


def _keep_quotes(fix: Fix, span: Span) -> Fix:
    inner = Span(span.path, span.start + 1, span.end - 1)
    return Fix(tuple(Edit(inner, edit.text) for edit in fix.edits), fix.safe)


def adapted(constant: e.Expr, expected: Type | None, span: Span, ctx: Context) -> e.Expr:
    """A constant of a `let` where it is used: as if its literal stood there."""
    if isinstance(constant, e.ListOf):
        item = expected.item if expected else None
        items = tuple(adapted(i, item, span, ctx) for i in constant.items)
        of = t.list_of(items[0].type) if items else constant.type
        return e.ListOf(type=of, items=items, at=at(span))
    if not isinstance(constant, e.Constant):
        return replace(constant, at=at(span))
    value = constant.value
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        return as_number(value, expected, span, ctx)
    if isinstance(value, str) and constant.type == t.STRING:
        return text(value, span, expected, ctx)
    return replace(constant, at=at(span))
