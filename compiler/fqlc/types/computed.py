"""Computed fields: `name: T = expr` over the fields of the same row, inlined where it is used."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from typing import cast

from fql.plan.language import expressions as e
from fql.plan.language import types as t
from fql.plan.language.types import Type
from fqlc.diagnostics.model import Edit, Fix, Label
from fqlc.diagnostics.sink import Sink
from fqlc.names.project import Project
from fqlc.names.symbols import FieldInfo
from fqlc.source.text import Span
from fqlc.syntax.reading.other_languages import FOREIGN
from fqlc.syntax.tree import ast
from fqlc.types.report import as_required, at, poison, poisoned, require
from fqlc.types.scope import Context, ExprScope, Visit

MOST_PARTS = 500
"""Parts of a computed field, with those of the computed fields in it."""

_UNDER_WAY = object()


def check_computed(project: Project, sink: Sink, visit: Visit) -> None:
    """Report what is wrong in all computed fields: FQL104, 206, 211, 212, 235, 390 and those of
    expressions."""
    for row in project.rows.values():
        for field in row.computed.values():
            _value(field, Context(_scope(field, project), sink, visit), report=True)


def inlined(row: e.RowName, field: FieldInfo, absent: bool, span: Span, ctx: Context) -> e.Expr:
    """The value of a computed field of a row image, placed at a use; null where the image is
    `absent`. What is wrong in it is reported where it is declared."""
    value = _value(field, ctx, report=False)
    if poisoned(value):
        return poison(span)
    placed = _placed(value, row, span)
    if not absent:
        return placed
    missing = "insert" if row == "old" else "delete"
    event = e.Builtin(type=t.STRING, name="_event", at=at(span))
    word = e.Constant(type=t.STRING, value=missing, at=at(span))
    there = e.Binary(type=t.BOOLEAN, op="ne", left=event, right=word, at=at(span))
    null = e.Constant(type=t.NULL, value=None, at=at(span))
    return e.Choose(
        type=value.type.optional(), branches=((there, placed),), otherwise=null, at=at(span)
    )


def changed(field: FieldInfo, span: Span, ctx: Context) -> e.Expr:
    """Whether an update gives a computed field another value: a field that it reads has changed,
    and so has what is made of them."""
    value = _value(field, ctx, report=False)
    if poisoned(value):
        return poison(span)
    names = dict.fromkeys(node.name for node in _nodes(value) if isinstance(node, e.Field))
    tests: list[e.Expr] = [e.Changed(type=t.BOOLEAN, name=n, at=at(span)) for n in names]
    some = tests[0]
    for test in tests[1:]:
        some = e.Binary(type=t.BOOLEAN, op="or", left=some, right=test, at=at(span))
    new, old = _placed(value, "new", span), _placed(value, "old", span)
    differs = e.Binary(type=t.BOOLEAN, op="ne", left=new, right=old, at=at(span))
    return e.Binary(type=t.BOOLEAN, op="and", left=some, right=differs, at=at(span))


# The value -----------------------------------------------------------------------


def _scope(field: FieldInfo, project: Project) -> ExprScope:
    path = project.entities[field.owner].path
    return ExprScope(project, path, entity=project.rows[field.owner])


def _value(field: FieldInfo, ctx: Context, *, report: bool) -> e.Expr:
    """The typed value over the bare row, computed once; `report` gives the messages."""
    project = ctx.scope.project
    key = f"{field.owner}.{field.name}"  # no `let` has a dot in its name
    known = project.constants.get(key)
    if known is _UNDER_WAY:
        project.constants[f"{key}.ring"] = True
        return poison(field.span)
    if known is None or report:
        project.constants[key] = _UNDER_WAY
        sink = ctx.sink if report else Sink(project.comparisons)
        inner = Context(_scope(field, project), sink, ctx.visit)
        project.constants[key] = known = _worked_out(field, key, inner)
    return cast("e.Expr", known)


def _worked_out(field: FieldInfo, key: str, ctx: Context) -> e.Expr:
    written = field.computed
    assert written is not None, "the caller has seen that it is computed"  # noqa: S101
    value = ctx.infer(written, field.type)
    if ctx.scope.project.constants.pop(f"{key}.ring", None):
        ctx.sink.error(
            "FQL235", f"`{field.name}` is computed from itself", field.span,
            label="this field", labels=(Label(written.span, "leads back to it"),),
            help=("compute it from fields of the table",),
        )  # fmt: skip
        return poison(field.span)
    if poisoned(value) or field.type == t.ERROR:
        return poison(field.span)
    return _fitting(field, written, value, ctx)


def _fitting(field: FieldInfo, written: ast.Expr, value: e.Expr, ctx: Context) -> e.Expr:
    nodes = list(_nodes(value))
    odd = e.Changed | e.Builtin | e.Response | e.Failure
    if any(isinstance(n, odd) or (isinstance(n, e.Field) and n.row != "row") for n in nodes):
        ctx.sink.error(
            "FQL206", "a computed field is made of the fields of its own row", written.span,
            label="uses something else", help=("write it in the condition or body",),
        )  # fmt: skip
        return poison(field.span)
    if not any(isinstance(node, e.Field) for node in nodes):
        return _refuse_default(field, written, ctx)
    if len(nodes) > MOST_PARTS:
        ctx.sink.error(
            "FQL390", f"`{field.name}` has {len(nodes):,} parts, more than {MOST_PARTS}",
            written.span, label="too large",
        )  # fmt: skip
        return poison(field.span)
    if not field.type.nullable:
        value = require(ctx, written, value, f"the computed field `{field.name}`")
    return _widened(field.type, written, value, ctx)


def _widened(of: Type, written: ast.Expr, value: e.Expr, ctx: Context) -> e.Expr:
    """The value as the declared type says."""
    found = value.type
    if found.required() == of.required():
        return replace(value, type=of)
    if found.name == "Null":
        return poison(written.span)
    if found == t.INT and of.name == "Decimal":
        return e.Call(type=of, name="to_decimal", of=as_required(value), at=value.at)
    declared = "write it in the body: no type is declared for it"
    if found.required() != t.OBJECT:
        declared = f"declare it as `{found}`, or convert the value"
    ctx.sink.error(
        "FQL211", f"the field is declared `{of}`, and computed as `{found}`", written.span,
        label=f"this is `{found}`", help=(declared,),
    )  # fmt: skip
    return poison(written.span)


def _refuse_default(field: FieldInfo, written: ast.Expr, ctx: Context) -> e.Expr:
    gap = Span(written.span.path, field.type_span.end, written.span.end)
    ctx.sink.error(
        FOREIGN, "a field has no default value", written.span, label="names no field of the row",
        help=("a computed field is made of other fields", "defaults belong in the database"),
        fix=Fix((Edit(gap, ""),), safe=False),
    )  # fmt: skip
    return poison(field.span)


# Trees ---------------------------------------------------------------------------


def _nodes(value: object) -> Iterator[object]:
    """All nodes and text parts, without recursion."""
    waiting = [value]
    while waiting:
        node = waiting.pop()
        if isinstance(node, tuple):
            waiting.extend(node)
        elif is_dataclass(node) and not isinstance(node, Type):
            yield node
            waiting.extend(getattr(node, f.name) for f in fields(node) if f.name != "at")


def _placed(value: e.Expr, row: e.RowName, span: Span) -> e.Expr:
    """The same value of another row image, at the place of its use."""
    return cast("e.Expr", _moved(value, row, at(span)))


def _moved(part: object, row: e.RowName, place: e.At) -> object:
    if isinstance(part, tuple):
        return tuple(_moved(item, row, place) for item in part)
    if isinstance(part, Type) or not is_dataclass(part) or isinstance(part, type):
        return part
    names = [f.name for f in fields(part)]
    made = {name: _moved(getattr(part, name), row, place) for name in names if name != "at"}
    if "at" in names:
        made["at"] = place
    if isinstance(part, e.Field):
        made["row"] = row
    return type(part)(**made)
