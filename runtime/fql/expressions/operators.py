"""Which code a binary or unary operator becomes, by the types of its operands.

A table, so that the generator stays small: `{l}` and `{r}` stand for the code of the operands,
words in capitals for the functions of `HELPERS`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal

from fql.events.values import among, differs, same
from fql.expressions import functions, numbers
from fql.plan.language.types import BUILT_IN, INT, Type

HELPERS: Mapping[str, Callable[..., object] | type] = {
    "SAME": same,
    "DIFFERS": differs,
    "AMONG": among,
    "INDEX": functions.index,
    "JOINED": functions.joined,
    "ADD": numbers.EXACT.add,
    "SUB": numbers.EXACT.subtract,
    "MUL": numbers.EXACT.multiply,
    "MINUS": numbers.EXACT.minus,
    "SATURATED": numbers.saturated,
    "FLOAT": numbers.to_float,
    "DIVIDE": numbers.divide_exact,
    "DIVIDE_FLOAT": numbers.divide_float,
    "MODULO": numbers.modulo_int,
    "MODULO_DECIMAL": numbers.modulo_decimal,
    "MODULO_FLOAT": numbers.modulo_float,
    "SHIFT": numbers.shift,
    "SHIFT_BACK": numbers.shift_back,
    "SHIFT_DATE": numbers.shift_date,
    "SHIFT_DATE_BACK": numbers.shift_date_back,
    "ADD_SPANS": numbers.add_spans,
    "SUB_SPANS": numbers.subtract_spans,
    "MINUS_SPAN": numbers.negated_span,
    "SCALED": numbers.scaled_span,
    "DECIMAL": numbers.to_decimal,
    "TOTAL": numbers.total,
    "FIRST": functions.first,
    "PRESENT": functions.present,
    "any": any,
    "all": all,
    "map": map,
    "filter": filter,
    "min": min,
    "max": max,
    "str": str,
    "len": len,
}
"""All names the generated code may use besides constants."""

_EXACT = ("Int", "Decimal")

_BY_TYPES: Mapping[tuple[str, str, str], str] = {
    ("add", "String", "String"): "({l} + {r})",
    ("add", "Int", "Int"): "({l} + {r})",
    ("add", "DateTime", "Duration"): "SHIFT({l}, {r})",
    ("add", "Duration", "DateTime"): "SHIFT({r}, {l})",
    ("add", "Date", "Duration"): "SHIFT_DATE({l}, {r})",
    ("add", "Duration", "Date"): "SHIFT_DATE({r}, {l})",
    ("add", "Duration", "Duration"): "ADD_SPANS({l}, {r})",
    ("sub", "Int", "Int"): "({l} - {r})",
    ("sub", "DateTime", "DateTime"): "({l} - {r})",
    ("sub", "Date", "Date"): "({l} - {r})",
    ("sub", "DateTime", "Duration"): "SHIFT_BACK({l}, {r})",
    ("sub", "Date", "Duration"): "SHIFT_DATE_BACK({l}, {r})",
    ("sub", "Duration", "Duration"): "SUB_SPANS({l}, {r})",
    ("mul", "Int", "Int"): "({l} * {r})",
    ("mul", "Duration", "Int"): "SCALED({l}, {r})",
    ("mul", "Int", "Duration"): "SCALED({r}, {l})",
    ("mod", "Int", "Int"): "MODULO({l}, {r})",
}

_DECIMAL: Mapping[str, str] = {
    "add": "ADD({l}, {r})",
    "sub": "SUB({l}, {r})",
    "mul": "MUL({l}, {r})",
    "div": "DIVIDE({l}, {r})",
    "mod": "MODULO_DECIMAL({l}, {r})",
}

_FLOAT: Mapping[str, str] = {
    "add": "SATURATED({l} + {r})",
    "sub": "SATURATED({l} - {r})",
    "mul": "SATURATED({l} * {r})",
    "div": "DIVIDE_FLOAT({l}, {r})",
    "mod": "MODULO_FLOAT({l}, {r})",
}

COMPARISONS: Mapping[str, str] = {"lt": "<", "le": "<=", "gt": ">", "ge": ">="}

_NEGATIONS: Mapping[str, str] = {
    "Int": "(-{l})",
    "Float": "(-{l})",
    "Decimal": "MINUS({l})",
    "Duration": "MINUS_SPAN({l})",
}

SIMPLE_CALLS: Mapping[str, str] = {
    "lower": "{o}.lower()",
    "upper": "{o}.upper()",
    "trim": "{o}.strip()",
    "length": "len({o})",
    "contains": "({a} in {o})",
    "starts_with": "{o}.startswith({a})",
    "ends_with": "{o}.endswith({a})",
}
"""The code of methods: `{o}` is the operand, `{a}` the argument."""

LIST_CODE: Mapping[str, str] = {
    "any": "any(map({b}, {l}))",
    "all": "all(map({b}, {l}))",
    "map": "[*map({b}, {l})]",
    "filter": "[*filter({b}, {l})]",
    "first": "FIRST(filter({b}, {l}))",
    "min": "min(map({b}, {l}), default=None)",
    "max": "max(map({b}, {l}), default=None)",
}
"""The code of methods over items: `{b}` is the body, `{l}` the list. `sum` knows its zero."""

_SCALARS = BUILT_IN - {"JSON"}


def arithmetic(op: str, left: Type, right: Type) -> str:
    """The code of an arithmetic operator. Raises KeyError for operands the checker refuses."""
    names = (left.name, right.name)
    special = _BY_TYPES.get((op, *names))
    if special is not None:
        return special
    if "Float" in names:
        return _FLOAT[op]
    if all(name in _EXACT for name in names):
        return _DECIMAL[op]
    raise KeyError((op, *names))


def negation(of: Type) -> str:
    """The code of a unary minus. Raises KeyError for operands the checker refuses."""
    return _NEGATIONS[of.name]


def is_plain(type_: Type) -> bool:
    """True when Python's own `==` is the equality of the type: no JSON and no object in it."""
    if type_.item is not None:
        return is_plain(type_.item)
    return type_.name in _SCALARS


def widening(from_: Type, to: Type) -> str | None:
    """The helper that makes a value of one number type one of a wider type; None if there is
    nothing to do. A Decimal must be one in memory, since it is written as text."""
    if from_.name != "Int":
        return None
    return {"Decimal": "DECIMAL", "Float": "FLOAT"}.get(to.name)


def widened(value: object, from_: Type, to: Type) -> object:
    """The value in the class of the wider number type; null stays null."""
    helper = widening(from_, to)
    return value if helper is None or value is None else HELPERS[helper](value)


def zero(of: Type) -> int | float | Decimal:
    """The sum of nothing."""
    if of.name == "Decimal":
        return Decimal(0)
    return 0.0 if of.name == "Float" else 0


def literal(value: object, type_: Type) -> object:
    """The value of a literal in the class of its type: `500` opposite a Decimal is one."""
    if isinstance(value, tuple) and type_.item is not None:
        return tuple(literal(item, type_.item) for item in value)
    whole = isinstance(value, int) and not isinstance(value, bool)
    return widened(value, INT, type_) if whole else value
