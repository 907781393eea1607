"""The syntax tree: what was written, with its stretch of source. Frozen, typed, free of Lark.

Blocks and declarations stand here, expressions in `fqlc.syntax.tree.expressions`; both are used as
`ast.NAME`.

Words in a block are contextual, so a block keeps its entries generic (`Entry`, `Block`); what a
key means is decided by `fqlc.checks` from the table of blocks.
"""

from __future__ import annotations

from dataclasses import dataclass

from fqlc.source.text import Span
from fqlc.syntax.tree.expressions import (
    BinaryOf,
    CallOf,
    Doc,
    DurationLiteral,
    EachOf,
    ErrorExpression,
    Expr,
    IfOf,
    IndexOf,
    ListLiteral,
    MemberAccess,
    Name,
    NameUse,
    NumberLiteral,
    ObjectEntry,
    ObjectLiteral,
    Parenthesised,
    RangeLiteral,
    SizeLiteral,
    StringLiteral,
    Tree,
    UnaryOf,
    WordLiteral,
)

__all__ = [
    "Attribute",
    "BinaryOf",
    "Block",
    "BrokenDeclaration",
    "CallOf",
    "Chain",
    "Comment",
    "Declaration",
    "Doc",
    "DurationLiteral",
    "EachOf",
    "ElseChain",
    "EntityDeclaration",
    "Entry",
    "EnumDeclaration",
    "EnumMember",
    "ErrorExpression",
    "Expr",
    "FieldDeclaration",
    "FieldType",
    "File",
    "Flow",
    "Group",
    "IfOf",
    "ImportDeclaration",
    "IndexOf",
    "LetDeclaration",
    "ListLiteral",
    "MemberAccess",
    "Name",
    "NameUse",
    "NumberLiteral",
    "ObjectEntry",
    "ObjectLiteral",
    "Parenthesised",
    "RangeLiteral",
    "SizeLiteral",
    "Step",
    "StringLiteral",
    "Tree",
    "TypeDeclaration",
    "UnaryOf",
    "WordLiteral",
]


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
    """`step -> step -> ...`; `after_comma` when a comma on its line is before it."""

    steps: tuple[Step | Group, ...]
    after_comma: bool = False


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
    """`T`, `T?`, `[T]`, `[T?]?`: `name` or `item` is set, neither where it could not be read."""

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
    """`name: Type @attributes`, and `= computed` where it is computed from other fields."""

    name: Name
    type: FieldType
    attributes: tuple[Attribute, ...]
    computed: Expr | None = None
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
    """A `#` comment: text after the sign, stripped; `own_line` when nothing is before it."""

    text: str
    own_line: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class File(Tree):
    """One parsed file. `faulty` are the stretches of declarations, and of what is none, in which a
    mistake of syntax was reported, in their order; they share nothing."""

    path: str
    declarations: tuple[Declaration, ...]
    comments: tuple[Comment, ...]
    faulty: tuple[Span, ...] = ()
