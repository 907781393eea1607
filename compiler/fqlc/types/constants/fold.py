"""Constant folding: what an expression of constants comes to. Pure, and never raises."""

from __future__ import annotations

import decimal
import operator
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from fql.plan.language import expressions as e
from fql.plan.language import types as t
from fqlc.types.constants.literals import to_float

Number = int | float | Decimal
_Order = Callable[[Any, Any], object]
"""Python's order, for operands that were seen to be of one kind."""

_EXACT = decimal.Context(prec=4_000, traps=[])
_DIVISION = decimal.Context(prec=28, rounding=decimal.ROUND_HALF_EVEN, traps=[])
_LARGEST = 10**1_000
"""Constants beyond it are left to the runtime; so folding cannot be made slow."""

_ORDER: dict[str, _Order] = {
    "lt": operator.lt, "le": operator.le, "gt": operator.gt, "ge": operator.ge,
}  # fmt: skip


def fold(expr: e.Expr) -> e.Expr:
    """The same expression with operators on constants carried out."""
    match expr:
        case e.Binary():
            left, right = fold(expr.left), fold(expr.right)
            same = left is expr.left and right is expr.right
            return _binary(expr if same else replace(expr, left=left, right=right))
        case e.Unary():
            of = fold(expr.of)
            return _unary(expr if of is expr.of else replace(expr, of=of))
        case e.Choose():
            return _choice(expr)
        case e.ListOf():
            items = tuple(map(fold, expr.items))
            changed = any(a is not b for a, b in zip(items, expr.items, strict=True))
            return replace(expr, items=items) if changed else expr
    return expr


def number_of(expr: e.Expr) -> Number | None:
    """The number of a numeric constant."""
    value = expr.value if isinstance(expr, e.Constant) else None
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return None
    return value


def truth_of(expr: e.Expr) -> bool | None:
    """What a Boolean expression of constants comes to; None when it is not constant."""
    folded = fold(expr)
    if isinstance(folded, e.Constant) and isinstance(folded.value, bool):
        return folded.value
    return None


def _constant(like: e.Expr, value: object) -> e.Expr:
    return e.Constant(type=like.type, value=value, at=like.at)


def _unary(expr: e.Unary) -> e.Expr:
    if not isinstance(expr.of, e.Constant):
        return expr
    value = expr.of.value
    if expr.op == "not" and isinstance(value, bool):
        return _constant(expr, not value)
    if expr.op == "neg" and isinstance(value, int | float | timedelta):
        return _constant(expr, -value)
    if expr.op == "neg" and isinstance(value, Decimal):
        return _constant(expr, value.copy_negate())
    return expr


def _binary(expr: e.Binary) -> e.Expr:  # noqa: PLR0911 - one line a kind
    if expr.op in ("and", "or"):
        return _logic(expr)
    if expr.op == "coalesce":
        return _default(expr)
    if expr.op in ("in", "not_in"):
        return _membership(expr)
    left, right = expr.left, expr.right
    if not (isinstance(left, e.Constant) and isinstance(right, e.Constant)):
        return expr
    if expr.op in ("eq", "ne"):
        same = same_value(left, right)
        return expr if same is None else _constant(expr, same == (expr.op == "eq"))
    if expr.op in _ORDER:
        return _ordered(expr, left.value, right.value)
    return _arithmetic(expr)


def _logic(expr: e.Binary) -> e.Expr:
    """`true && x` is x, `false && x` is false; also with the sides swapped, for `or` likewise."""
    decisive = expr.op == "or"
    for one, other in ((expr.left, expr.right), (expr.right, expr.left)):
        if isinstance(one, e.Constant) and isinstance(one.value, bool):
            return _constant(expr, decisive) if one.value is decisive else other
    return expr


def _choice(expr: e.Choose) -> e.Expr:
    """A choice without the branches that are decided."""
    branches: list[tuple[e.Expr, e.Expr]] = []
    for test, value in expr.branches:
        decided = truth_of(test)
        if decided is True:
            rest = replace(expr, branches=tuple(branches), otherwise=value)
            return rest if branches else fold(value)
        if decided is None:
            branches.append((fold(test), fold(value)))
    if not branches:
        return fold(expr.otherwise)
    return replace(expr, branches=tuple(branches), otherwise=fold(expr.otherwise))


def _default(expr: e.Binary) -> e.Expr:
    if isinstance(expr.left, e.Constant):
        return expr.right if expr.left.value is None else expr.left
    return expr


def _membership(expr: e.Binary) -> e.Expr:
    if not isinstance(expr.left, e.Constant) or not isinstance(expr.right, e.ListOf):
        return expr
    inside = False
    for item in expr.right.items:
        same = same_value(expr.left, item) if isinstance(item, e.Constant) else None
        if same is None:
            return expr
        inside = inside or same
    return _constant(expr, inside == (expr.op == "in"))


def same_value(left: e.Constant, right: e.Constant) -> bool | None:
    """Null-safe equality of two constants; None where it is not known here."""
    a, b = left.value, right.value
    if a is None or b is None:
        return a is b
    if left.type.name == "Error" or right.type.name == "Error":
        return None
    numbers = number_of(left) is not None, number_of(right) is not None
    if type(a) is not type(b) and not all(numbers):
        return None
    return bool(a == b)


def _ordered(expr: e.Binary, left: object, right: object) -> e.Expr:
    numbers = isinstance(left, int | float | Decimal) and isinstance(right, int | float | Decimal)
    if not numbers and type(left) is not type(right):
        return expr
    if left is None or not isinstance(left, int | float | Decimal | str | date | timedelta):
        return expr
    return _constant(expr, bool(_ORDER[expr.op](left, right)))


# Arithmetic ------------------------------------------------------------------


def _arithmetic(expr: e.Binary) -> e.Expr:
    left, right = number_of(expr.left), number_of(expr.right)
    if left is None or right is None:
        return _duration(expr)
    if not all(-_LARGEST < side < _LARGEST for side in (left, right)):
        return expr
    value = _calculate(expr.op, left, right)
    if value is None:
        return expr
    return e.Constant(type=_type_of(value), value=value, at=expr.at)


def _duration(expr: e.Binary) -> e.Expr:
    left = expr.left.value if isinstance(expr.left, e.Constant) else None
    right = expr.right.value if isinstance(expr.right, e.Constant) else None
    if expr.op not in ("add", "sub") or not isinstance(right, timedelta):
        return expr
    if not isinstance(left, timedelta) or isinstance(left, datetime):
        return expr
    try:
        return _constant(expr, left + right if expr.op == "add" else left - right)
    except OverflowError:
        return expr


def _type_of(value: Number) -> t.Type:
    if isinstance(value, Decimal):
        return t.DECIMAL
    return t.FLOAT if isinstance(value, float) else t.INT


def _calculate(op: str, left: Number, right: Number) -> Number | None:
    """The result with the rules of the language: exact but for `/`; None for division by zero."""
    if isinstance(left, float) or isinstance(right, float):
        return _floats(op, to_float_any(left), to_float_any(right))
    if op in ("div", "mod") and right == 0:
        return None
    if op == "div":
        return _DIVISION.divide(Decimal(left), Decimal(right))
    if isinstance(left, int) and isinstance(right, int):
        return {"add": left + right, "sub": left - right, "mul": left * right}.get(
            op, left % right if right else 0
        )
    return _decimals(op, Decimal(left), Decimal(right))


def _decimals(op: str, left: Decimal, right: Decimal) -> Decimal:
    if op == "mod":
        rest = _EXACT.remainder(left, right)
        return _EXACT.add(rest, right) if rest and (rest < 0) != (right < 0) else rest
    operation = {"add": _EXACT.add, "sub": _EXACT.subtract, "mul": _EXACT.multiply}[op]
    return operation(left, right)


def to_float_any(value: Number) -> float:
    """A number as a float; beyond the largest finite one that."""
    return value if isinstance(value, float) else to_float(value)


def _floats(op: str, left: float, right: float) -> float | None:
    if op in ("div", "mod") and right == 0:
        return None
    operation: Callable[[float, float], float] = {
        "add": operator.add, "sub": operator.sub, "mul": operator.mul,
        "div": operator.truediv, "mod": operator.mod,
    }[op]  # fmt: skip
    try:
        return to_float(Decimal(operation(left, right)))
    except (OverflowError, decimal.InvalidOperation):
        return None
