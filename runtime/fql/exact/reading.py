"""The one reader of JSON: no number passes through a float, and what is read can be written.

What it accepts and how (RFC 8259 leaves these open):

    numbers       exact: `int`, or `JsonNumber` where there is a point or exponent; integers of
                  up to 4,300 digits, so that whoever wants fewer can say where one is too long
    NaN Infinity  are not JSON
    depth         254 levels of brackets, as many as the writer writes; 200 in what others wrote
    equal keys    the last one counts
    texts         half of a surrogate pair is not a text: neither escaped nor in the bytes
    bytes         UTF-8, UTF-16 or UTF-32, with or without a byte order mark
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Collection, Iterator
from decimal import Context, Decimal, InvalidOperation
from functools import partial
from math import isfinite
from typing import Any, NoReturn

import orjson

from fql.exact.numbers import JsonNumber

MAX_NESTING = 254
"""Levels of brackets that the writer writes, and the reader reads back."""

FOREIGN_NESTING = 200
"""Levels in what others wrote: the rest is room for what we put around it."""

LONGEST_INT = 4_300
"""Digits of an integer that are read."""

_NUMBER = partial(JsonNumber, context=Context(traps=[InvalidOperation]))
_TOO_LONG = f"an integer has more than {LONGEST_INT:,} digits"
_CONTAINERS = frozenset({dict, list})
_HALF_PAIR = re.compile(r"\\u[dD][89a-fA-F]|[\ud800-\udfff]")

_WORDS = {
    "Expecting value": "a value is missing",
    "Expecting property name": "a key in double quotes is missing",
    "Expecting ':'": "a colon is missing",
    "Expecting ','": "a comma is missing",
    "Illegal trailing comma": "a comma has nothing after it",
    "Extra data": "something follows the value",
    "Unterminated string": "a text does not end",
    "Invalid control character": "a text holds a control character",
    "Invalid \\": "a text holds an unknown escape",
}
"""The start of what Python's reader says, in our words."""


class NotJson(ValueError):
    """A text that is not JSON, or that this reader does not take. The message says why, and in
    which line and column where that is known."""


def read_json(data: bytes | str, *, floats: bool = False) -> object:
    """The value that our own writer wrote. With `floats`, numbers with a point or exponent come
    as Python's, for callers outside that know no Decimal. Raises NotJson."""
    return _read(data, MAX_NESTING, floats=floats)


def read_foreign(data: bytes | str, *, floats: bool = False) -> object:
    """The same for what others wrote: nested less deeply, so that what we put around it can
    still be written. Raises NotJson."""
    return _read(data, FOREIGN_NESTING, floats=floats)


def _read(data: bytes | str, room: int, *, floats: bool) -> object:
    try:
        value: object = orjson.loads(data)
    except ValueError:  # not JSON, or JSON that the quick reader does not know
        text = _decoded(data)
        value = _exactly(text, floats=floats)
        _refuse_half_pairs(text, value)
        _has_float((value,), room)
        return value
    # It was exact if no float came of it: integers beyond 64 bits are floats to it as well.
    return _exactly(_decoded(data), floats=floats) if _has_float((value,), room) else value


def _has_float(values: Collection[Any], room: int) -> bool:
    """Whether a float lies anywhere in these values. Raises NotJson where they nest too deeply."""
    kinds = set(map(type, values))
    found = float in kinds
    if kinds.isdisjoint(_CONTAINERS):
        return found
    if not room:
        raise NotJson("it is nested too deeply")
    for value in values:
        if value.__class__ is dict:
            found |= _has_float(value.values(), room - 1)
        elif value.__class__ is list:
            found |= _has_float(value, room - 1)
    return found


def _exactly(text: str, *, floats: bool) -> object:
    limited = sys.get_int_max_str_digits() == LONGEST_INT  # an application may have set another
    try:
        found: object = json.loads(
            text,
            parse_float=_finite_float if floats else _NUMBER,
            parse_int=None if limited else _whole_number,
            parse_constant=_no_constant,
        )
    except json.JSONDecodeError as error:
        raise NotJson(_in_our_words(error)) from None
    except RecursionError:
        raise NotJson("it is nested too deeply") from None
    except InvalidOperation:
        raise NotJson("a number has an exponent that is too large") from None
    except NotJson:
        raise
    except ValueError:
        raise NotJson(_TOO_LONG) from None
    return found


def _in_our_words(error: json.JSONDecodeError) -> str:
    said = (ours for start, ours in _WORDS.items() if error.msg.startswith(start))
    return f"{next(said, error.msg)} (line {error.lineno}, column {error.colno})"


def _decoded(data: bytes | str) -> str:
    if isinstance(data, str):
        return data.removeprefix("\ufeff")
    try:
        return data.decode(json.detect_encoding(data))
    except UnicodeDecodeError as error:
        raise NotJson(f"its bytes from {error.start} on are not {error.encoding.upper()}") from None


def _no_constant(name: str) -> NoReturn:
    raise NotJson(f"{name} is not a JSON number")


def _whole_number(text: str) -> int:
    if len(text) > LONGEST_INT:
        raise NotJson(_TOO_LONG)
    return int(Decimal(text))  # the limit of int() is not ours


def _finite_float(text: str) -> float:
    number = float(text)
    if not isfinite(number):
        raise NotJson(f"{text[:40]} is beyond the floats")
    return number


def _refuse_half_pairs(text: str, value: object) -> None:
    """Halves come from escapes, or from a text that held them before it came here."""
    if _HALF_PAIR.search(text) is None:
        return
    for part in _texts(value):
        try:
            part.encode()
        except UnicodeEncodeError:
            raise NotJson("a text holds half of a surrogate pair") from None


def _texts(value: object) -> Iterator[str]:
    """Every text and key."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield key
            yield from _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)
