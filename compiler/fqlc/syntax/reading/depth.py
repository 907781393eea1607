"""The limit on the depth of expressions, so that no later pass needs a deep stack."""

from __future__ import annotations

from collections.abc import Iterable

from fqlc.syntax.reading.lexemes import Origin
from fqlc.syntax.tree import ast
from fqlc.syntax.tree.walk import children

MAX_EXPRESSION_DEPTH = 100
_SIGNS_THAT_NEST = ".([{!-+*/%<=>&|?"
_WORDS_THAT_NEST = ("AND", "OR", "and", "or", "in", "not", "NOT", "IN", "if")


def limited(value: ast.Expr, origin: Origin) -> ast.Expr:
    """The value, or an ErrorExpression and FQL390 when it nests too deep."""
    if not _may_be_deep(origin.text, value.span.start, value.span.end):
        return value
    if not is_deep(value):
        return value
    origin.sink.error(
        "FQL390",
        f"an expression is nested more than {MAX_EXPRESSION_DEPTH} deep",
        value.span,
        label="too deep",
        help=("split it with `let`, or compare with a list: `x in [...]`",),
    )
    return ast.ErrorExpression(span=value.span)


def is_deep(value: ast.Tree, limit: int = MAX_EXPRESSION_DEPTH) -> bool:
    """True when a node is more than `limit` below the root; without recursion."""
    level = [value]
    for _ in range(limit + 1):
        if not level:
            return False
        level = [c for node in level for c in _below(node)]
    return bool(level)


def _below(node: ast.Tree) -> Iterable[ast.Tree]:
    """The parts of a node. A chain of `&&` or `||` is one level, however long."""
    if not (isinstance(node, ast.BinaryOf) and node.op in ("and", "or")):
        return children(node)
    parts: list[ast.Tree] = []
    rest: ast.Expr = node
    while isinstance(rest, ast.BinaryOf) and rest.op == node.op:
        parts.append(rest.right)
        rest = rest.left
    return [*parts, rest]


def _may_be_deep(text: str, start: int, end: int) -> bool:
    """A cheap upper bound: each level of nesting needs at least one of these signs or words."""
    if end - start <= MAX_EXPRESSION_DEPTH:
        return False
    signs = sum(text.count(sign, start, end) for sign in _SIGNS_THAT_NEST)
    words = sum(text.count(word, start, end) for word in _WORDS_THAT_NEST)
    return signs + words > MAX_EXPRESSION_DEPTH
