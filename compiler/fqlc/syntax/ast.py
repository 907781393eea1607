"""The syntax tree: what was written, with its stretch of source. Frozen, typed, free of Lark.

Words in a block are contextual, so a block keeps its entries generic (`Entry`, `Block`); what a
key means is decided by `fqlc.checks` from the table of blocks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from fqlc.source.text import Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Tree:
    """What all nodes have: where they stand."""

    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Name(Tree):
    """An identifier."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Doc(Tree):
    """Documentation in triple quotes, dedented."""

    text: str


# Expressions -----------------------------------------------------------------


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
    """`left op right`; `op` by the names of `fql.plan.expressions.BINARY_OPS`."""

    op: str
    left: Expr
    right: Expr
    operator: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class ListLiteral(Tree):
    """`[a, b]`, or `(a, b)` behind `in`."""

    items: tuple[Expr, ...]
    parenthesised: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectEntry(Tree):
    """`key: value`, `"key": value`, a bare `name` (value a NameUse), or `...value` (key None)."""

    key: Name | None
    value: Expr
    quoted: bool = False
    short: bool = False


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
    | NameUse | MemberAccess | CallOf | IndexOf | UnaryOf | BinaryOf | ListLiteral
    | ObjectLiteral | EachOf | Parenthesised | ErrorExpression
)  # fmt: skip

# Blocks and declarations -----------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry(Tree):
    """`key: value` of a block."""

    key: Name
    value: Expr
    doc: Doc | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Block(Tree):
    """`kind name { ... }`: observer, endpoint, retry, defaults, webhook, test, ... in any place.

    `name` is a Name, the text of a quoted one (`test "..."`) in `title`, or None. `header` is the
    stretch from the kind to before the brace. `sound` is False when a part could not be read.
    """

    kind: Name
    name: Name | None
    title: StringLiteral | None
    entries: tuple[Entry, ...]
    blocks: tuple[Block, ...]
    flow: Flow | None
    header: Span
    doc: Doc | None = None
    sound: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Step(Tree):
    """A name in a flow."""

    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Group(Tree):
    """`[chain, chain]`: side by side."""

    chains: tuple[Chain, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain(Tree):
    """`step -> step -> ...`."""

    steps: tuple[Step | Group, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ElseChain(Tree):
    """`step else chain`."""

    step: Step
    chain: Chain


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow(Tree):
    """`flow { ... }`."""

    statements: tuple[Chain | ElseChain, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldType(Tree):
    """`T`, `T?`, `[T]`, `[T?]?`; exactly one of `name` and `item` is set."""

    name: Name | None
    item: FieldType | None
    nullable: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribute(Tree):
    """`@name(arguments)`; the stretch includes the `@`."""

    name: Name
    arguments: tuple[Expr, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldDeclaration(Tree):
    """`name: Type @attributes`."""

    name: Name
    type: FieldType
    attributes: tuple[Attribute, ...]
    doc: Doc | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportDeclaration(Tree):
    """`import "path"`."""

    path: StringLiteral


@dataclass(frozen=True, slots=True, kw_only=True)
class EnumMember(Tree):
    """A member of an enum."""

    name: Name
    doc: Doc | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EnumDeclaration(Tree):
    """`enum Name { members }`."""

    name: Name
    members: tuple[EnumMember, ...]
    doc: Doc | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TypeDeclaration(Tree):
    """`type Name { fields }`."""

    name: Name
    fields: tuple[FieldDeclaration, ...]
    doc: Doc | None = None
    sound: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class EntityDeclaration(Tree):
    """`entity Name from "table" { fields }`."""

    name: Name
    table: StringLiteral | None
    fields: tuple[FieldDeclaration, ...]
    doc: Doc | None = None
    sound: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class LetDeclaration(Tree):
    """`let name = value`."""

    name: Name
    value: Expr
    doc: Doc | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokenDeclaration(Tree):
    """A declaration that could not be read. Its kind and name, where readable, stay known, so
    that uses of the name are not reported again."""

    kind: str
    name: Name | None


Declaration = (
    ImportDeclaration | EnumDeclaration | TypeDeclaration | EntityDeclaration
    | LetDeclaration | Block | BrokenDeclaration
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Comment(Tree):
    """A `#` comment: text behind the sign, stripped; `own_line` when nothing stands before it."""

    text: str
    own_line: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class File(Tree):
    """One parsed file."""

    path: str
    declarations: tuple[Declaration, ...]
    comments: tuple[Comment, ...]
