"""What a dialect of SQL says: how stored values are read, literals written, operators spelled.

Each scalar type has one SQL form in a dialect, made by `read_column` and `read_json`: what is
stored is brought into it where it is read, so that operators need not know where a value is from.
JSON, lists and declared types stay documents with a way into them (`Json`) until a scalar is read.
Types are named by `kind`: the type's name, `Enum` for all enums.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from fql.plan.language import expressions as x
from fql.plan.language.types import Type, parse_type
from fql.plan.model import Entity
from fql.plan.table import TypeTable

MICROSECOND = timedelta(microseconds=1)
DAY = timedelta(days=1) // MICROSECOND
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

COMPARISONS: Mapping[str, str] = {
    "eq": "=", "ne": "<>", "lt": "<", "le": "<=", "gt": ">", "ge": ">=",
}  # fmt: skip
ARITHMETIC: Mapping[str, str] = {"add": "+", "sub": "-", "mul": "*"}

BLANKS = " \t\n\r\v\f\x1c\x1d\x1e\x1f\x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006"
BLANKS += "\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000"
"""What `trim` removes."""

SAME_METHODS: Mapping[str, Callable[..., str]] = {
    "lower": lambda of: f"lower({of})",
    "upper": lambda of: f"upper({of})",
    "length": lambda of: f"length({of})",
    "replace": lambda of, old, new: f"replace({of}, {old}, {new})",
}
"""Methods of texts that are spelled alike everywhere."""

LETTERS = "texts given to lower() and upper() have no letters beyond A to Z"


@dataclass(frozen=True, slots=True)
class Json:
    """A place in a document: `root` is its SQL, `steps` are keys and positions. `element` is set
    for an item of a list: the alias of the table of items."""

    root: str
    steps: tuple[str | int, ...] = ()
    element: str = ""

    def at(self, step: str | int) -> Json:
        """The place one step further in."""
        return replace(self, steps=(*self.steps, step))


@dataclass(frozen=True, slots=True)
class Row:
    """What a clause is about: columns and types of an entity's fields, declared types, enums."""

    columns: Mapping[str, str]
    fields: Mapping[str, Type]
    declared: Mapping[str, Mapping[str, Type]]
    enums: frozenset[str]

    @staticmethod
    def of(entity: Entity, types: TypeTable) -> Row:
        """The row of an entity."""
        declared = {
            name: {f.name: parse_type(f.type) for f in found.fields}
            for name, found in types.types.items()
        }
        columns = {f.name: f.column or f.name for f in entity.fields}
        fields = {f.name: parse_type(f.type) for f in entity.fields}
        return Row(columns, fields, declared, frozenset(types.enums))


class Dialect(ABC):
    """A dialect, for one clause: `notes` collects what the clause rests upon, in order."""

    true = "TRUE"
    false = "FALSE"
    same = "IS NOT DISTINCT FROM"
    """The null-safe `=`."""
    different = "IS DISTINCT FROM"
    least = "LEAST"
    """The function that gives the smaller of two numbers."""
    greatest = "GREATEST"
    nowhere = "NULL"
    """A document that is not there."""

    def __init__(self) -> None:
        self.notes: dict[str, None] = {}

    def note(self, condition: str) -> None:
        """Remember a condition on rows under which the clause is exact."""
        self.notes[f"exact as long as {condition}"] = None

    # Stored values -----------------------------------------------------------------

    @abstractmethod
    def read_column(self, column: str, kind: str) -> str:
        """The scalar in a column."""

    @abstractmethod
    def read_json(self, place: Json, kind: str) -> str:
        """The scalar of a declared type at a place in a document."""

    @abstractmethod
    def read_loose(self, place: Json, method: str) -> str:
        """`as_int()` and the like: null for what is of another kind."""

    # Documents -----------------------------------------------------------------------

    @abstractmethod
    def column_document(self, column: str) -> str:
        """The document in a column."""

    @abstractmethod
    def literal_document(self, text: str) -> str:
        """A document of this JSON text."""

    @abstractmethod
    def document(self, place: Json) -> str:
        """The document at a place, SQL's null for JSON's."""

    @abstractmethod
    def step(self, place: Json, key: x.Expr, sql: str) -> Json:
        """The place that an index leads to whose key is not a literal; `sql` is the key's."""

    @abstractmethod
    def size(self, place: Json) -> str:
        """The number of items of the list at a place."""

    @abstractmethod
    def items(self, place: Json, alias: str) -> str:
        """A table of the items of a list. It has their `numbering`."""

    @abstractmethod
    def item(self, place: Json, alias: str) -> Json:
        """The place of the item in such a table."""

    numbering = ""
    """The column with the position of an item."""

    @abstractmethod
    def same_documents(self, left: Json, right: Json) -> str:
        """Equality of two JSON values that may be null."""

    # Literals and operators ------------------------------------------------------------

    @abstractmethod
    def literal(self, value: object, kind: str) -> str:
        """A literal that is not null. Raises NotInSqlError for a value the database cannot hold."""

    @abstractmethod
    def counted(self, sql: str, kind: str) -> str:
        """The whole number for a moment (microseconds since 1970) or date (days)."""

    @abstractmethod
    def whole_days(self, span: str) -> str:
        """The whole days of a duration, towards zero."""

    @abstractmethod
    def span(self, number: str) -> str:
        """A computed duration in microseconds."""

    @abstractmethod
    def ordered(self, e: x.Binary, left: str, right: str) -> str:
        """A comparison of two scalars that are not null."""

    @abstractmethod
    def computed(self, e: x.Binary, left: str, right: str) -> str:
        """Arithmetic of numbers and texts."""

    @abstractmethod
    def negative(self, e: x.Unary, of: str) -> str:
        """The unary minus."""

    @abstractmethod
    def called(self, e: x.Call, of: str, arguments: list[str]) -> str:
        """A method of a scalar."""

    @abstractmethod
    def floored(self, number: str, unit: int) -> str:
        """Whole units of a number of microseconds, rounded down."""

    @abstractmethod
    def aggregated(self, e: x.Quantifier, value: str) -> str:
        """The sum, least or largest of a column of scalars. Raises NotInSqlError."""

    def clamped(self, number: str, low: int, high: int) -> str:
        """A number within bounds."""
        return f"{self.least}({self.greatest}({number}, {low}), {high})"


def literal_pattern(e: x.Call) -> str:
    """The pattern of a `matches`, which the checker takes as a literal only."""
    (pattern,) = e.args
    return str(pattern.value) if isinstance(pattern, x.Constant) else ""


def rest(left: str, by: str) -> str:
    """The rest with the divisor's sign, where `%` gives it the other's."""
    return f"((({left} % {by}) + {by}) % {by})"


def divisor(e: x.Expr, sql: str) -> str:
    """A divisor, null for zero."""
    sure = isinstance(e, x.Constant) and bool(e.value)
    return sql if sure else f"NULLIF({sql}, 0)"


def count_of(value: date) -> int:
    """Microseconds since 1970 of a moment (without an offset: of UTC), days of a date."""
    if not isinstance(value, datetime):
        return (value - _EPOCH.date()).days
    moment = value if value.tzinfo else value.replace(tzinfo=UTC)
    return (moment - _EPOCH) // MICROSECOND


def plain_number(value: int | Decimal) -> str:
    """A number without exponent, in parentheses where it is negative."""
    text = format(Decimal(value), "f")
    return f"({text})" if text.startswith("-") else text
