"""Expressions of the syntax tree, and what all of its nodes have. See `fqlc.syntax.tree.ast`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from fqlc.source.text import Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Tree:
    """What all nodes have: where they are."""

    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Name(Tree):
    """An identifier."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Doc(Tree):
    """Documentation in triple quotes, dedented."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberLiteral(Tree):
    """`12` has an int, `1_000.50` a Decimal that keeps its scale."""

    value: int | Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class WordLiteral(Tree):
    """`true`, `false` or `null`."""

    value: bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StringLiteral(Tree):
    """A quoted text after escapes.

    `offsets[i]` is the source offset of character i of `value`, `offsets[len]` that of the closing
    quote, so that spans inside the text can be shown. `environment` lists `${NAME}` references as
    (start, end, name) in `value`; an escaped `\\${` or `\\{{` is not one: the positions of
    characters that came from an escape are in `escaped`.
    """

    value: str
    offsets: Sequence[int]
    environment: tuple[tuple[int, int, str], ...] = ()
    escaped: frozenset[int] = frozenset()
    triple: bool = False
    quote: str = '"'

    def inside(self, start: int, end: int) -> Span:
        """The stretch of source of `value[start:end]`."""
        return Span(self.span.path, self.offsets[start], self.offsets[end])

    @property
    def is_template(self) -> bool:
        """True when it holds `{{`, `{%` or `{#` that no escape made."""
        return any(
            self.value[i : i + 2] in ("{{", "{%", "{#") and i not in self.escaped
            for i in range(len(self.value) - 1)
            if self.value[i] == "{"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class DurationLiteral(Tree):
    """`100ms 5s 2m 1h 7d`, in milliseconds; `text` as written."""

    milliseconds: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SizeLiteral(Tree):
    """`64KB 10GB` (powers of 1,000; KiB ... of 1,024), in bytes; `text` as written."""

    size: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RangeLiteral(Tree):
    """`500..599`, both ends included; in status lists only."""

    first: int
    last: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NameUse(Tree):
    """A bare name in an expression."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberAccess(Tree):
    """`of.name` or `of?.name`."""

    of: Expr
    name: Name
    optional: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CallOf(Tree):
    """`callee(arguments)`."""

    callee: Expr
    arguments: tuple[Expr, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexOf(Tree):
    """`of[key]`."""

    of: Expr
    key: Expr


@dataclass(frozen=True, slots=True, kw_only=True)
class UnaryOf(Tree):
    """`!of` (op `not`) or `-of` (op `neg`). `operator` is the stretch of the sign."""

    op: str
    of: Expr
    operator: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class BinaryOf(Tree):
    """`left op right`; `op` by the names of `fql.plan.language.expressions.BINARY_OPS`."""

    op: str
    left: Expr
    right: Expr
    operator: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class IfOf(Tree):
    """`if test then value else otherwise`."""

    test: Expr
    value: Expr
    otherwise: Expr


@dataclass(frozen=True, slots=True, kw_only=True)
class ListLiteral(Tree):
    """`[a, b]`, or `(a, b)` after `in`."""

    items: tuple[Expr, ...]
    parenthesised: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectEntry(Tree):
    """`key: value`, `"key": value`, a bare `name` (value a NameUse), or `...value` (key None). An
    `optional` key has a `?` after it."""

    key: Name | None
    value: Expr
    quoted: bool = False
    short: bool = False
    optional: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectLiteral(Tree):
    """`{ ... }` as a value."""

    entries: tuple[ObjectEntry, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class EachOf(Tree):
    """`each { ... }`."""

    body: ObjectLiteral


@dataclass(frozen=True, slots=True, kw_only=True)
class Parenthesised(Tree):
    """`(inner)`; kept for the formatter and for exact stretches."""

    inner: Expr


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorExpression(Tree):
    """A value that could not be read and was reported; types as `Error`."""


Expr = (
    NumberLiteral | WordLiteral | StringLiteral | DurationLiteral | SizeLiteral | RangeLiteral
    | NameUse | MemberAccess | CallOf | IndexOf | UnaryOf | BinaryOf | IfOf | ListLiteral
    | ObjectLiteral | EachOf | Parenthesised | ErrorExpression
)  # fmt: skip
