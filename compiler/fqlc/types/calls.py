"""Calls: methods and filters from the table of functions, `changed`, what is about items."""

from __future__ import annotations

import re

from fql.near import nearest
from fql.plan.language import expressions as e
from fql.plan.language import types as t
from fql.plan.language.functions import FUNCTIONS, HALF_UP, MOST_PLACES, Function, overloads
from fql.plan.language.patterns import pattern_problem
from fql.plan.language.types import Type
from fqlc.diagnostics.model import Label
from fqlc.names.symbols import FieldInfo
from fqlc.syntax.tree import ast
from fqlc.types.computed import changed
from fqlc.types.members import field_of
from fqlc.types.names import narrowed, never_there, outside_each, row_value
from fqlc.types.operands import comparable
from fqlc.types.report import (
    at,
    listing,
    mismatch,
    poison,
    poisoned,
    require,
    suggestion,
    wording,
)
from fqlc.types.scope import Context, ExprScope
from fqlc.types.values.choices import infer_case
from fqlc.types.values.items import LIST_METHODS, infer_items

CHANGES = {"changed": 0, "changed_to": 1, "changed_from": 1}
_TAKES_NULL = frozenset({"json", "as_string", "as_int", "as_float", "as_decimal", "as_boolean"})
"""What answers null for null: a missing part of JSON is read like one of another shape."""

_OTHER_FUNCTIONS = {
    "field_changed": "write `field.changed()`", "changed": "write `field.changed()`",
    "len": "write `value.length()`", "count": "write `value.length()`",
    "now": "there is no clock: `_timestamp` is the time of the event",
    "today": "there is no clock: `_timestamp` is the time of the event",
    "coalesce": "write `value ?? default`", "ifnull": "write `value ?? default`",
    "isnull": "write `value == null`", "range": "a range of statuses is written `500..599`",
    **dict.fromkeys(("listof", "setof", "arrayof", "list", "set"), "a list is written `[a, b]`"),
    "env": "write `${NAME}` in a header or url",
}  # fmt: skip
_OTHER_METHODS = {
    "toLowerCase": "lower", "toUpperCase": "upper", "strip": "trim", "len": "length",
    "size": "length", "count": "length", "substring": "slice", "substr": "slice",
    "ceiling": "ceil", "unix": "epoch", "getTime": "epoch_ms", "reduce": "sum", "find": "first",
    "test": "matches",
    "match": "matches", "some": "any", "every": "all", "indexOf": "contains",
    "includes": "contains", "has": "contains",
}  # fmt: skip
"""Words of other languages for functions and methods."""
_IN_OTHER_WORDS = {
    **dict.fromkeys(("is_null", "isNull", "isnull", "is_none", "isNone"), "write `== null`"),
    **dict.fromkeys(("is_not_null", "isNotNull", "notnull", "exists", "is_some", "isPresent"),
                    "write `!= null`"),
    **dict.fromkeys(("isEmpty", "is_empty", "empty"), "write `.length() == 0`"),
    **dict.fromkeys(("unwrap_or", "getOrElse", "orElse", "or_else"), "write `value ?? default`"),
    **dict.fromkeys(("eq", "equals"), "write `==`"),
    **dict.fromkeys(("format", "concat", "join"), "write a template: `\"{{ a }} {{ b }}\"`"),
    **dict.fromkeys(("last", "get"), "write `first(x, ...)`"),
}  # fmt: skip
_DATE_PATTERN = re.compile(r"(?:[^%]|%[YmdHMSj%])*")


def infer_call(expr: ast.CallOf, ctx: Context) -> e.Expr:
    """A call. Reports FQL212, 214, 221, 311."""
    callee = expr.callee
    if not isinstance(callee, ast.MemberAccess):
        return _free_function(expr, ctx)
    name = callee.name.text
    field = field_of(callee.of, ctx)
    if field is not None and name in CHANGES:
        return _changed(expr, callee, field, ctx)
    if ctx.scope.template:
        return _method(expr, callee, ctx)
    if name in LIST_METHODS:
        return _of_list(expr, callee, ctx)
    if name == "case":
        return infer_case(expr, callee, ctx)
    return _method(expr, callee, ctx)


def _free_function(expr: ast.CallOf, ctx: Context) -> e.Expr:
    """`lower(x)`: there are only methods; say how it is written."""
    callee = expr.callee
    name = callee.text if isinstance(callee, ast.NameUse) else ""
    help_: tuple[str, ...] = ("functions are methods here: write `value.name()`",)
    word = name.lower()
    if word in {f.name for f in FUNCTIONS}:
        help_ = (f"functions are methods here: write `value.{word}(...)`",)
    if word in _OTHER_FUNCTIONS:
        help_ = (_OTHER_FUNCTIONS[word],)
    ctx.sink.error(
        "FQL214", f"unknown function `{name}`" if name else "this cannot be called",
        callee.span, label="not a function", help=help_, covers=expr.span,
    )  # fmt: skip
    return poison(expr.span)


# Changes ---------------------------------------------------------------------


def _changed(  # noqa: PLR0911 - one line a refusal
    expr: ast.CallOf, callee: ast.MemberAccess, field: FieldInfo, ctx: Context
) -> e.Expr:
    """`f.changed()`; `f.changed_to(v)` is changed and the new value is v."""
    name = callee.name.text
    if not _arity(expr, callee, CHANGES[name], CHANGES[name], ctx):
        return poison(expr.span)
    if ctx.scope.batch == "outside":
        return outside_each(field.name, expr.span, ctx)
    if _never_changes(expr, ctx):
        return poison(expr.span)
    change: e.Expr = e.Changed(type=t.BOOLEAN, name=field.name, at=at(expr.span))
    if field.computed is not None:
        change = changed(field, expr.span, ctx)
    if name == "changed":
        return change
    row: e.RowName = "new" if name == "changed_to" else "old"
    version = row_value(row, field, expr.span, ctx)
    value = ctx.infer(expr.arguments[0], field.type)
    if poisoned(change, version, value):
        return poison(expr.span)
    if not comparable(version.type, value.type):
        return mismatch(ctx, name, ((callee.of, version), (expr.arguments[0], value)), expr.span)
    same = e.Binary(type=t.BOOLEAN, op="eq", left=version, right=value, at=at(expr.span))
    return e.Binary(type=t.BOOLEAN, op="and", left=change, right=same, at=at(expr.span))


def _never_changes(expr: ast.CallOf, ctx: Context) -> bool:
    """FQL221 for a change test where no update is watched."""
    events = ctx.scope.events
    if not events or "update" in events:
        return False
    if never_there("old", wording(expr).strip("`"), expr.span, ctx):
        return True
    if never_there("new", wording(expr).strip("`"), expr.span, ctx):
        return True
    labels = (Label(ctx.scope.trigger, "watched here"),) if ctx.scope.trigger else ()
    ctx.sink.error(
        "FQL221", "nothing can have changed: no update is watched", expr.span,
        label="always false", labels=labels, help=("watch updates, or drop the test",),
    )  # fmt: skip
    return True


# Lists -----------------------------------------------------------------------


def _of_list(expr: ast.CallOf, callee: ast.MemberAccess, ctx: Context) -> e.Expr:
    of = require(ctx, callee.of, ctx.infer(callee.of), f"`{callee.name.text}`")
    if poisoned(of):
        return poison(expr.span)
    if of.type.item is None:
        return _unknown_method(expr, callee, of, ctx)
    return narrowed(infer_items(expr, callee, of, ctx), ctx.scope)


# Methods and filters ---------------------------------------------------------


def _method(expr: ast.CallOf, callee: ast.MemberAccess, ctx: Context) -> e.Expr:
    name = callee.name.text
    place = "filter" if ctx.scope.template else "method"
    of = ctx.infer(callee.of)
    if poisoned(of):
        return poison(expr.span)
    functions = overloads(name, place)
    fitting = [f for f in functions if operand_fits(f, of.type, ctx.scope)]
    if not fitting:
        return _unknown_method(expr, callee, of, ctx)
    if callee.optional and of.type.nullable and name not in _TAKES_NULL:
        return _optional_call(callee, of, ctx)
    if name not in _TAKES_NULL:
        of = require(ctx, callee.of, of, f"`{name}`")
    least = min(f.least for f in fitting)
    most = max(len(f.parameters) for f in fitting)
    if poisoned(of) or not _arity(expr, callee, least, most, ctx):
        return poison(expr.span)
    given = len(expr.arguments)
    function = next(f for f in fitting if f.least <= given <= len(f.parameters))
    args = _arguments(expr, function, ctx)
    if args is None:
        return poison(expr.span)
    node = e.Call(type=function.result, name=name, of=of, args=args, at=at(expr.span))
    return narrowed(node, ctx.scope)


def methods_of(of: Type, scope: ExprScope) -> frozenset[str]:
    """The methods that a value has, in a template the filters."""
    place = "filter" if scope.template else "method"
    fitting = {f.name for f in FUNCTIONS if place in f.places and operand_fits(f, of, scope)}
    fitting |= set(LIST_METHODS) if of.is_list and not scope.template else set()
    return frozenset(fitting | ({"default"} if scope.template else set()))


def operand_fits(function: Function, of: Type, scope: ExprScope) -> bool:
    """Filters take what has a text form of its own as text: enums and UUIDs."""
    wanted = function.operand
    if function.name == "json":
        return True
    if wanted.item is not None:
        item = of.item
        if item is None:
            return False
        return wanted.item.name == "Error" or (_textual(item, scope) and not item.nullable)
    if wanted.name == "String":
        return _textual(of, scope)
    return of.required() == wanted


def _textual(of: Type, scope: ExprScope) -> bool:
    if of.name == "String" or not scope.template:
        return of.name == "String"
    return of.name == "UUID" or scope.is_enum(of)


def _optional_call(callee: ast.MemberAccess, of: e.Expr, ctx: Context) -> e.Expr:
    name = callee.name.text
    ctx.sink.error(
        "FQL214", f"`?.` reads fields; the method `{name}` needs a value", callee.span,
        label=f"{wording(callee.of)} may be null (`{of.type}`)",
        help=("test it with `!= null` first, or give a default: `(value ?? ...)."
              f"{name}()`",),
    )  # fmt: skip
    return poison(callee.span)


def _unknown_method(expr: ast.CallOf, callee: ast.MemberAccess, of: e.Expr, ctx: Context) -> e.Expr:
    template = ctx.scope.template
    place, what = ("filter", "filter") if template else ("method", "method")
    fitting = methods_of(of.type, ctx.scope)
    name = callee.name
    help_, fix = suggestion(name.text, name.span, fitting, what)
    if fix is None and not template and field_of(callee.of, ctx) is not None:
        change = nearest(name.text, CHANGES)
        help_, fix = suggestion(name.text, name.span, CHANGES, what) if change else (help_, None)
    if (advice := _IN_OTHER_WORDS.get(name.text)) is not None and fix is None and not template:
        help_ = (advice,)
    meant = _OTHER_METHODS.get(name.text, name.text)
    if meant == "contains" and of.type.is_list:
        help_, fix = ("write `value in list`",), None
    elif meant != name.text and meant in fitting and fix is None:
        help_ = (f"write `{meant}`",)
    exists = bool(overloads(name.text, place))
    message = f"`{of.type}` has no {what} `{name.text}`" if exists or not template else (
        f"unknown filter `{name.text}`"
    )  # fmt: skip
    if exists and fitting and fix is None and not of.type.is_list:
        help_ = (listing(fitting, f"{what}s of `{of.type.required()}`"),)
    ctx.sink.error(
        "FQL311" if template else "FQL214", message, name.span, label=f"unknown {what}",
        help=help_, fix=fix, covers=name.span.to(expr.span),
    )  # fmt: skip
    return poison(callee.span)


def _arity(expr: ast.CallOf, callee: ast.MemberAccess, least: int, most: int, ctx: Context) -> bool:
    given = len(expr.arguments)
    if least <= given <= most:
        return True
    wanted = str(most) if least == most else f"{least} to {most}"
    words = "no arguments" if most == 0 else f"{wanted} argument{'s' if most > 1 else ''}"
    ctx.sink.error(
        "FQL311" if ctx.scope.template else "FQL214",
        f"`{callee.name.text}` takes {words}, not {given}", expr.span,
        label="wrong number of arguments",
    )  # fmt: skip
    return False


def _arguments(expr: ast.CallOf, function: Function, ctx: Context) -> tuple[e.Expr, ...] | None:
    """The typed arguments; None when one was reported."""
    args: list[e.Expr] = []
    for written, wanted in zip(expr.arguments, function.parameters, strict=False):
        if function.name == "round" and wanted == t.STRING:
            if not _is_half_up(written, ctx):
                return None
            args.append(e.Constant(type=t.STRING, value=HALF_UP, at=at(written.span)))
            continue
        value = ctx.infer(written, wanted)
        value = require(ctx, written, value, f"`{function.name}`")
        if poisoned(value):
            return None
        if value.type != wanted:
            _wrong_argument(written, value, f"`{function.name}` needs `{wanted}`", ctx)
            return None
        problem = _literal_problem(function, value) if function.literal else ""
        if problem:
            _wrong_argument(written, value, problem, ctx)
            return None
        args.append(value)
    return tuple(args)


def _is_half_up(written: ast.Expr, ctx: Context) -> bool:
    """The word in `round(2, half_up)`, which names no value."""
    if isinstance(written, ast.NameUse) and written.text == HALF_UP:
        return True
    ctx.sink.error(
        "FQL214", "`round` takes `half_up` after the number of places", written.span,
        label="not a way to round", help=("without it halves go to the even digit",),
    )  # fmt: skip
    return False


def _wrong_argument(written: ast.Expr, value: e.Expr, message: str, ctx: Context) -> None:
    ctx.sink.error(
        "FQL311" if ctx.scope.template else "FQL214", message, written.span,
        label=f"this is `{value.type}`",
    )  # fmt: skip


def _literal_problem(function: Function, value: e.Expr) -> str:
    """What is wrong with an argument that must be a literal; empty when nothing."""
    if not isinstance(value, e.Constant):
        return f"the argument of `{function.name}` must be a literal"
    given = value.value
    if function.name in ("matches", "extract") and isinstance(given, str):
        return pattern_problem(given)
    if function.name == "date" and isinstance(given, str) and not _DATE_PATTERN.fullmatch(given):
        return "`date` knows %Y %m %d %H %M %S %j and %%"
    if function.name in ("round", "truncate") and isinstance(given, int):
        rounds = MOST_PLACES if "method" in function.places else 28
        limit = rounds if function.name == "round" else 1_000_000
        if not 0 <= given <= limit:
            return f"the argument of `{function.name}` must be from 0 to {limit}"
    return ""
