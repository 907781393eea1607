"""Typed values in memory, and their JSON form.

Every value says by its Python class how it is written, so that rendering needs no types:

    ID                str; one that came as a number is a `NumericId` and is written as a number
    String UUID enum  str (UUID in lower case)
    Int Float Boolean int, float (finite), bool
    Decimal           Decimal, written as text that keeps its scale
    DateTime Date     datetime in UTC, date
    JSON              JSON values; numbers with a point are `JsonNumber`, exact, written as numbers
    declared type     dict            list  list or tuple
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, NoReturn

import orjson

MAX_DIGITS = 1_000
"""Numbers with more digits (written plainly) do not fit."""

MAX_DEPTH = 100
"""How deep a JSON value may be nested."""

_OPTIONS = orjson.OPT_UTC_Z | orjson.OPT_PASSTHROUGH_SUBCLASS
_LONG_INT = 10**4_000  # str() of longer ones raises; Decimal has no such limit


class NumericId(str):
    """An ID that came as a JSON number: compares as text, is written as it came."""

    __slots__ = ()


class JsonNumber(Decimal):
    """A number with a point or exponent inside a JSON value: exact, and written as a number."""

    __slots__ = ()


def read_json(data: bytes | str) -> object:
    """Decode JSON without passing a number through a float. Raises ValueError for anything
    that is not JSON, for NaN and infinities, and for nesting that is too deep."""
    try:
        return json.loads(data, parse_float=JsonNumber, parse_constant=_no_constant)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON number")


def write_json(value: object) -> bytes:
    """The JSON bytes of a value in memory. Raises TypeError for what is not such a value."""
    try:
        return orjson.dumps(value, default=_write_other, option=_OPTIONS)
    except TypeError:  # an integer beyond 64 bits, or nothing we know
        return orjson.dumps(_widened(value), default=_write_other, option=_OPTIONS)


def write_json_lines(value: object) -> bytes:
    """The same for people: over several lines, indented by two."""
    options = _OPTIONS | orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE
    return orjson.dumps(_widened(value), default=_write_other, option=options)


def _write_other(value: object) -> object:
    if isinstance(value, JsonNumber):
        return orjson.Fragment(str(value))
    if isinstance(value, Decimal):
        return plain_decimal(value)
    if isinstance(value, NumericId):
        return orjson.Fragment(str(value))
    if isinstance(value, timedelta):
        return value // timedelta(milliseconds=1)
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")


def _widened(value: object) -> object:
    """The same value with integers beyond 64 bits as fragments of text."""
    if isinstance(value, Mapping):
        return {key: _widened(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_widened(item) for item in value]
    if isinstance(value, int) and not isinstance(value, bool) and value.bit_length() > 63:
        return orjson.Fragment(plain_int(value))
    return value


def plain_int(value: int) -> str:
    """Digits of an integer of any size."""
    return str(value) if -_LONG_INT < value < _LONG_INT else format(Decimal(value), "f")


def plain_decimal(value: Decimal) -> str:
    """A decimal without exponent, with the scale it has."""
    text = str(value)
    return format(value, "f") if "E" in text else text


def rfc3339(value: datetime) -> str:
    """A DateTime as text, in UTC, such as `2026-03-02T14:00:00Z`."""
    return value.astimezone(UTC).isoformat()[:-6] + "Z"


def same(left: object, right: object) -> bool:
    """Null-safe equality of two values of one type: numbers by value, JSON by structure.

    Python alone is not enough: to it, `true` and `1` are equal, inside JSON they are not.
    """
    if left is right:
        return True
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(same(left[k], right[k]) for k in left)
    if isinstance(left, list | tuple) and isinstance(right, list | tuple):
        return len(left) == len(right) and all(map(same, left, right))
    return isinstance(left, bool) == isinstance(right, bool) and left == right


def differs(left: object, right: object) -> bool:
    """The opposite of `same`."""
    return not same(left, right)


def among(value: object, items: object) -> bool:
    """True when `items` (a list) holds the value, in the sense of `same`."""
    return isinstance(items, list | tuple) and any(same(value, item) for item in items)


def text_of(value: object) -> str:
    """The text form of a value that is not null: in texts, urls and headers."""
    if isinstance(value, str):
        return str(value)
    form = _TEXT_FORMS.get(type(value))
    return write_json(value).decode() if form is None else form(value)


_TEXT_FORMS: Mapping[type, Callable[[Any], str]] = {
    bool: lambda value: "true" if value else "false",
    int: plain_int,
    float: repr,
    Decimal: plain_decimal,
    datetime: rfc3339,
    date: date.isoformat,
}
