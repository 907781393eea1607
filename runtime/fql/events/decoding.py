"""From JSON values to typed values: one decoder a type, made once from the plan.

A decoder takes what came, the path it came at and the list of problems; it returns the typed
value, or adds a problem and returns None. `Restore` functions are the trusted way back from what
was checked and stored before.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import UUID

from fql.events.values import MAX_DEPTH
from fql.exact.numbers import MAX_DIGITS, JsonNumber, NumericId
from fql.plan.language.types import Type, parse_type
from fql.plan.table import TypeTable

MISSING = object()
"""Stands for a field that did not come at all."""

MAX_PROBLEMS = 10
"""No more problems of one event are collected."""

INT_BOUND = 10**MAX_DIGITS

_SHOWN = 60


@dataclass(frozen=True, slots=True)
class Problem:
    """One misfit: where, what would fit, what came."""

    path: str
    expected: str
    came: str

    def __str__(self) -> str:
        return f"{self.bare}, but {self.came} came"

    @property
    def bare(self) -> str:
        """The same without what came, for logs: values of rows and answers may be personal."""
        return f"{self.path} must be {self.expected}"


Problems = list[Problem]
Decoder = Callable[[object, str, Problems], object]


def refuse(value: object, path: str, expected: str, problems: Problems) -> str | None:
    """Add a problem, unless there are enough; the value in its place is null."""
    if len(problems) < MAX_PROBLEMS:
        problems.append(Problem(path, expected, shown(value)))
    return None


def shown(value: object) -> str:
    """What came, in a few words; long texts are cut."""
    if value is MISSING:
        return "nothing"
    if isinstance(value, str):
        return f'the text "{_cut(value)}"'
    if isinstance(value, int) and abs(value) >= INT_BOUND:
        return f"a number of more than {MAX_DIGITS} digits"
    name = _NAMES.get(type(value))
    return name(value) if name else _cut(str(value))


_NAMES: Mapping[type, Callable[[object], str]] = {
    bool: lambda value: "true" if value else "false",
    type(None): lambda _value: "null",
    dict: lambda _value: "an object",
    list: lambda _value: "a list",
    tuple: lambda _value: "a list",
}


def _cut(text: str) -> str:
    printable = "".join(c if c.isprintable() else "?" for c in text[: _SHOWN + 1])
    return printable if len(printable) <= _SHOWN else printable[:_SHOWN] + "..."


def is_clean_text(value: str) -> bool:
    """False for text with a lone surrogate, which no UTF-8 can hold."""
    if value.isascii():
        return True
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


# Scalars ---------------------------------------------------------------------


def decode_string(value: object, path: str, problems: Problems) -> object:
    """A String."""
    if isinstance(value, str) and is_clean_text(value):
        return str(value)
    return refuse(value, path, "a text", problems)


def decode_id(value: object, path: str, problems: Problems) -> object:
    """An ID: a text, or a whole number, which is kept as such for output."""
    if isinstance(value, NumericId):
        return value
    if isinstance(value, str) and is_clean_text(value):
        return str(value)
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < INT_BOUND:
        return NumericId(value)
    return refuse(value, path, "a text or a whole number", problems)


def decode_int(value: object, path: str, problems: Problems) -> object:
    """An Int; a number such as `5.0` is whole too."""
    if isinstance(value, int) and not isinstance(value, bool):
        if -INT_BOUND < value < INT_BOUND:
            return value
    elif isinstance(value, float | Decimal):
        number = _finite(Decimal(value))
        if number is not None and number == number.to_integral_value():
            return int(number)
    return refuse(value, path, "a whole number", problems)


def decode_float(value: object, path: str, problems: Problems) -> object:
    """A Float: any number that a finite float can hold."""
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        try:
            number = float(value)
        except OverflowError:
            number = float("inf")
        if float("-inf") < number < float("inf"):
            return number
    return refuse(value, path, "a finite number", problems)


_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,9})?", re.ASCII)


def decode_decimal(value: object, path: str, problems: Problems) -> object:
    """A Decimal from a number or from text, exactly; a float by its shortest form."""
    number: Decimal | None = None
    if isinstance(value, str):
        if len(value) <= MAX_DIGITS + 20 and (found := _NUMBER.fullmatch(value)):
            number = Decimal(value)
            if found[3] or len(value) > MAX_DIGITS:  # else it is as short as it was written
                number = _finite(number)
    elif isinstance(value, float):
        number = _finite(Decimal(repr(value)))
    elif isinstance(value, int | Decimal) and not isinstance(value, bool):
        number = _finite(Decimal(value))
    if number is None:
        expected = f"a decimal number of at most {MAX_DIGITS} digits"
        return refuse(value, path, expected, problems)
    return number


def _finite(number: Decimal) -> Decimal | None:
    """The number if it is finite and not too long when written plainly."""
    _sign, digits, exponent = number.as_tuple()
    if not isinstance(exponent, int):
        return None
    before, behind = max(len(digits) + exponent, 1), max(-exponent, 0)
    return number if before + behind <= MAX_DIGITS else None


def decode_boolean(value: object, path: str, problems: Problems) -> object:
    """A Boolean."""
    if value is True or value is False:
        return value
    return refuse(value, path, "true or false", problems)


_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)


def decode_uuid(value: object, path: str, problems: Problems) -> object:
    """A UUID as text in lower case."""
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, str):
        text = value.lower()
        if _UUID.fullmatch(text):
            return text
    return refuse(value, path, "a UUID", problems)


_DATETIME = re.compile(
    r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d(:?\d\d)?)", re.ASCII
)
_EXPECTED_TIME = "a date and time with an offset, such as 2026-03-02T14:00:00Z"


def decode_datetime(value: object, path: str, problems: Problems) -> object:
    """A DateTime with an offset, as the same instant in UTC."""
    try:
        if isinstance(value, str) and _DATETIME.fullmatch(value):
            return datetime.fromisoformat(value).astimezone(UTC)
        if isinstance(value, datetime) and value.tzinfo is not None:
            return value.astimezone(UTC)
    except (ValueError, OverflowError):
        pass  # a 13th month, or an instant outside the years 1 to 9999
    return refuse(value, path, _EXPECTED_TIME, problems)


_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


def decode_date(value: object, path: str, problems: Problems) -> object:
    """A Date."""
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    if isinstance(value, str) and _DATE.fullmatch(value):
        try:
            return date.fromisoformat(value)
        except ValueError:
            pass  # the 30th of February
    return refuse(value, path, "a date such as 2026-03-02", problems)


def decode_json(value: object, path: str, problems: Problems) -> object:
    """JSON of any shape but null itself; numbers with a point become exact."""
    if value is None:
        return refuse(value, path, "a JSON value other than null", problems)
    return _json_value(value, path, problems, 0)


def _json_value(value: object, path: str, problems: Problems, depth: int) -> object:
    if depth > MAX_DEPTH:
        return refuse(value, path, f"nested at most {MAX_DEPTH} levels deep", problems)
    if isinstance(value, dict):
        return {
            _json_key(key, path, problems): _json_value(
                item, f"{path}.{_cut(str(key))}", problems, depth + 1
            )
            for key, item in value.items()
        }
    if isinstance(value, list | tuple):
        return [
            _json_value(item, f"{path}[{i}]", problems, depth + 1) for i, item in enumerate(value)
        ]
    return _json_scalar(value, path, problems)


def _json_key(key: object, path: str, problems: Problems) -> str:
    if isinstance(key, str) and is_clean_text(key):
        return key
    refuse(key, path, "an object with texts as keys", problems)
    return ""


def _json_scalar(value: object, path: str, problems: Problems) -> object:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return decode_string(value, path, problems)
    if isinstance(value, int) and -INT_BOUND < value < INT_BOUND:
        return value
    if isinstance(value, float | Decimal):
        exact = Decimal(repr(value)) if isinstance(value, float) else value
        if _finite(exact) is not None:
            return JsonNumber(exact)
    return refuse(value, path, "a JSON value", problems)


SCALARS: Mapping[str, Decoder] = {
    "ID": decode_id,
    "String": decode_string,
    "Int": decode_int,
    "Float": decode_float,
    "Decimal": decode_decimal,
    "Boolean": decode_boolean,
    "UUID": decode_uuid,
    "DateTime": decode_datetime,
    "Date": decode_date,
    "JSON": decode_json,
}

# Composed types --------------------------------------------------------------


def decoder(type_: Type, table: TypeTable) -> Decoder:
    """The decoder of a type. Raises KeyError for a name the plan does not declare."""
    inner = _core(type_, table)
    return nullable(inner) if type_.nullable else inner


def _core(type_: Type, table: TypeTable) -> Decoder:
    if type_.item is not None:
        return _list_decoder(decoder(type_.item, table))
    if type_.name in SCALARS:
        return SCALARS[type_.name]
    if type_.name in table.enums:
        return _enum_decoder(type_.name, table.enums[type_.name].members)
    return _object_decoder(type_.name, table)


def nullable(inner: Decoder) -> Decoder:
    """The decoder that also takes null, and nothing at all as null."""

    def decode(value: object, path: str, problems: Problems) -> object:
        return None if value is None or value is MISSING else inner(value, path, problems)

    return decode


def _list_decoder(item: Decoder) -> Decoder:
    def decode(value: object, path: str, problems: Problems) -> object:
        if not isinstance(value, list | tuple):
            return refuse(value, path, "a list", problems)
        return [item(element, f"{path}[{i}]", problems) for i, element in enumerate(value)]

    return decode


def _enum_decoder(name: str, members: tuple[str, ...]) -> Decoder:
    allowed = {member: member for member in members}
    expected = f"a member of {name}: {', '.join(members[:20])}" + (", ..." * (len(members) > 20))

    def decode(value: object, path: str, problems: Problems) -> object:
        member = allowed.get(value) if isinstance(value, str) else None
        return refuse(value, path, expected, problems) if member is None else member

    return decode


def _object_decoder(name: str, table: TypeTable) -> Decoder:
    # Types may refer to themselves, so the decoders of the fields are made at the first use.
    declared = table.types[name]
    fields: list[tuple[str, Decoder]] = []

    def decode(value: object, path: str, problems: Problems) -> object:
        if not isinstance(value, dict) or path.count(".") > MAX_DEPTH:
            return refuse(value, path, f"an object of type {name}", problems)
        if not fields:
            fields.extend((f.name, decoder(parse_type(f.type), table)) for f in declared.fields)
        return {
            key: decode_field(value.get(key, MISSING), f"{path}.{key}", problems)
            for key, decode_field in fields
        }

    return decode
