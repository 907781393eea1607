"""How messages name what was written."""

from __future__ import annotations

from typing import Literal

from fql.plan.policy.keys import Key, Kind
from fqlc.syntax.tree import ast

_WORDS: dict[type[object], str] = {
    ast.NumberLiteral: "a number",
    ast.StringLiteral: "a text",
    ast.DurationLiteral: "a duration",
    ast.SizeLiteral: "a size",
    ast.RangeLiteral: "a range",
    ast.NameUse: "a name",
    ast.ListLiteral: "a list",
    ast.ObjectLiteral: "an object",
    ast.EachOf: "an `each`",
    ast.IfOf: "an `if`",
}


def kind_of(value: ast.Expr) -> str:
    """The kind of a value in words, such as `a duration`."""
    if isinstance(value, ast.WordLiteral):
        return "`null`" if value.value is None else "`true`" if value.value else "`false`"
    if isinstance(value, ast.Parenthesised):
        return kind_of(value.inner)
    return _WORDS.get(type(value), "an expression")


def quoted(names: list[str] | tuple[str, ...], last: str = "or") -> str:
    """Names in backticks, joined for a sentence: `a`, `b` or `c`."""
    marked = [f"`{n}`" for n in names]
    if len(marked) < 2:
        return "".join(marked)
    return f"{', '.join(marked[:-1])} {last} {marked[-1]}"


def word_of(value: ast.Expr) -> str | None:
    """The word that was written: a bare name, a plain text, or words and numbers with hyphens."""
    if isinstance(value, ast.NameUse):
        return value.text
    if isinstance(value, ast.StringLiteral):
        return value.value
    if isinstance(value, ast.NumberLiteral):
        return str(value.value)
    if isinstance(value, ast.BinaryOf) and value.op == "sub":
        left, right = word_of(value.left), word_of(value.right)
        return f"{left}-{right}" if left is not None and right is not None else None
    return None


def bound_text(key: Key, end: Literal["least", "most"]) -> str:
    """One end of the range of a key as a message shows it; nothing for a key without one."""
    bound = key.least if end == "least" else key.most
    if bound is None:
        return ""
    text = key.kind.written(bound)
    return f"`{text}`" if key.kind in (Kind.DURATION, Kind.SIZE) else text
