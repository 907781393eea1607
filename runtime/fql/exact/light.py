"""The slow half of the reader: Python's own, made exact. It needs no orjson, whose import takes
20 ms: commands that must start at once read and write their small documents with it alone."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from decimal import Context, Decimal, InvalidOperation
from functools import partial
from math import isfinite
from typing import NoReturn

from fql.exact.numbers import JsonNumber

LONGEST_INT = 4_300
"""Digits of an integer that are read."""

_NUMBER = partial(JsonNumber, context=Context(traps=[InvalidOperation]))
_TOO_LONG = f"an integer has more than {LONGEST_INT:,} digits"
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


class BeyondLimits(NotJson):
    """JSON that this reader does not take: too deep, a number too long, half of a pair."""


class NotWritable(TypeError):
    """A value that JSON cannot hold. The message begins with the path to it, if it is within
    another one."""


def read_lightly(data: bytes | str, *, floats: bool = False, halves: bool = False) -> object:
    """The value in a text. `halves` takes texts that hold half of a surrogate pair, as editors
    send them while a character is typed in two steps. Raises NotJson."""
    text = _decoded(data)
    value = _exactly(text, floats=floats)
    if not halves:
        _refuse_half_pairs(text, value)
    return value


def text_of(data: bytes) -> str:
    """Bytes as text for people, in the encoding that JSON would have."""
    return data.decode(json.detect_encoding(data), "replace")


def light_text(value: object) -> str:
    """Plain values as JSON: texts, numbers, lists, objects. Raises NotWritable."""
    try:
        text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
        text.encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise NotWritable(f"it cannot be written as JSON: {error}") from None
    return text


def json_spellings(text: str) -> set[str]:
    """How writers of JSON, ours and others, spell what is within a text."""
    return {json.dumps(text, ensure_ascii=ascii_)[1:-1] for ascii_ in (False, True)}


def _exactly(text: str, *, floats: bool) -> object:
    limited = sys.get_int_max_str_digits() == LONGEST_INT  # an application may have set another
    try:
        found: object = json.loads(
            text,
            parse_float=_python_float if floats else _NUMBER,
            parse_int=None if limited else _whole_number,
            parse_constant=_no_constant,
        )
    except json.JSONDecodeError as error:
        raise NotJson(_in_our_words(error)) from None
    except RecursionError:
        raise BeyondLimits("it is nested too deeply") from None
    except InvalidOperation:
        raise BeyondLimits("a number has an exponent that is too large") from None
    except NotJson:
        raise
    except ValueError:
        raise BeyondLimits(_TOO_LONG) from None
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
        raise BeyondLimits(_TOO_LONG)
    return int(Decimal(text))  # the limit of int() is not ours


def _python_float(text: str) -> float | JsonNumber:
    number = float(text)
    return number if isfinite(number) else JsonNumber(_NUMBER(text))


def _refuse_half_pairs(text: str, value: object) -> None:
    """Halves come from escapes, or from a text that held them before it came here."""
    if _HALF_PAIR.search(text) is None:
        return
    for part in _texts(value):
        try:
            part.encode()
        except UnicodeEncodeError:
            raise BeyondLimits("a text holds half of a surrogate pair") from None


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
