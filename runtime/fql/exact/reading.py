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

from collections.abc import Collection

import orjson

from fql.exact.light import BeyondLimits, NotJson, read_lightly

__all__ = ["BeyondLimits", "NotJson", "read_foreign", "read_json", "read_list", "read_object"]

MAX_NESTING = 254
"""Levels of brackets that the writer writes, and the reader reads back."""

FOREIGN_NESTING = 200
"""Levels in what others wrote: the rest is room for what we put around it."""

_CONTAINERS = frozenset({dict, list})


def read_json(data: bytes | str, *, floats: bool = False) -> object:
    """The value that our own writer wrote. With `floats`, numbers with a point or exponent come
    as Python's where those can hold them: for callers outside that know no Decimal. Raises
    NotJson."""
    return _read_within(data, MAX_NESTING, floats=floats)


def read_object(data: bytes | str, *, floats: bool = False) -> dict[str, object]:
    """The same where our own writer wrote an object. Raises NotJson, also for anything else."""
    found = _read_within(data, MAX_NESTING, floats=floats)
    if not isinstance(found, dict):
        raise NotJson("it is not an object")
    return found


def read_list(data: bytes | str) -> list[object]:
    """The same where our own writer wrote a list. Raises NotJson, also for anything else."""
    found = _read_within(data, MAX_NESTING, floats=False)
    if not isinstance(found, list):
        raise NotJson("it is not a list")
    return found


def read_foreign(data: bytes | str, *, floats: bool = False) -> object:
    """What others wrote: nested less deeply, so that what we put around it can still be written.
    Raises NotJson."""
    return _read_within(data, FOREIGN_NESTING, floats=floats)


def _read_within(data: bytes | str, room: int, *, floats: bool) -> object:
    try:
        value: object = orjson.loads(data)
    except ValueError:  # not JSON, or JSON that the quick reader does not know
        value = read_lightly(data, floats=floats)
        _has_float((value,), room)
        return value
    # It was exact if no float came of it: integers beyond 64 bits are floats to it as well.
    return read_lightly(data, floats=floats) if _has_float((value,), room) else value


def _has_float(values: Collection[object], room: int) -> bool:
    """Whether a float lies anywhere in these values. Raises NotJson where they nest too deeply."""
    kinds = set(map(type, values))
    found = float in kinds
    if kinds.isdisjoint(_CONTAINERS):
        return found
    if not room:
        raise BeyondLimits("it is nested too deeply")
    for value in values:
        if value.__class__ is dict:
            found |= _has_float(value.values(), room - 1)
        elif value.__class__ is list:
            found |= _has_float(value, room - 1)
    return found
