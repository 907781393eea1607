"""Operators: which operands fit, what comes out. One function a family of operators."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from fql.plan.language import expressions as e
from fql.plan.language import types as t
from fql.plan.language.types import Type
from fql.plan.verifying.operators import TIMES
from fql_grammar.tokens import OPERATORS
from fqlc.diagnostics.model import Edit, Fix
from fqlc.syntax.reading.other_languages import FOREIGN
from fqlc.syntax.tree import ast
from fqlc.types.constants.fold import fold, number_of
from fqlc.types.facts import facts_of, known
from fqlc.types.names import narrowed
from fqlc.types.operands import (
    Sides,
    comparable,
    infer_sides,
    is_number,
    joinable,
    refuses_members,
    widened,
)
from fqlc.types.report import at, bare, mismatch, poison, poisoned, require, wording
from fqlc.types.scope import Context

SIGNS = {operator.plan_name: sign for sign, operator in OPERATORS.items()} | {
    "not": "!", "neg": "-",
}  # fmt: skip
"""How each operator of the plan is written."""
_LONG_CHAIN = 32


def infer_binary(expr: ast.BinaryOf, ctx: Context, expected: Type | None) -> e.Expr:
    """The typed form of `left op right`."""
    if expr.op in ("and", "or"):
        return _chain(expr, ctx)
    rule = _RULES.get(expr.op, _arithmetic)
    return rule(expr, ctx, expected)


def infer_unary(expr: ast.UnaryOf, ctx: Context, expected: Type | None) -> e.Expr:
    """`!x` and `-x`."""
    if expr.op == "not":
        of = boolean(expr.of, ctx.infer(expr.of, t.BOOLEAN), ctx, "`!`")
        if poisoned(of):
            return poison(expr.span)
        return e.Unary(type=t.BOOLEAN, op="not", of=of, at=at(expr.span))
    of = require(ctx, expr.of, ctx.infer(expr.of, expected), "`-`")
    if poisoned(of):
        return poison(expr.span)
    if not (is_number(of.type) or of.type == t.DURATION):
        return mismatch(ctx, "-", ((expr.of, of),), expr.span)
    node = e.Unary(type=of.type, op="neg", of=of, at=at(expr.span))
    return fold(node) if isinstance(of, e.Constant) else node


# && and || -------------------------------------------------------------------


def _chain(expr: ast.BinaryOf, ctx: Context) -> e.Expr:
    """A chain of one operator, however long: each operand knows what those before it tell."""
    parts, guessed = _chain_parts(expr), _is_guessed(expr, ctx)
    name = f"`{SIGNS[expr.op]}`"
    typed: list[e.Expr] = []
    for part in parts:
        value = ctx.infer(part, t.BOOLEAN)
        judged = not guessed or value.type == t.BOOLEAN
        typed.append(boolean(part, value, ctx, name) if judged else poison(part.span))
        # `a || 0` is one slip, a default of another language, although neither side is Boolean.
        if expr.op == "or" and poisoned(typed[-1]) and not poisoned(value):
            guessed = True
        if not poisoned(typed[-1]):
            ctx = ctx.knowing(facts_of(typed[-1], expr.op == "and"))
    if poisoned(*typed):
        return poison(expr.span)
    return _joined(expr.op, typed)


def _is_guessed(expr: ast.BinaryOf, ctx: Context) -> bool:
    """True when the chain is written as in another language, which is reported: `a or "x"` may
    mean `??`, so its operands are not judged."""
    rest: ast.Expr = expr
    while isinstance(rest, ast.BinaryOf) and rest.op == expr.op:
        if ctx.sink.is_reported(FOREIGN, rest.operator):
            return True
        rest = rest.left
    return False


def _chain_parts(expr: ast.BinaryOf) -> list[ast.Expr]:
    """The operands of a left-deep chain of `&&` or `||`."""
    parts: list[ast.Expr] = []
    rest: ast.Expr = expr
    while isinstance(rest, ast.BinaryOf) and rest.op == expr.op:
        parts.append(rest.right)
        rest = rest.left
    return [rest, *reversed(parts)]


def _joined(op: str, parts: list[e.Expr]) -> e.Expr:
    """The operands as a left-deep tree; a long chain in halves, so that no tree is deep."""
    if len(parts) > _LONG_CHAIN:
        middle = len(parts) // 2
        parts = [_joined(op, parts[:middle]), _joined(op, parts[middle:])]
    whole = parts[0]
    for part in parts[1:]:
        span = (whole.at[0], part.at[1]) if whole.at and part.at else None
        whole = e.Binary(type=t.BOOLEAN, op=op, left=whole, right=part, at=span)
    return whole


def boolean(written: ast.Expr, value: e.Expr, ctx: Context, use: str) -> e.Expr:
    """Demand a Boolean that is not null."""
    if poisoned(value) or value.type.required() == t.BOOLEAN:
        return require(ctx, written, value, use)
    if use == "`if`":
        ctx.sink.error(
            "FQL213", f"an `if` must be Boolean, but {wording(written)} is `{value.type}`",
            written.span, label=f"this is `{value.type}`", help=("compare it with a value",),
        )  # fmt: skip
        return poison(written.span)
    help_ = (f"{wording(written)} is `{value.type}`, not a Boolean: compare it with a value",)
    return mismatch(ctx, use.strip("`"), ((written, value),), written.span, help_=help_)


# Equality, order, membership -------------------------------------------------


def _equality(expr: ast.BinaryOf, ctx: Context, expected: Type | None) -> e.Expr:
    del expected
    sides = infer_sides(expr.left, expr.right, ctx)
    if poisoned(sides.left, sides.right):
        return poison(expr.span)
    if not comparable(sides.left.type, sides.right.type):
        return _misfit(expr, sides, ctx)
    return poison(expr.span) if refuses_members(expr, sides, ctx) else _boolean_node(expr, sides)


def _order(expr: ast.BinaryOf, ctx: Context, expected: Type | None) -> e.Expr:
    del expected
    sides = infer_sides(expr.left, expr.right, ctx).required(expr, ctx, f"`{SIGNS[expr.op]}`")
    if poisoned(sides.left, sides.right):
        return poison(expr.span)
    left, right = sides.left.type, sides.right.type
    ordered = (is_number(left) and is_number(right)) or (left == right and left.name in t.ORDERED)
    if not ordered or not comparable(left, right):
        return _misfit(expr, sides, ctx)
    return _boolean_node(expr, sides)


def _boolean_node(expr: ast.BinaryOf, sides: Sides) -> e.Expr:
    return e.Binary(
        type=t.BOOLEAN, op=expr.op, left=sides.left, right=sides.right, at=at(expr.span)
    )


def _membership(expr: ast.BinaryOf, ctx: Context, expected: Type | None) -> e.Expr:
    del expected
    sides = infer_sides(expr.left, expr.right, ctx, member=True)
    right = require(ctx, expr.right, sides.right, f"`{SIGNS[expr.op]}`")
    if poisoned(sides.left, right):
        return poison(expr.span)
    item = right.type.item
    sides = Sides(sides.left, right)
    if item is None:
        return _misfit(expr, sides, ctx, _not_a_list(expr, right))
    if not comparable(sides.left.type, item) and item.name != "Null":
        return _odd_item(expr, sides, ctx) or _misfit(expr, sides, ctx)
    return poison(expr.span) if refuses_members(expr, sides, ctx) else _boolean_node(expr, sides)


def _odd_item(expr: ast.BinaryOf, sides: Sides, ctx: Context) -> e.Expr | None:
    """Of a list whose items are of several types the first that does not fit is shown."""
    written = bare(expr.right)
    if not isinstance(written, ast.ListLiteral) or not isinstance(sides.right, e.ListOf):
        return None
    left = sides.left.type
    for place, item in zip(written.items, sides.right.items, strict=True):
        if not comparable(left, item.type):
            of_text = _advice_on_text(place, left) or _NO_ADVICE
            pairs = ((expr.left, sides.left), (place, item))
            return mismatch(
                ctx, SIGNS[expr.op], pairs, place.span, help_=of_text[0], fix=of_text[1]
            )
    return None


def _not_a_list(expr: ast.BinaryOf, right: e.Expr) -> tuple[str, ...]:
    if right.type == t.STRING:
        whole = wording(expr.right).strip("`")
        return (f"to search in a text write `{whole}.contains(...)`",)
    return ("the right side of `in` must be a list",)


def _misfit(expr: ast.BinaryOf, sides: Sides, ctx: Context, help_: tuple[str, ...] = ()) -> e.Expr:
    advice, fix = _advice(expr, sides)
    pairs = ((expr.left, sides.left), (expr.right, sides.right))
    return mismatch(ctx, SIGNS[expr.op], pairs, expr.span, help_=help_ or advice, fix=fix)


_Advice = tuple[tuple[str, ...], Fix | None]
_NO_ADVICE: _Advice = ((), None)


def _advice(expr: ast.BinaryOf, sides: Sides) -> _Advice:
    """What to do about operands that do not fit, by the pair of types."""
    if expr.op in ("add", "mod") and t.STRING in (sides.left.type, sides.right.type):
        return ('join texts with a template: `"{{ a }} {{ b }}"`',), None
    if expr.op in ("lt", "le", "gt", "ge") and sides.left.type == sides.right.type:
        return ("values of this type have no order: compare them with `==` or `in`",), None
    of_text = _advice_on_text(expr.left, sides.right.type) or _advice_on_text(
        expr.right, sides.left.type
    )
    return of_text or _advice_on_types(sides.left.type, sides.right.type)


def _advice_on_text(written: ast.Expr, other: Type) -> _Advice | None:
    """A text in quotes opposite another type."""
    quoted = bare(written)
    if not isinstance(quoted, ast.StringLiteral):
        return None
    if is_number(other):
        return ("a quoted text is never a number: remove the quotes",), _unquoted(quoted)
    if other == t.BOOLEAN:
        return _BOOLEAN_ADVICE
    return None


_BOOLEAN_ADVICE: _Advice = (("a Boolean needs no comparison: `x` or `!x`",), None)


def _advice_on_types(left: Type, right: Type) -> _Advice:
    names = {left.name, right.name}
    if "Boolean" in names and (is_number(left) or is_number(right)):
        return _BOOLEAN_ADVICE
    if "JSON" in names:
        other = right if left.name == "JSON" else left
        return (f"read it as a value first: `{_json_method(other)}`",), None
    if "Float" in names and is_number(left) and is_number(right):
        return ("convert one side with `.to_decimal()` or `.to_float()`",), None
    if (is_number(left) or is_number(right)) and names & {"Duration", "DateTime", "Date"}:
        return ("a time has a unit: `90s`, `5m`, `1h`, `7d`",), None
    return _NO_ADVICE


def _unquoted(literal: ast.StringLiteral) -> Fix | None:
    text = literal.value.strip()
    if not text.replace(".", "", 1).isdecimal() or not text.isascii():
        return None
    return Fix((Edit(literal.span, text),))


def _json_method(of: Type) -> str:
    names = {"Int": "as_int()", "Float": "as_float()", "Decimal": "as_decimal()",
             "Boolean": "as_boolean()"}  # fmt: skip
    return names.get(of.name, "as_string()")


# ?? --------------------------------------------------------------------------


def _default(expr: ast.BinaryOf, ctx: Context, expected: Type | None) -> e.Expr:
    sides = infer_sides(expr.left, expr.right, ctx, expected=expected)
    left, right = sides.left, sides.right
    if poisoned(left, right):
        return poison(expr.span)
    of = _default_type(left.type, right.type)
    if of is None:
        return _misfit(expr, sides, ctx)
    return e.Binary(type=of, op="coalesce", left=left, right=right, at=at(expr.span))


def _default_type(left: Type, right: Type) -> Type | None:
    """The type of `left ?? right`, None where they do not fit."""
    if left.name == "Null":
        return right
    if right.name == "Null":
        return left.optional()
    if not joinable(left, right):
        return None
    of = widened(left.required(), right.required())
    return of.optional() if right.nullable else of


# Arithmetic ------------------------------------------------------------------


def _arithmetic(expr: ast.BinaryOf, ctx: Context, expected: Type | None) -> e.Expr:
    hint = expected if expected is not None and _computes(expected) else None
    sides = infer_sides(expr.left, expr.right, ctx, expected=hint)
    sides = sides.required(expr, ctx, f"`{SIGNS[expr.op]}`")
    left, right = sides.left, sides.right
    if poisoned(left, right):
        return poison(expr.span)
    if not (is_number(left.type) and is_number(right.type)):
        return _time(expr, sides, ctx)
    if not comparable(left.type, right.type):
        return _misfit(expr, sides, ctx)
    of = widened(left.type, right.type)
    if expr.op == "div" and of == t.INT:
        of = t.DECIMAL
    if expr.op in ("div", "mod") and not _never_zero(right, ctx):
        of = of.optional()
    return narrowed(
        e.Binary(type=of, op=expr.op, left=left, right=right, at=at(expr.span)), ctx.scope
    )


def _computes(of: Type) -> bool:
    return is_number(of) or of.name in ("DateTime", "Date")


def _never_zero(divisor: e.Expr, ctx: Context) -> bool:
    number = number_of(fold(divisor))
    if number is not None:
        return number != 0
    return known(ctx.scope.facts.non_zero, divisor, ctx.scope.events)


def _time(expr: ast.BinaryOf, sides: Sides, ctx: Context) -> e.Expr:
    """Dates and durations; `5s + t` is `t + 5s`."""
    left, right = sides.left, sides.right
    if expr.op == "add" and left.type == t.DURATION and right.type in (t.DATETIME, t.DATE):
        left, right = right, left
    of = TIMES.get((expr.op, left.type.name, right.type.name))
    if of is None:
        return _misfit(expr, sides, ctx)
    if left.type == t.DATE and right.type == t.DURATION and not _whole_days(right):
        return _misfit(expr, sides, ctx, ("a Date has no time of day: use whole days",))
    return e.Binary(type=of, op=expr.op, left=left, right=right, at=at(expr.span))


def _whole_days(value: e.Expr) -> bool:
    """False for a constant duration with a part of a day."""
    if isinstance(value, e.Constant) and isinstance(value.value, timedelta):
        return value.value % timedelta(days=1) == timedelta(0)
    return True


_RULES: dict[str, Callable[[ast.BinaryOf, Context, Type | None], e.Expr]] = {
    "eq": _equality, "ne": _equality, "lt": _order, "le": _order, "gt": _order, "ge": _order,
    "in": _membership, "not_in": _membership, "coalesce": _default,
}  # fmt: skip
