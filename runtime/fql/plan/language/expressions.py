"""Typed expressions as data: the checker makes them, the plan stores them, the runtime runs them.

One frozen dataclass a kind of node; every node carries its `type`, and in the compiler `at`, its
half-open stretch of the source text in characters. `at` is not part of the plan.

Meaning, in short (`docs/reference/language.md` has it in full): two-valued logic; `eq` and `ne`
are null-safe; the checker has proved that operands of ordering, arithmetic and methods are not
null, so no node can raise. `Member` and `Index` of null give null.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal as OneOf

from fql.plan.language.types import Type

At = tuple[int, int] | None

RowName = OneOf["row", "new", "old"]
"""`row` is the bare row: the new one, for a delete the old one."""

BINARY_OPS = (
    "or", "and", "eq", "ne", "lt", "le", "gt", "ge", "in", "not_in",
    "coalesce", "add", "sub", "mul", "div", "mod",
)  # fmt: skip
UNARY_OPS = ("not", "neg")
LIST_OPS = ("any", "all", "map", "filter", "sum", "min", "max", "first")


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """What all expressions have."""

    type: Type
    at: At = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Constant(Node):
    """A literal or folded `let`. Values in memory: None, bool, int, float, Decimal, str (also
    for ID, UUID in lower case, enum members), datetime with offset, date, timedelta; lists as
    tuples of these."""

    value: object


@dataclass(frozen=True, slots=True, kw_only=True)
class Field(Node):
    """A field of the event's row. `type` is nullable where the row itself may be absent."""

    row: RowName
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed(Node):
    """`field.changed()`: an update in which old and new value differ. False on insert, delete."""

    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Builtin(Node):
    """`_id _timestamp _event _entity _observer _run _old _new _batch`; members by `Member`."""

    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable(Node):
    """The variable of an enclosing `any`, `all` or template `for`."""

    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Response(Node):
    """The answer of an earlier action; null where it was skipped or failed."""

    action: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure(Node):
    """The error of an earlier action: members `message status class attempts`."""

    action: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Member(Node):
    """A field of a declared type, of a row, of `Failure` or `_batch`. Of null: null."""

    of: Expr
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Index(Node):
    """`j["a"]` or `j[0]` on JSON: null when absent or of another shape."""

    of: Expr
    key: Expr


@dataclass(frozen=True, slots=True, kw_only=True)
class Unary(Node):
    """`not` or `neg`."""

    op: str
    of: Expr


@dataclass(frozen=True, slots=True, kw_only=True)
class Binary(Node):
    """One of BINARY_OPS. Numbers are widened by the operand types: Int with Decimal is Decimal."""

    op: str
    left: Expr
    right: Expr


@dataclass(frozen=True, slots=True, kw_only=True)
class Call(Node):
    """A built-in method or template filter, `name` from `fql.plan.language.functions`."""

    name: str
    of: Expr
    args: tuple[Expr, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantifier(Node):
    """A method over the items of a list, `list.any(x, body)`; `op` is one of LIST_OPS. The body is
    a condition for `any all filter first`, what an item becomes for `map`, and a number or another
    ordered value for `sum min max`. The least, largest or first of nothing is null, its sum 0."""

    op: str
    of: Expr
    variable: str
    body: Expr


@dataclass(frozen=True, slots=True, kw_only=True)
class Choose(Node):
    """`if c then a else b`: the value of the first branch whose condition holds, else `otherwise`.
    `x.case({ ... })` is one too. What is chosen is widened to the type of the node."""

    branches: tuple[tuple[Expr, Expr], ...]
    otherwise: Expr


@dataclass(frozen=True, slots=True, kw_only=True)
class ListOf(Node):
    """A list literal."""

    items: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """One key of an object; `key` None is a spread of the object `value`. Later keys win. An
    `optional` one is left out where its value is null."""

    key: str | None
    value: Expr
    optional: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectOf(Node):
    """An object literal of a body."""

    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Each(Node):
    """`each { ... }` of a batched body: a list, `body` rendered once for an event."""

    body: Expr


@dataclass(frozen=True, slots=True, kw_only=True)
class Text(Node):
    """A text with holes. Plain strings are `Constant`."""

    parts: tuple[TextPart, ...]


@dataclass(frozen=True, slots=True)
class Hole:
    """A value put into text; its form follows from its type. Never null, a list or an object."""

    value: Expr


@dataclass(frozen=True, slots=True)
class Environment:
    """`${NAME}`: resolved when the runtime starts, inserted as data, masked wherever shown."""

    name: str


@dataclass(frozen=True, slots=True)
class Choice:
    """`{% if %}`: the parts of the first branch whose condition holds, else `otherwise`."""

    branches: tuple[tuple[Expr, tuple[TextPart, ...]], ...]
    otherwise: tuple[TextPart, ...] = ()


@dataclass(frozen=True, slots=True)
class Loop:
    """`{% for variable in of %}`: `body` for each item, `otherwise` for an empty list."""

    variable: str
    of: Expr
    body: tuple[TextPart, ...]
    otherwise: tuple[TextPart, ...] = ()


def operands(e: Binary) -> list[Expr]:
    """The operands of a chain of one operator that leans to the left, in order. However long it
    is, it takes no stack."""
    found = [e.right]
    left = e.left
    while isinstance(left, Binary) and left.op == e.op:
        found.append(left.right)
        left = left.left
    found.append(left)
    return found[::-1]


TextPart = str | Hole | Environment | Choice | Loop

Expr = (
    Constant | Field | Changed | Builtin | Variable | Response | Failure | Member | Index
    | Unary | Binary | Call | Quantifier | Choose | ListOf | ObjectOf | Each | Text
)  # fmt: skip
