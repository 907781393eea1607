"""The one writer of JSON: what it writes, the one reader reads back equal.

UTF-8, no blanks, numbers exact. A float that is not finite, half of a surrogate pair, a key that
is not a text, a kind of value without a JSON form and nesting beyond 254 levels are refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from math import isfinite
from typing import Any

import orjson

from fql.exact.light import NotWritable
from fql.exact.numbers import MAX_DIGITS, JsonNumber, NumericId, plain_decimal, plain_int
from fql.exact.reading import FOREIGN_NESTING, MAX_NESTING

__all__ = [
    "NotWritable", "canonical_json", "json_text", "pretty_json", "write_given", "write_json",
]  # fmt: skip

_OPTIONS = orjson.OPT_UTC_Z | orjson.OPT_PASSTHROUGH_SUBCLASS | orjson.OPT_PASSTHROUGH_DATACLASS
_LINES = orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE
_NO_FLOATS = frozenset({str, int, bool, type(None), NumericId, Decimal, JsonNumber, datetime, date})
_INT_BOUND = 10**MAX_DIGITS
_LONGEST_PATH = 100


def write_json(value: object) -> bytes:
    """The JSON bytes of a value. Raises NotWritable."""
    return _written(value, _OPTIONS)


def json_text(value: object) -> str:
    """The same as text."""
    return _written(value, _OPTIONS).decode()


def canonical_json(value: object, *, read: bool = False) -> bytes:
    """With sorted keys: the same bytes for the same value everywhere. What was `read` from JSON
    has no number that JSON lacks, so nobody looks for one. Raises NotWritable."""
    return _written(value, _OPTIONS | orjson.OPT_SORT_KEYS, finite=read)


def pretty_json(value: object, *, sort: bool = False) -> bytes:
    """For people: over several lines, indented by two, with a line end. Raises NotWritable."""
    return _written(value, _OPTIONS | _LINES | (orjson.OPT_SORT_KEYS if sort else 0))


def write_given(value: object, path: str) -> bytes:
    """What an application gave, read strictly: no datetime without an offset, numbers of at most
    1,000 digits, no deeper than what is read from others. Raises NotWritable."""
    written = _written_plainly(value)
    if written is not None:
        return written
    problem = next(_problems(value, path, FOREIGN_NESTING, strict=True), None)
    if problem is not None:
        raise NotWritable(problem)
    return _written(value, _OPTIONS)


def _written_plainly(value: object) -> bytes | None:
    """The bytes of a value in which nothing can be wrong: it has what JSON has, finite numbers,
    and too few brackets to be nested deeply."""
    try:
        data = orjson.dumps(value, option=_OPTIONS | orjson.OPT_PASSTHROUGH_DATETIME)
    except TypeError:
        return None
    if b"null" in data and _has_unreal((value,)):
        return None
    return data if data.count(b"{") + data.count(b"[") < FOREIGN_NESTING else None


def _written(value: object, options: int, *, finite: bool = False) -> bytes:
    try:
        data = orjson.dumps(value, default=_other, option=options)
    except TypeError:  # an integer beyond 64 bits, or nothing that can be written
        data = _written_widely(value, options)
    # What is not finite is written as null: only then somebody has to look.
    if not finite and b"null" in data and _has_unreal((value,)):
        raise NotWritable(_first_problem(value))
    return data


def _written_widely(value: object, options: int) -> bytes:
    problem = next(_problems(value, "", MAX_NESTING, strict=False), None)
    if problem is not None:
        raise NotWritable(problem)
    return orjson.dumps(_widened(value), default=_other, option=options)


def _other(value: object) -> object:
    """The JSON form of what orjson does not know. A TypeError makes it give up."""
    if isinstance(value, Decimal):
        if not value.is_finite():
            raise TypeError
        exact = isinstance(value, JsonNumber)
        return orjson.Fragment(str(value)) if exact else plain_decimal(value)
    if isinstance(value, NumericId):
        return orjson.Fragment(str(value))
    if isinstance(value, timedelta):
        return value // timedelta(milliseconds=1)
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError


def _widened(value: object) -> object:
    """The same value with integers beyond 64 bits as fragments of text."""
    if isinstance(value, Mapping):
        return {str(key): _widened(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_widened(item) for item in value]
    if isinstance(value, int) and not isinstance(value, bool) and value.bit_length() > 63:
        return orjson.Fragment(plain_int(value))
    return value


def _has_unreal(values: Iterable[Any]) -> bool:
    """Whether a float that is not finite lies anywhere in these values."""
    for value in values:
        kind = value.__class__
        if kind in _NO_FLOATS:
            continue
        if kind is float:
            if not isfinite(value):
                return True
        elif kind is dict:
            if _has_unreal(value.values()):
                return True
        elif _has_unreal(_within(value)):
            return True
    return False


def _within(value: object) -> Iterable[object]:
    if isinstance(value, Mapping):
        return value.values()
    return value if isinstance(value, list | tuple) else ()


def _first_problem(value: object) -> str:
    return next(_problems(value, "", MAX_NESTING, strict=False), "it has no JSON form")


def _problems(value: object, path: str, room: int, *, strict: bool) -> Iterator[str]:
    """Why a value cannot be written, each with the path to it."""
    if isinstance(value, Mapping | list | tuple):
        if not room:
            yield _at(path, "is nested too deeply")
            return
        yield from _problems_within(value, path, room - 1, strict=strict)
        return
    problem = _problem(value, strict=strict)
    if problem:
        yield _at(path, problem)


def _problems_within(
    value: Mapping[Any, object] | list[object] | tuple[object, ...], path: str, room: int, *,
    strict: bool,
) -> Iterator[str]:  # fmt: skip
    if not isinstance(value, Mapping):
        for index, item in enumerate(value):
            yield from _problems(item, f"{path}[{index}]", room, strict=strict)
        return
    for key, item in value.items():
        if not isinstance(key, str) or not _is_text(key):
            yield _at(path, f"has a key that is not a text: {ascii(key)[:60]}")
        else:
            yield from _problems(item, f"{path}.{key}" if path else key, room, strict=strict)


def _at(path: str, problem: str) -> str:
    if len(path) > _LONGEST_PATH:
        path = path[:_LONGEST_PATH] + "..."
    return f"{path or 'it'} {problem}"


def _problem(value: object, *, strict: bool) -> str | None:
    """What is wrong with a value that holds no other ones."""
    problem = None
    match value:
        case str() if not _is_text(value):
            problem = "holds half of a surrogate pair"
        case float() if not isfinite(value):
            problem = f"is {value}, which is not a JSON number"
        case Decimal() if not value.is_finite():
            problem = f"is {value}, which is not a JSON number"
        case int() if strict and abs(value) >= _INT_BOUND:
            problem = f"has more than {MAX_DIGITS:,} digits"
        case datetime() if strict and value.tzinfo is None:
            problem = "is a datetime without an offset; give it one, such as datetime.now(tz=UTC)"
        case _ if not isinstance(value, int) and not _is_known(value):
            problem = f"is of type {type(value).__name__}, which has no JSON form"
    return problem


def _is_known(value: object) -> bool:
    try:
        orjson.dumps(value, default=_other, option=_OPTIONS)
    except TypeError:
        return False
    return True


def _is_text(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
