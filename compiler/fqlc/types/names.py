"""Bare names: variables, built-in names, fields, actions, `let`, enum members."""

from __future__ import annotations

from dataclasses import replace

from fql.near import nearest
from fql.plan.language import expressions as e
from fql.plan.language import types as t
from fql.plan.language.types import Type
from fqlc.diagnostics.model import Edit, Fix, Label
from fqlc.diagnostics.sink import Sink
from fqlc.names.fields import BUILTIN_NAMES
from fqlc.names.symbols import FieldInfo
from fqlc.source.text import Span
from fqlc.syntax.tree import ast
from fqlc.types.computed import inlined
from fqlc.types.constants import lets
from fqlc.types.constants.literals import member
from fqlc.types.facts import known
from fqlc.types.report import as_required, at, poison, suggestion, unknown_field
from fqlc.types.scope import Context, ExprScope

BUILTIN_TYPES = {
    "_id": t.STRING, "_timestamp": t.DATETIME, "_event": t.STRING, "_entity": t.STRING,
    "_observer": t.STRING, "_run": t.STRING, "_batch": Type("Batch"),
}  # fmt: skip

IN_BATCH = frozenset({"_batch", "_observer", "_timestamp"})
"""What is the same for all events of a batch."""


def infer_name(  # noqa: PLR0911 - one line a kind of name
    use: ast.NameUse, ctx: Context, expected: Type | None
) -> e.Expr:
    """The value of a bare name. Reports FQL201, 202, 233, 311, 343."""
    name, scope = use.text, ctx.scope
    enum = scope.project.enum_infos.get(expected.name) if expected else None
    if enum is not None and name in enum.members:
        return member(name, use.span, enum, ctx)
    if name in scope.variables:
        return narrowed(e.Variable(type=scope.variables[name], name=name, at=at(use.span)), scope)
    if name in BUILTIN_NAMES and not scope.constant:
        return builtin(name, use.span, ctx)
    field = scope.row_field(name)
    if field is not None:
        return row_value("row", field, use.span, ctx)
    if name in scope.actions:
        return _bare_action(use, ctx)
    if name in scope.project.lets:
        return lets.value_of(name, use, ctx, expected)
    if enum is not None:
        return member(name, use.span, enum, ctx)
    # Opposite a faulty value it may be an enum member: the fault was reported.
    return poison(use.span) if expected == t.ERROR else _unknown(use, ctx)


def narrowed(value: e.Expr, scope: ExprScope) -> e.Expr:
    """The value with null excluded where that is known."""
    if value.type.nullable and known(scope.facts.non_null, value, scope.events):
        return as_required(value)
    return value


# Rows ------------------------------------------------------------------------


def row_value(row: e.RowName, field: FieldInfo, span: Span, ctx: Context) -> e.Expr:
    """A field of a row image; nullable where the image may be absent."""
    if ctx.scope.batch == "outside":
        return outside_each(field.name, span, ctx)
    if field.computed is not None:
        return narrowed(inlined(row, field, row_absent(row, ctx.scope), span, ctx), ctx.scope)
    of = field.type.optional() if row_absent(row, ctx.scope) and field.type != t.ERROR else (
        field.type
    )  # fmt: skip
    return narrowed(e.Field(type=of, row=row, name=field.name, at=at(span)), ctx.scope)


def row_absent(row: str, scope: ExprScope) -> bool:
    """True when the row image may be missing here."""
    missing = {"old": "insert", "new": "delete"}.get(row)
    return missing in scope.possible_events()


def never_there(row: str, written: str, span: Span, ctx: Context) -> bool:
    """Report FQL221 for an image that no watched event has. True when reported."""
    events = ctx.scope.events
    having = {"old": {"update", "delete"}, "new": {"insert", "update"}}[row]
    if not events or events & having:
        return False
    event = "an insert has no old row" if row == "old" else "a delete has no new row"
    labels = (Label(ctx.scope.trigger, "watched here"),) if ctx.scope.trigger else ()
    other = "update" if row == "old" else "insert or update"
    ctx.sink.error(
        "FQL221", f"{event}, so `{written}` has no value", span, label=f"no {row} row",
        labels=labels, help=(f"watch {other}, or use the bare field",),
    )  # fmt: skip
    return True


def outside_each(name: str, span: Span, ctx: Context) -> e.Expr:
    """FQL343: one event's value where a batch of them is rendered once."""
    ctx.sink.error(
        "FQL343", f"`{name}` belongs to one event, but this place is rendered once for a batch",
        span, label="outside `each`",
        help=("put it inside `each { ... }`", "or use `_batch`, `_observer` or `_timestamp`"),
    )  # fmt: skip
    return poison(span)


# Built-in names --------------------------------------------------------------


def builtin(name: str, span: Span, ctx: Context) -> e.Expr:
    """The value of a built-in name. Reports FQL221 and 343."""
    scope = ctx.scope
    if name == "_batch" and scope.batch not in ("outside", "each"):
        ctx.sink.error(
            "FQL343", "`_batch` exists only in a batched action", span, label="no batch here",
            help=("add `batch: { size: ..., timeout: ... }` to the action",),
        )  # fmt: skip
        return poison(span)
    if scope.batch == "outside" and name not in IN_BATCH:
        return outside_each(name, span, ctx)
    if name in ("_old", "_new"):
        return _row_image(name, span, ctx)
    return e.Builtin(type=BUILTIN_TYPES[name], name=name, at=at(span))


def _row_image(name: str, span: Span, ctx: Context) -> e.Expr:
    if ctx.scope.entity is None or ctx.scope.entity.broken or (
        never_there(name[1:], name, span, ctx)
    ):  # fmt: skip
        return poison(span)
    of = replace(Type(ctx.scope.entity.name), nullable=row_absent(name[1:], ctx.scope))
    return narrowed(e.Builtin(type=of, name=name, at=at(span)), ctx.scope)


# What is not there -----------------------------------------------------------


def _bare_action(use: ast.NameUse, ctx: Context) -> e.Expr:
    code = "FQL311" if ctx.scope.template else "FQL201"
    end = Span(use.span.path, use.span.end, use.span.end)
    ctx.sink.error(
        code, f"`{use.text}` is an action and has no value of its own", use.span,
        label="an action", help=(f"write `{use.text}.response` for its answer",),
        fix=Fix((Edit(end, ".response"),), safe=False),
    )  # fmt: skip
    return poison(use.span)


def _unknown(use: ast.NameUse, ctx: Context) -> e.Expr:
    scope = ctx.scope
    fields = scope.entity.fields if scope.entity is not None else {}
    broken = scope.entity is not None and scope.entity.broken
    if broken or scope.project.unreadable(use.text, fields):
        return poison(use.span)
    if scope.constant:
        return _not_constant(use, ctx)
    if use.text in scope.project.enum_infos:
        return _enum_prefix(use, ctx)
    if _is_row_prefix(use, scope, ctx.sink):
        return _row_prefix(use, ctx)
    near_other = _near_other(use, scope, ctx.sink)
    if scope.entity is not None and not near_other:
        return unknown_field(ctx, scope.entity, use)
    code = "FQL311" if scope.template else "FQL202" if scope.entity is None else "FQL201"
    return _unknown_name(use, near_other or _other_names(scope), code, ctx)


_ROWS = frozenset({"new", "old", "event", "row", "record", "this", "self"})


def _is_row_prefix(use: ast.NameUse, scope: ExprScope, sink: Sink) -> bool:
    entity, word = scope.entity, use.text.lower()
    if entity is None or word not in (*_ROWS, entity.name.lower()):
        return False
    return nearest(use.text, sink.comparable(entity.fields)) is None


def _enum_prefix(use: ast.NameUse, ctx: Context) -> e.Expr:
    """`Status.paid`: the enum is known from the other side."""
    first = next(iter(ctx.scope.project.enum_infos[use.text].members), "member")
    ctx.sink.error(
        _code(ctx), f"`{use.text}` is an enum and has no value of its own", use.span,
        label="an enum",
        help=(f"members need no prefix: write `{first}`, not `{use.text}.{first}`",),
    )  # fmt: skip
    return poison(use.span)


def _code(ctx: Context) -> str:
    return "FQL311" if ctx.scope.template else "FQL201"


def _row_prefix(use: ast.NameUse, ctx: Context) -> e.Expr:
    """The row as other languages name it: fields need no prefix here."""
    word = use.text.lower()
    fix = Fix((Edit(use.span, f"_{word}"),)) if word in ("new", "old") else None
    help_ = ("fields need no prefix: write `name`, not `row.name`",
             "the rows are `_new` and `_old`, the old value of a field is `name.old`")  # fmt: skip
    ctx.sink.error(
        _code(ctx), f"unknown name `{use.text}`", use.span,
        label="unknown name", help=help_, fix=fix,
    )  # fmt: skip
    return poison(use.span)


def _unknown_name(use: ast.NameUse, candidates: tuple[str, ...], code: str, ctx: Context) -> e.Expr:
    help_, fix = suggestion(use.text, use.span, ctx.sink.comparable(candidates), "name")
    _mark_meant(fix, use, ctx)
    ctx.sink.error(
        code, f"unknown name `{use.text}`", use.span, label="unknown name", help=help_, fix=fix
    )
    return poison(use.span)


def _mark_meant(fix: Fix | None, use: ast.NameUse, ctx: Context) -> None:
    """A misspelt `let` is used: that it is not would be a second message for one cause."""
    for edit in fix.edits if fix is not None else ():
        if edit.text in ctx.scope.project.lets:
            ctx.scope.project.uses.mark("let", edit.text, use.span)


def _near_other(use: ast.NameUse, scope: ExprScope, sink: Sink) -> tuple[str, ...]:
    """Names besides fields that the name is close to, where no field is."""
    fields = scope.entity.fields if scope.entity is not None else {}
    if nearest(use.text, sink.comparable(fields)) is not None:
        return ()
    near = nearest(use.text, sink.comparable(_other_names(scope)))
    return () if near is None else (near,)


def _other_names(scope: ExprScope) -> tuple[str, ...]:
    return (*scope.variables, *scope.project.lets, *sorted(BUILTIN_NAMES))


def _not_constant(use: ast.NameUse, ctx: Context) -> e.Expr:
    known = ctx.sink.comparable(ctx.scope.project.lets)
    help_, fix = suggestion(use.text, use.span, known, "constant")
    _mark_meant(fix, use, ctx)
    ctx.sink.error(
        "FQL202", f"unknown name `{use.text}`: a `let` uses literals and other `let`s only",
        use.span, label="not a constant", help=help_, fix=fix,
    )  # fmt: skip
    return poison(use.span)
