"""What is after a dot or in brackets: fields of rows and types, old and new, responses."""

from __future__ import annotations

from collections.abc import Mapping

from fql.near import nearest
from fql.plan.language import expressions as e
from fql.plan.language import types as t
from fql.plan.language.functions import FUNCTIONS, names_of
from fql.plan.language.types import Type
from fqlc.diagnostics.model import Edit, Fix
from fqlc.names.fields import BUILTIN_NAMES
from fqlc.names.symbols import ANSWER, EntityInfo, FieldInfo
from fqlc.source.text import Span
from fqlc.syntax.tree import ast
from fqlc.types.names import (
    builtin,
    narrowed,
    never_there,
    outside_each,
    row_value,
)
from fqlc.types.report import (
    as_required,
    at,
    poison,
    poisoned,
    require,
    suggestion,
    unknown_field,
    why_null,
    wording,
)
from fqlc.types.scope import ActionView, Context

FAILURE_FIELDS: Mapping[str, Type] = {
    "message": t.STRING, "status": t.INT.optional(), "class": t.STRING, "attempts": t.INT,
}  # fmt: skip
BATCH_FIELDS: Mapping[str, Type] = {"id": t.STRING, "size": t.INT}
_VERSIONS: Mapping[str, e.RowName] = {"old": "old", "new": "new"}
_CHANGES = ("changed", "changed_to", "changed_from")
_WITHOUT_ARGUMENTS = {"changed", *names_of("method")} - {f.name for f in FUNCTIONS if f.least}


def field_of(expr: ast.Expr, ctx: Context) -> FieldInfo | None:
    """The field that a bare name stands for: on it `old`, `new` and `changed` mean the row's."""
    if isinstance(expr, ast.NameUse) and expr.text not in ctx.scope.variables:
        return ctx.scope.row_field(expr.text)
    return None


def infer_member(expr: ast.MemberAccess, ctx: Context) -> e.Expr:
    """`of.name` and `of?.name`. Reports FQL201, 202, 212, 214, 221, 302, 305, 311, 343."""
    name = expr.name.text
    field = field_of(expr.of, ctx)
    if field is not None and name in _VERSIONS:
        return _version(expr, field, _VERSIONS[name], ctx)
    if field is not None and name in _CHANGES:
        return _uncalled(expr, ctx)
    if field is None and isinstance(expr.of, ast.NameUse):
        if name in ("response", "error") and _not_a_value(expr.of, ctx):
            return _of_action(expr, expr.of, ctx)
        if expr.of.text in ("_old", "_new") and not ctx.scope.constant:
            return _of_image(expr, expr.of, ctx)
    return _of_value(expr, ctx)


# Row images ------------------------------------------------------------------


def _version(expr: ast.MemberAccess, field: FieldInfo, row: e.RowName, ctx: Context) -> e.Expr:
    if never_there(row, wording(expr).strip("`"), expr.span, ctx):
        return poison(expr.span)
    return row_value(row, field, expr.span, ctx)


def _of_image(expr: ast.MemberAccess, use: ast.NameUse, ctx: Context) -> e.Expr:
    """`_new.x` and `_old.x`, where the row must be there first."""
    image = builtin(use.text, use.span, ctx)
    entity = ctx.scope.entity
    if poisoned(image) or entity is None:
        return poison(expr.span)
    refused = image.type.nullable and _need_optional(expr, image, ctx) is not image
    field = entity.named(expr.name.text)
    if field is None:
        return unknown_field(ctx, entity, expr.name)
    value = row_value("old" if use.text == "_old" else "new", field, expr.span, ctx)
    return as_required(value) if refused and not field.type.nullable else value


def _uncalled(expr: ast.MemberAccess, ctx: Context) -> e.Expr:
    name = expr.name.text
    code = "FQL311" if ctx.scope.template else "FQL214"
    end = Span(expr.span.path, expr.span.end, expr.span.end)
    bare = name in _WITHOUT_ARGUMENTS
    ctx.sink.error(
        code, f"`{name}` is a method and must be called", expr.name.span,
        label="not called", help=(f"write `{name}({'' if bare else '...'})`",),
        fix=Fix((Edit(end, "()"),)) if bare else None,
    )  # fmt: skip
    return poison(expr.span)


# Actions ---------------------------------------------------------------------


def _not_a_value(use: ast.NameUse, ctx: Context) -> bool:
    """True when the name is an action, or nothing at all."""
    scope = ctx.scope
    if use.text in scope.actions:
        return True
    taken = use.text in scope.variables or use.text in scope.project.lets
    return not taken and use.text not in BUILTIN_NAMES and not scope.constant


def _of_action(expr: ast.MemberAccess, use: ast.NameUse, ctx: Context) -> e.Expr:
    """`action.response` and `action.error`."""
    view = ctx.scope.actions.get(use.text)
    if view is None:
        return _unknown_action(use, ctx)
    if ctx.scope.batch == "outside":
        return outside_each(f"{use.text}.{expr.name.text}", expr.span, ctx)
    if expr.name.text == "error":
        return _failure(expr, view, ctx)
    return _response(expr, view, ctx)


def _unknown_action(use: ast.NameUse, ctx: Context) -> e.Expr:
    scope = ctx.scope
    broken = scope.entity is not None and scope.entity.broken
    missing = scope.lacks_actions and nearest(use.text, ctx.sink.comparable(scope.actions)) is None
    if broken or missing or scope.project.unreadable(use.text):
        return poison(use.span)
    help_, fix = suggestion(use.text, use.span, ctx.sink.comparable(scope.actions), "action")
    ctx.sink.error(
        "FQL302", f"unknown action `{use.text}`", use.span, label="no action has this name",
        help=help_, fix=fix,
    )  # fmt: skip
    return poison(use.span)


def _response(expr: ast.MemberAccess, view: ActionView, ctx: Context) -> e.Expr:
    if view.response_state == "absent":
        return _absent(expr, view, f"the response of `{view.name}`", ctx)
    if view.wordless:
        return _wordless(expr, view, ctx)
    of = view.response if view.response is not None else t.JSON.optional()
    if view.response_state == "nullable" and of != t.ERROR:
        of = of.optional()
    return narrowed(e.Response(type=of, action=view.name, at=at(expr.span)), ctx.scope)


def _wordless(expr: ast.MemberAccess, view: ActionView, ctx: Context) -> e.Expr:
    ctx.sink.error(
        "FQL432", f"the contract of `{view.name}` tells of no JSON that is answered", expr.span,
        label="no JSON is answered",
        help=("if it answers some, declare it with `response:`",),
    )  # fmt: skip
    return poison(expr.span)


def _failure(expr: ast.MemberAccess, view: ActionView, ctx: Context) -> e.Expr:
    if view.error_state == "absent":
        return _absent(expr, view, f"the error of `{view.name}`", ctx)
    return e.Failure(type=Type("Failure"), action=view.name, at=at(expr.span))


def _absent(expr: ast.MemberAccess, view: ActionView, what: str, ctx: Context) -> e.Expr:
    error = expr.name.text == "error"
    reason = view.absent_reason or (
        "this action does not run after its failure" if error
        else f"`{view.name}` does not run before this on every path"
    )  # fmt: skip
    advice = view.absent_advice or (
        f"write `{view.name} else ...` in the flow to run this action when `{view.name}` is dead"
        if error else f"let this action come after `{view.name}` in the flow"
    )  # fmt: skip
    ctx.sink.error(
        "FQL305", f"{what} may not exist here: {reason}", expr.span, label="may not exist",
        labels=view.absent_labels, help=(advice,),
    )  # fmt: skip
    return poison(expr.span)


# Values ----------------------------------------------------------------------


def _of_value(expr: ast.MemberAccess, ctx: Context) -> e.Expr:
    of = ctx.infer(expr.of)
    if poisoned(of):
        return poison(expr.span)
    if of.type.nullable and not _missing_member(of, expr, ctx):
        of = _need_optional(expr, of, ctx)
    member = _member_type(of, expr, ctx)
    if member is None:
        return poison(expr.span)
    if of.type.nullable:
        member = member.optional()
    node = e.Member(type=member, of=of, name=expr.name.text, at=at(expr.span))
    return narrowed(node, ctx.scope)


def _missing_member(of: e.Expr, expr: ast.MemberAccess, ctx: Context) -> bool:
    """True when the member does not exist anyway: that is the one message then."""
    row = ctx.scope.project.row(of.type.name)
    return row is None or expr.name.text not in row.fields


def _need_optional(expr: ast.MemberAccess, of: e.Expr, ctx: Context) -> e.Expr:
    """FQL212 for a member of what may be null, unless written `?.`; text templates have only
    the dot and mean `?.` by it."""
    if expr.optional or ctx.scope.template:
        return of
    if ctx.scope.facts.in_doubt:
        return as_required(of)
    name = wording(expr.of)
    dot = Span(expr.span.path, expr.of.span.end, expr.name.span.start)
    ctx.sink.error(
        "FQL212", f"{name} may be null, so it may have no `{expr.name.text}`", expr.of.span,
        label=f"may be null (`{of.type}`)", labels=why_null(ctx.scope, of),
        help=(f"write `?.{expr.name.text}`: null stays null", f"or test {name} first"),
        fix=Fix((Edit(dot, "?."),), safe=False),
    )  # fmt: skip
    return as_required(of)


def _member_type(of: e.Expr, expr: ast.MemberAccess, ctx: Context) -> Type | None:
    name = expr.name
    if isinstance(of, e.Failure):
        return _fixed(FAILURE_FIELDS, "an error", name, ctx)
    if isinstance(of, e.Builtin) and of.name == "_batch":
        return _fixed(BATCH_FIELDS, "`_batch`", name, ctx)
    row = ctx.scope.project.row(of.type.name)
    if row is None:
        _no_members(of, expr, ctx)
        return None
    field = row.fields.get(name.text)
    if field is None:
        unknown_field(ctx, row, name)
        return None
    return None if field.type == t.ERROR else field.type


def _fixed(fields: Mapping[str, Type], owner: str, name: ast.Name, ctx: Context) -> Type | None:
    if name.text in fields:
        return fields[name.text]
    help_, fix = suggestion(name.text, name.span, fields, "field")
    ctx.sink.error(
        _unknown_code(ctx), f"{owner} has no field `{name.text}`", name.span,
        label="unknown field", help=help_, fix=fix,
    )  # fmt: skip
    return None


def _unknown_code(ctx: Context) -> str:
    return "FQL311" if ctx.scope.template else "FQL201"


def _no_members(of: e.Expr, expr: ast.MemberAccess, ctx: Context) -> None:
    name = expr.name.text
    if not ctx.scope.template and _is_method(name, of.type):
        _uncalled(expr, ctx)
        return
    help_: tuple[str, ...] = ()
    fix: Fix | None = None
    if of.type.name == "JSON":
        help_ = (f'write `["{name}"]`, which gives `JSON?`',)
        if isinstance(of, e.Response):
            help_ += (f"or declare the answer of `{of.action}` with `response:` and a `type`",)
        span = Span(expr.span.path, expr.of.span.end, expr.span.end)
        fix = None if ctx.scope.template else Fix((Edit(span, f'["{name}"]'),))
    elif of.type.is_list:
        help_ = ("a list has `length()`, `any(x, ...)`, `map(x, ...)` and others",)
    ctx.sink.error(
        _unknown_code(ctx), f"`{of.type.required()}` has no field `{name}`", expr.name.span,
        label="unknown field", help=help_, fix=fix,
    )  # fmt: skip


def _is_method(name: str, of: Type) -> bool:
    """True for the name of a method of such values, written without its parentheses."""
    fits = (f.operand.is_list if of.is_list else f.operand.name == of.name
            for f in FUNCTIONS if f.name == name and "method" in f.places)  # fmt: skip
    return any(fits) or (of.is_list and name in e.LIST_OPS)


# Brackets --------------------------------------------------------------------


def infer_index(expr: ast.IndexOf, ctx: Context) -> e.Expr:
    """`j["a"]` and `j[0]` on JSON; null gives null. Reports FQL211 and 212."""
    of = ctx.infer(expr.of)
    key = require(ctx, expr.key, ctx.infer(expr.key), "an index")
    if poisoned(of, key):
        return poison(expr.span)
    row = ctx.scope.project.row(of.type.name)
    if row is not None and row.kind == ANSWER:
        return _property(expr, of, row, key, ctx)
    if of.type.name != "JSON":
        return _not_json(expr, of, ctx)
    if key.type.name not in ("String", "Int"):
        ctx.sink.error(
            "FQL211", f"JSON is indexed by a text or a whole number, not by `{key.type}`",
            expr.key.span, label=f"this is `{key.type}`",
        )  # fmt: skip
        return poison(expr.span)
    node = e.Index(type=t.JSON.optional(), of=of, key=key, at=at(expr.span))
    return narrowed(node, ctx.scope)


def _property(expr: ast.IndexOf, of: e.Expr, row: EntityInfo, key: e.Expr, ctx: Context) -> e.Expr:
    """`x["odd-name"]`: a property of an answer whose name is not a word of the language."""
    if not isinstance(key, e.Constant) or not isinstance(key.value, str):
        ctx.sink.error(
            "FQL211", f"a property of `{row.name}` is named by a text that is written out",
            expr.key.span, label="not a text that is written out",
        )  # fmt: skip
        return poison(expr.span)
    field = row.fields.get(key.value)
    if field is None:
        name = ast.Name(span=expr.key.span, text=key.value)
        return unknown_field(ctx, row, name)
    member = field.type.optional() if of.type.nullable else field.type
    return narrowed(e.Member(type=member, of=of, name=key.value, at=at(expr.span)), ctx.scope)


def _not_json(expr: ast.IndexOf, of: e.Expr, ctx: Context) -> e.Expr:
    help_ = ("write `.name` to read a field",)
    if of.type.is_list:
        help_ = ("a list has `any(x, ...)` and `first()`, which work for any length",)
    ctx.sink.error(
        "FQL211", f"only JSON can be indexed, but {wording(expr.of)} is `{of.type}`",
        expr.of.span, label=f"this is `{of.type}`", help=help_,
    )  # fmt: skip
    return poison(expr.span)
