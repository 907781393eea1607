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


MOST_PLACES = 12
"""Decimal places that the method `round` gives at most."""

HALF_UP = "half_up"
"""The word that `round` takes to round halves away from zero."""


def _rounding(of: t.Type) -> tuple[Function, ...]:
    """What rounds a number of one type. The word is a text in the plan."""
    return (
        Function("round", of, (), t.INT, doc="the nearest whole number, halves to the even one"),
        Function("round", of, (t.INT,), t.DECIMAL, literal=True,
                 doc="a Decimal of exactly so many places (0 to 12), halves to the even digit"),
        Function("round", of, (t.INT, t.STRING), t.DECIMAL, literal=True,
                 doc="the same with `half_up`: halves away from zero"),
        Function("floor", of, (), t.INT, doc="the next whole number that is not above it"),
        Function("ceil", of, (), t.INT, doc="the next whole number that is not below it"),
    )  # fmt: skip


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
    Function("slice", t.STRING, (t.INT, t.INT), t.STRING, required=1,
             doc="the code points from the first position to before the second; negative ones count"
             " from the end"),
    Function("split", t.STRING, (t.STRING,), _TEXT,
             doc="the parts between occurrences of the text"),
    Function("extract", t.STRING, (t.STRING,), t.STRING.optional(), literal=True,
             doc="the first match of the RE2 pattern, or of its first group; null without one"),
    Function("sha256", t.STRING, (), t.STRING,
             doc="the SHA-256 of its UTF-8, in 64 hexadecimal digits"),
    Function("base64", t.STRING, (), t.STRING, doc="its UTF-8 in base64, with padding"),
    *_rounding(t.DECIMAL), *_rounding(t.FLOAT), *_rounding(t.INT),
    *(Function("abs", of, (), of, doc="without its sign") for of in (t.INT, t.DECIMAL, t.FLOAT)),
    Function("epoch", t.DATETIME, (), t.INT, doc="whole seconds since 1970 in UTC"),
    Function("epoch_ms", t.DATETIME, (), t.INT, doc="whole milliseconds since 1970 in UTC"),
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
