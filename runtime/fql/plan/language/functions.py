"""The built-in methods and template filters as data: names, operands, arguments, results.

The checker types calls by this table, the runtime implements each row once
(`fql.expressions.functions`), the language reference prints it.
"""

from __future__ import annotations

from dataclasses import dataclass

from fql.plan.language import types as t


@dataclass(frozen=True, slots=True)
class Function:
    """`operand.name(parameters)`; `result` may be nullable. `literal` means that the arguments
    must be literals. `places` are `method` (in expressions) and `filter` (in templates)."""

    name: str
    operand: t.Type
    parameters: tuple[t.Type, ...]
    result: t.Type
    places: tuple[str, ...] = ("method",)
    required: int | None = None
    literal: bool = False
    doc: str = ""

    @property
    def least(self) -> int:
        """How many arguments must be given."""
        return len(self.parameters) if self.required is None else self.required


_BOTH = ("method", "filter")
_TEXT = t.list_of(t.STRING)
_ANY_LIST = t.list_of(t.ERROR)

FUNCTIONS: tuple[Function, ...] = (
    Function("lower", t.STRING, (), t.STRING, _BOTH, doc="in lower case"),
    Function("upper", t.STRING, (), t.STRING, _BOTH, doc="in upper case"),
    Function("trim", t.STRING, (), t.STRING, _BOTH, doc="without leading and trailing whitespace"),
    Function("length", t.STRING, (), t.INT, _BOTH, doc="number of code points"),
    Function("length", _ANY_LIST, (), t.INT, _BOTH, doc="number of items"),
    Function("contains", t.STRING, (t.STRING,), t.BOOLEAN, doc="whether it contains the text"),
    Function("starts_with", t.STRING, (t.STRING,), t.BOOLEAN,
             doc="whether it begins with the text"),
    Function("ends_with", t.STRING, (t.STRING,), t.BOOLEAN, doc="whether it ends with the text"),
    Function("replace", t.STRING, (t.STRING, t.STRING), t.STRING, _BOTH,
             doc="every occurrence replaced"),
    Function(
        "matches", t.STRING, (t.STRING,), t.BOOLEAN, literal=True,
        doc="whether the RE2 pattern matches anywhere in it",
    ),
    Function("to_decimal", t.FLOAT, (), t.DECIMAL, doc="the exact value of the float"),
    Function("to_decimal", t.INT, (), t.DECIMAL, doc="the same number"),
    Function("to_float", t.DECIMAL, (), t.FLOAT, doc="the nearest float"),
    Function("to_float", t.INT, (), t.FLOAT, doc="the nearest float"),
    Function("as_string", t.JSON, (), t.STRING.optional(), doc="the text, or null"),
    Function("as_int", t.JSON, (), t.INT.optional(), doc="the whole number, or null"),
    Function("as_float", t.JSON, (), t.FLOAT.optional(), doc="the number, or null"),
    Function("as_decimal", t.JSON, (), t.DECIMAL.optional(), doc="the number, or null"),
    Function("as_boolean", t.JSON, (), t.BOOLEAN.optional(), doc="true or false, or null"),
    Function("urlencode", t.STRING, (), t.STRING, ("filter",), doc="percent-encoded"),
    Function("truncate", t.STRING, (t.INT,), t.STRING, ("filter",), literal=True,
             doc="at most that many code points"),
    Function("round", t.DECIMAL, (t.INT,), t.DECIMAL, ("filter",), required=0, literal=True,
             doc="half-even, to that many decimal places (default 0)"),
    Function("round", t.FLOAT, (t.INT,), t.FLOAT, ("filter",), required=0, literal=True,
             doc="half-even, to that many decimal places (default 0)"),
    Function("date", t.DATETIME, (t.STRING,), t.STRING, ("filter",), required=0, literal=True,
             doc="by a strftime pattern of %Y %m %d %H %M %S %j and %%; by default the date"),
    Function("date", t.DATE, (t.STRING,), t.STRING, ("filter",), required=0, literal=True,
             doc="by a strftime pattern; by default YYYY-MM-DD"),
    Function("join", _TEXT, (t.STRING,), t.STRING, ("filter",), required=0, literal=True,
             doc="the items with the text between them"),
    Function("json", t.JSON, (), t.STRING, ("filter",), doc="any value as JSON text"),
)  # fmt: skip
"""All functions. `default(v)` of templates is the operator `coalesce`; `any` and `all` are
`Quantifier`; `changed`, `changed_to`, `changed_from`, `old`, `new` belong to fields. An item
type `Error` stands for any type; the operand of `json` may be of any type, null included."""


def names_of(place: str) -> frozenset[str]:
    """The names of all functions that may be in the place."""
    return frozenset(f.name for f in FUNCTIONS if place in f.places)


def overloads(name: str, place: str) -> tuple[Function, ...]:
    """All functions of a name that may be in the place."""
    return tuple(f for f in FUNCTIONS if f.name == name and place in f.places)
