"""A flat row of operands and operators to a tree, by the table of operators.

Dijkstra's shunting yard: operators wait on a stack until one that binds less tightly comes. It
has no recursion, so a row may be of any length.
"""

from __future__ import annotations

from dataclasses import dataclass

from fql_grammar.tokens import (
    ACCEPTED_SPELLINGS,
    COMPARISON_BINDING,
    NEGATION_BINDING,
    NOT_BINDING,
    OPERATORS,
)
from fqlc.diagnostics.model import Diagnostic, Edit, Fix
from fqlc.source.text import Span
from fqlc.syntax.reading.lexemes import Lexeme
from fqlc.syntax.reading.other_languages import FOREIGN
from fqlc.syntax.tree import ast

_COMPARISONS = frozenset(o.plan_name for o in OPERATORS.values() if o.binding == COMPARISON_BINDING)


@dataclass(slots=True)
class _Waiting:
    """An operator on the stack; `op` is its name in the plan."""

    binding: int
    op: str
    lexeme: Lexeme


def fold(row: list[ast.Expr | Lexeme]) -> ast.Expr:
    """The tree of a row such as `! a == b && - c`; reports chains of comparisons (FQL101) and
    `!` before an unparenthesised comparison (FQL104)."""
    operands: list[ast.Expr] = []
    waiting: list[_Waiting] = []
    wants_operand = True
    for item in row:
        if not isinstance(item, Lexeme):
            operands.append(item)
            wants_operand = False
        elif wants_operand:
            waiting.append(_prefix(item))
        else:
            operator, right = _binary(item)
            _apply_tighter(operands, waiting, operator.binding, right=right)
            waiting.append(operator)
            wants_operand = True
    _apply_tighter(operands, waiting, 0, right=False)
    return operands[0]


def spelling(lexeme: Lexeme) -> str:
    """The operator in the formatter's spelling."""
    text = lexeme.text
    if text[0] in "nN" and text not in OPERATORS:
        text = " ".join(text.split())
    return ACCEPTED_SPELLINGS.get(text, text)


def _prefix(lexeme: Lexeme) -> _Waiting:
    if lexeme.type == "MINUS":
        return _Waiting(NEGATION_BINDING, "neg", lexeme)
    return _Waiting(NOT_BINDING, "not", lexeme)


def _binary(lexeme: Lexeme) -> tuple[_Waiting, bool]:
    operator = OPERATORS[spelling(lexeme)]
    return _Waiting(operator.binding, operator.plan_name, lexeme), operator.right


def _apply_tighter(
    operands: list[ast.Expr], waiting: list[_Waiting], binding: int, *, right: bool
) -> None:
    while waiting and (
        waiting[-1].binding > binding or (waiting[-1].binding == binding and not right)
    ):
        top = waiting.pop()
        if top.op in ("not", "neg"):
            operands.append(_unary(top, operands.pop()))
        else:
            second = operands.pop()
            operands.append(_pair(top, operands.pop(), second))


def _unary(top: _Waiting, of: ast.Expr) -> ast.UnaryOf:
    lexeme = top.lexeme
    if lexeme.text == "not":
        _report_not(lexeme, of)
    elif lexeme.text == "!" and (comparison := _comparison(of)) is not None:
        _report_unclear_not(lexeme, comparison)
    span = Span(lexeme.origin.path, lexeme.start, of.span.end)
    return ast.UnaryOf(span=span, op=top.op, of=of, operator=lexeme.span())


def _pair(top: _Waiting, left: ast.Expr, right: ast.Expr) -> ast.BinaryOf:
    if top.op in _COMPARISONS and (first := _comparison(left)) is not None:
        _report_chain(top.lexeme, first, right)
        left, right = first, _again(top, first, right)
        top = _Waiting(top.binding, "and", top.lexeme)
    if top.op in ("in", "not_in"):
        right = _as_list(right, top.lexeme)
    else:
        if isinstance(left, ast.ListLiteral):
            left = _without_tuple(left)
        if isinstance(right, ast.ListLiteral):
            right = _without_tuple(right)
    span = left.span.to(right.span)
    return ast.BinaryOf(span=span, op=top.op, left=left, right=right, operator=top.lexeme.span())


def _again(top: _Waiting, first: ast.BinaryOf, right: ast.Expr) -> ast.BinaryOf:
    """The second comparison of `a < b < c`, read as `b < c`."""
    span = first.right.span.to(right.span)
    where = top.lexeme.span()
    return ast.BinaryOf(span=span, op=top.op, left=first.right, right=right, operator=where)


def _as_list(right: ast.Expr, operator: Lexeme) -> ast.Expr:
    """`in ('a')` is a list of one; `in ('a', 'b')` is where a list in parentheses belongs."""
    if isinstance(right, ast.Parenthesised):
        return ast.ListLiteral(span=right.span, items=(right.inner,), parenthesised=True)
    if isinstance(right, ast.ListLiteral) and right.parenthesised:
        operator.origin.soft.remove(stray_list(right.span))
    return right


def _without_tuple(operand: ast.ListLiteral) -> ast.Expr:
    """`(a, b)` was reported as a whole; what an operator makes of it is not said besides."""
    return ast.ErrorExpression(span=operand.span) if operand.parenthesised else operand


def stray_list(span: Span) -> Diagnostic:
    """What is reported about `(a, b)` anywhere but after `in`."""
    return Diagnostic(
        "FQL101",
        "parentheses hold one value; with commas they are a list, allowed after `in` only",
        span,
        label="expected one value",
        help=("write a list as `[a, b]`",),
    )


def _comparison(expr: ast.Expr) -> ast.BinaryOf | None:
    """The expression when it is a comparison without parentheses."""
    return expr if isinstance(expr, ast.BinaryOf) and expr.op in _COMPARISONS else None


def _report_not(lexeme: Lexeme, of: ast.Expr) -> None:
    """`not x`, Python's spelling; after the fix the meaning is the one it has in Python."""
    sign = Span(lexeme.origin.path, lexeme.start, of.span.start)
    edits = [Edit(sign, "!")]
    if _comparison(of) is not None:
        end = Span(lexeme.origin.path, of.span.end, of.span.end)
        edits = [Edit(sign, "!("), Edit(end, ")")]
    lexeme.origin.sink.error(
        FOREIGN,
        "`not` is spelled `!` here",
        lexeme.span(),
        label="write `!`",
        fix=Fix(tuple(edits)),
    )


def _report_unclear_not(lexeme: Lexeme, of: ast.BinaryOf) -> None:
    """`!a == b` reads differently in different languages: both readings are offered."""
    text = lexeme.origin.text
    left, right = _written(text, of.left), _written(text, of.right)
    operator = text[of.operator.start : of.operator.end]
    whole = Span(lexeme.origin.path, lexeme.start, of.span.end)
    lexeme.origin.sink.error(
        FOREIGN,
        "`!` before a comparison can be read in two ways",
        whole,
        label="needs parentheses",
        help=(
            f"to negate the comparison write `!({left} {operator} {right})`",
            f"to compare the negated value write `(!{left}) {operator} {right}`",
        ),
        fix=Fix((Edit(whole, f"!({left} {operator} {right})"),), safe=False),
    )


def _written(text: str, expr: ast.Expr) -> str:
    return text[expr.span.start : expr.span.end]


def _report_chain(lexeme: Lexeme, left: ast.BinaryOf, right: ast.Expr) -> None:
    """`a < b < c` compares a Boolean with c in most languages; nobody means that."""
    middle = _written(lexeme.origin.text, left.right)
    start = Span(lexeme.origin.path, left.span.end, left.span.end)
    lexeme.origin.soft.append(
        Diagnostic(
            "FQL101",
            "comparisons cannot be chained",
            left.span.to(right.span),
            label=f"expected `&&` before this second comparison with `{middle}`",
            help=(f"compare twice: `... && {middle} {lexeme.text} ...`",),
            fix=Fix((Edit(start, f" && {middle}"),)),
        )
    )
