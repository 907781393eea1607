"""Types of the language as data: what compiler and runtime both say about a value.

The text form is the one of the language: `Int`, `String?`, `[Item]`, `[Item?]?`.
A name that is not built in is an enum or a declared type; the plan says which.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache

BUILT_IN = frozenset(
    (
        "ID",
        "String",
        "Int",
        "Float",
        "Decimal",
        "Boolean",
        "UUID",
        "DateTime",
        "Date",
        "Duration",
        "JSON",
    )
)
"""Names of the scalar types. `Duration` exists in expressions only, never as a field."""

FIELD_TYPES = BUILT_IN - {"Duration"}
"""Names of the scalar types that a field may have."""

NUMBERS = frozenset({"Int", "Float", "Decimal"})
ORDERED = frozenset({"String", "DateTime", "Date", "Duration"})
"""Types besides numbers whose values `<` and its like take, of the same type on both sides."""

UNWRITTEN = frozenset({"Batch", "Error", "Failure", "List", "Null", "Object"})
"""Names of types that values have and nobody writes: of `_batch`, of a faulty expression (fits
everything, reported once), of `label.error`, of `[T]`, of `null` and of an object literal."""


@dataclass(frozen=True, slots=True)
class Type:
    """One type. Lists have the name `List` and an `item`. The type of what a receiver answers by
    its contract has a name of several words with dots, and `shown` is what people call it."""

    name: str
    nullable: bool = False
    item: Type | None = None
    shown: str = field(default="", compare=False)

    def __str__(self) -> str:
        """As messages show it."""
        text = f"[{self.item}]" if self.item is not None else self.shown or self.name
        return f"{text}?" if self.nullable else text

    @property
    def text(self) -> str:
        """As plans hold it, and `parse_type` reads it."""
        text = f"[{self.item.text}]" if self.item is not None else self.name
        return f"{text}?" if self.nullable else text

    @property
    def is_list(self) -> bool:
        """True for `[T]` and `[T]?`."""
        return self.item is not None

    def optional(self) -> Type:
        """The same type, null allowed."""
        return self if self.nullable else Type(self.name, True, self.item, self.shown)

    def required(self) -> Type:
        """The same type, null excluded."""
        return Type(self.name, False, self.item, self.shown) if self.nullable else self


ID = Type("ID")
STRING = Type("String")
INT = Type("Int")
FLOAT = Type("Float")
DECIMAL = Type("Decimal")
BOOLEAN = Type("Boolean")
UUID = Type("UUID")
DATETIME = Type("DateTime")
DATE = Type("Date")
DURATION = Type("Duration")
JSON = Type("JSON")
OBJECT = Type("Object")
NULL = Type("Null", nullable=True)
ERROR = Type("Error")


def list_of(item: Type) -> Type:
    """The type `[item]`."""
    return Type("List", item=item)


MOST_BRACKETS = 50
"""Lists within each other of a type."""


@lru_cache(maxsize=1_024)
def parse_type(text: str) -> Type:
    """Read the text form. Raises ValueError on anything else."""
    return _parse_type(text, MOST_BRACKETS)


def _parse_type(text: str, brackets: int) -> Type:
    text = text.strip()
    nullable = text.endswith("?")
    core = text[:-1].rstrip() if nullable else text
    if core.startswith("[") and core.endswith("]") and brackets:
        return Type("List", nullable, _parse_type(core[1:-1], brackets - 1))
    if not all(map(str.isidentifier, core.split("."))):
        raise ValueError(f"not a type: {text[:80]!r}")
    return Type(core, nullable or core == "Null")
