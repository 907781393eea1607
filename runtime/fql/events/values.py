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

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from fql.exact.numbers import plain_decimal, plain_int
from fql.exact.writing import json_text, write_json

MAX_DEPTH = 100
"""How deep a JSON value may be nested."""


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
    return json_text(value) if form is None else form(value)


_TEXT_FORMS: Mapping[type, Callable[[Any], str]] = {
    bool: lambda value: "true" if value else "false",
    int: plain_int,
    float: repr,
    Decimal: plain_decimal,
    datetime: rfc3339,
    date: date.isoformat,
}


def payload_of(new: Mapping[str, object] | None, old: Mapping[str, object] | None) -> bytes:
    """The normalised JSON of both rows, as stored and sent. The null of an absent row does not
    make anyone look whether it stands for a number that is not finite."""
    if old is None and new is not None:
        return b'{"new":%b,"old":null}' % write_json(new)
    if new is None and old is not None:
        return b'{"new":null,"old":%b}' % write_json(old)
    return write_json({"new": new, "old": old})
