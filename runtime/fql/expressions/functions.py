"""The built-in methods and filters, each implemented once. The table of names, operands and
results is `fql.plan.language.functions`; `implementation` finds the function of a row of it."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Protocol, cast
from urllib.parse import quote

import re2

from fql.events.values import rfc3339, text_of
from fql.exact.numbers import plain_decimal, plain_int
from fql.exact.writing import write_json
from fql.expressions import numbers
from fql.plan.language.expressions import Call

MAX_TEXT = 1_000_000
"""The longest text, in code points, that `replace`, `join` and loops of templates make; what is
longer is cut. It keeps a small template from filling the memory."""


class Match(Protocol):
    """Where a pattern matches."""

    def group(self, number: int) -> str | None: ...


class Pattern(Protocol):
    """A compiled RE2 pattern."""

    @property
    def groups(self) -> int: ...

    def search(self, text: str) -> Match | None: ...


@lru_cache(maxsize=4_096)
def pattern(text: str) -> Pattern:
    """The compiled pattern; the compiler has checked that it is one."""
    return cast("Pattern", re2.compile(text))


def matches(text: str, expression: str) -> bool:
    """True when the RE2 pattern matches somewhere in the text."""
    return pattern(expression).search(text) is not None


def replace(text: str, old: str, new: str) -> str:
    """Every occurrence replaced; the result is cut at MAX_TEXT. As in SQL, and unlike Python,
    an empty `old` occurs nowhere."""
    if not old:
        return text
    growth = max(len(new) - len(old), 0) * text.count(old)
    if len(text) + growth <= MAX_TEXT:
        return text.replace(old, new)
    room = MAX_TEXT // max(len(new), 1) + 1
    return text.replace(old, new, room)[:MAX_TEXT]


def joined(texts: Iterable[str], separator: str = "") -> str:
    """The texts with the separator between them, cut at MAX_TEXT."""
    parts: list[str] = []
    size = 0
    for text in texts:
        if parts and separator:
            parts.append(separator)
        parts.append(text)
        size += len(text) + len(separator)
        if size > MAX_TEXT:
            return "".join(parts)[:MAX_TEXT]
    return "".join(parts)


def truncate(text: str, length: int) -> str:
    """At most that many code points."""
    return text[: max(length, 0)]


def urlencode(text: str) -> str:
    """Percent-encoded, except for letters, digits and `_.-~/`."""
    return quote(text, safe="/")


def first(items: Iterable[object]) -> object:
    """The first of some items; None where there is none."""
    return next(iter(items), None)


def present(key: str, value: object) -> dict[str, object]:
    """What an optional key adds to an object: nothing where its value is null."""
    return {} if value is None else {key: value}


def as_string(value: object) -> str | None:
    """The text of a JSON text."""
    return value if isinstance(value, str) else None


def as_boolean(value: object) -> bool | None:
    """The value of a JSON `true` or `false`."""
    return value if isinstance(value, bool) else None


def as_int(value: object) -> int | None:
    """The value of a JSON number that is whole."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    whole = isinstance(value, Decimal) and value == value.to_integral_value()
    return int(cast("Decimal", value)) if whole else None


def as_decimal(value: object) -> Decimal | None:
    """The exact value of a JSON number."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return None
    return Decimal(value)


def as_float(value: object) -> float | None:
    """The nearest float to a JSON number."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return None
    return numbers.to_float(value)


def index(value: object, key: object) -> object:
    """`value[key]` of JSON; None when absent or of another shape."""
    if isinstance(value, dict):
        return value.get(key) if isinstance(key, str) else None
    if isinstance(value, list | tuple) and isinstance(key, int) and 0 <= key < len(value):
        return cast("object", value[key])
    return None


def format_date(value: date, form: str | None = None) -> str:
    """A Date or DateTime (in UTC) by a strftime pattern of a few letters; without one the date."""
    if form is None:
        return value.isoformat()[:10]
    pieces = form.split("%")
    text = [pieces.pop(0)]
    while pieces:
        piece = pieces.pop(0)
        if piece == "" and pieces:  # `%%`
            text.append("%" + pieces.pop(0))
        else:
            text.append(_DATE_LETTERS.get(piece[:1], _unknown)(value) + piece[1:])
    return "".join(text)


def _unknown(_value: date) -> str:
    return ""


def _clock(letter: str) -> Callable[[date], str]:
    def read(value: date) -> str:
        moment = value if isinstance(value, datetime) else datetime(value.year, 1, 1)
        return f"{getattr(moment, letter):02}"

    return read


_DATE_LETTERS: Mapping[str, Callable[[date], str]] = {
    "Y": lambda value: f"{value.year:04}",
    "m": lambda value: f"{value.month:02}",
    "d": lambda value: f"{value.day:02}",
    "j": lambda value: f"{value.timetuple().tm_yday:03}",
    "H": _clock("hour"),
    "M": _clock("minute"),
    "S": _clock("second"),
}


def as_json_text(value: object) -> str:
    """Any value as JSON text."""
    return write_json(value).decode()


def slice_text(text: str, start: int, end: int | None = None) -> str:
    """The code points from `start` to before `end`; negative positions count from the end, and
    those beyond an end mean that end."""
    return text[start:end]


def split(text: str, separator: str) -> list[str]:
    """The parts between occurrences of the separator. An empty one occurs nowhere."""
    return text.split(separator) if separator else [text]


def extract(text: str, expression: str) -> str | None:
    """The first match of the RE2 pattern, or of its first group where it has one; None without a
    match, or where the group took no part in it."""
    compiled = pattern(expression)
    found = compiled.search(text)
    return None if found is None else found.group(min(compiled.groups, 1))


def sha256(text: str) -> str:
    """The SHA-256 of the text's UTF-8 in hexadecimal digits."""
    return hashlib.sha256(_utf8(text)).hexdigest()


def base64_text(text: str) -> str:
    """The text's UTF-8 in base64."""
    return base64.b64encode(_utf8(text)).decode("ascii")


def _utf8(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


Implementation = Callable[..., object]

_BY_NAME: Mapping[str, Implementation] = {
    "lower": str.lower,
    "upper": str.upper,
    "trim": str.strip,
    "length": len,
    "contains": lambda text, part: part in text,
    "starts_with": lambda text, part: text.startswith(part),
    "ends_with": lambda text, part: text.endswith(part),
    "replace": replace,
    "matches": matches,
    "slice": slice_text,
    "split": split,
    "extract": extract,
    "sha256": sha256,
    "base64": base64_text,
    "floor": numbers.floor,
    "ceil": numbers.ceil,
    "abs": numbers.absolute,
    "epoch": numbers.epoch,
    "epoch_ms": numbers.epoch_ms,
    "to_decimal": numbers.to_decimal,
    "to_float": numbers.to_float,
    "as_string": as_string,
    "as_int": as_int,
    "as_float": as_float,
    "as_decimal": as_decimal,
    "as_boolean": as_boolean,
    "urlencode": urlencode,
    "truncate": truncate,
    "date": format_date,
    "join": lambda items, separator="": joined(items, separator),
    "json": as_json_text,
}


def implementation(e: Call) -> Implementation:
    """The function behind a call. Raises KeyError for names that are not in the table. The filter
    `round` gives what it takes, the method whole numbers and Decimals."""
    if e.name != "round":
        return _BY_NAME[e.name]
    if e.type.name == "Int":
        return numbers.nearest_whole
    if e.type.name == "Float":
        return numbers.rounded_float
    return numbers.to_places if e.args else numbers.rounded_decimal


def hole_form(type_name: str) -> Implementation | None:
    """How a value of the type is put into text; None where the value is text already."""
    return None if type_name in ("String", "UUID") else _HOLE_FORMS.get(type_name, text_of)


_HOLE_FORMS: Mapping[str, Implementation] = {
    "ID": str,
    "Boolean": lambda value: "true" if value else "false",
    "Int": plain_int,
    "Float": repr,
    "Decimal": plain_decimal,
    "DateTime": rfc3339,
    "Date": date.isoformat,
}
