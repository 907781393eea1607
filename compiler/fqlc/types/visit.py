"""Inference: one rule for each kind of expression. The parser limits their depth."""

from __future__ import annotations

from collections.abc import Callable

from fql.plan.language import expressions as e
from fql.plan.language import types as t
from fql.plan.language.types import Type
from fqlc.syntax.tree import ast
from fqlc.types import operators
from fqlc.types.calls import infer_call
from fqlc.types.constants import literals
from fqlc.types.members import infer_index, infer_member
from fqlc.types.names import infer_name
from fqlc.types.report import at, poison
from fqlc.types.scope import Context
from fqlc.types.texts.templates import check_literal
from fqlc.types.values import bodies, choices


def visit(expr: ast.Expr, ctx: Context, expected: Type | None) -> e.Expr:
    """The typed form of an expression. `expected` is what literals and bare names adapt to."""
    rule = _RULES.get(type(expr))
    value = poison(expr.span) if rule is None else rule(expr, ctx, expected)
    if ctx.scope.project.listener is not None:
        ctx.scope.project.listener(expr, ctx.scope, expected, value)
    return value


def _number(expr: ast.NumberLiteral, ctx: Context, expected: Type | None) -> e.Expr:
    # A `let` keeps the digits as written: what they become is decided where it is used.
    if ctx.scope.constant and expected is None:
        expected = t.DECIMAL if not isinstance(expr.value, int) else None
    return literals.as_number(expr.value, expected, expr.span, ctx)


def _typed_text(expr: ast.StringLiteral, ctx: Context, expected: Type | None) -> e.Expr:
    if expr.environment or expr.is_template:
        return check_literal(expr, ctx)
    return literals.text(expr.value, expr.span, expected, ctx)


def _size(expr: ast.SizeLiteral, ctx: Context, expected: Type | None) -> e.Expr:
    del ctx, expected
    return e.Constant(type=t.INT, value=expr.size, at=at(expr.span))


def _range(expr: ast.RangeLiteral, ctx: Context, expected: Type | None) -> e.Expr:
    del expected
    ctx.sink.error(
        "FQL211", "ranges are allowed in status lists only", expr.span,
        help=("compare with `>=` and `<=`",),
    )  # fmt: skip
    return poison(expr.span)


_RULES: dict[type, Callable[..., e.Expr]] = {
    ast.NumberLiteral: _number,
    ast.StringLiteral: _typed_text,
    ast.SizeLiteral: _size,
    ast.RangeLiteral: _range,
    ast.WordLiteral: lambda x, _c, _t: literals.word(x),
    ast.DurationLiteral: lambda x, _c, _t: literals.duration(x),
    ast.NameUse: infer_name,
    ast.MemberAccess: lambda x, c, _t: infer_member(x, c),
    ast.CallOf: lambda x, c, _t: infer_call(x, c),
    ast.IndexOf: lambda x, c, _t: infer_index(x, c),
    ast.UnaryOf: operators.infer_unary,
    ast.BinaryOf: operators.infer_binary,
    ast.IfOf: choices.infer_if,
    ast.ListLiteral: bodies.infer_list,
    ast.ObjectLiteral: lambda x, c, _t: bodies.infer_object(x, c),
    ast.EachOf: lambda x, c, _t: bodies.infer_each(x, c),
    ast.Parenthesised: lambda x, c, t_: visit(x.inner, c, t_),
    ast.ErrorExpression: lambda x, _c, _t: poison(x.span),
}
