"""Constants: whether a value is one of its type, and of a size that evaluation can bear."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal

from fql.plan.language.types import Type
from fql.plan.verifying.names import Known

MOST_DIGITS = 4_000
"""Digits of a constant, before and after its point: what folding can make of literals."""

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def fits(value: object, of: Type, known: Known) -> bool:
    """True when the value of a constant is one of the type."""
    if value is None:
        return of.nullable or of.name == "JSON"
    if of.item is not None:
        return isinstance(value, tuple) and all(fits(item, of.item, known) for item in value)
    if of.name in known.enums:
        return isinstance(value, str) and value in known.enums[of.name]
    check = _CHECKS.get(of.name)
    return check is not None and check(value)


def _whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) < _BOUND


def _exact(value: object) -> bool:
    if not isinstance(value, Decimal):
        return _whole(value)
    return value.is_finite() and _size(value) <= MOST_DIGITS


def _size(value: Decimal) -> int:
    """Digits of the number as it is written out."""
    _, digits, exponent = value.as_tuple()
    return len(digits) + abs(int(exponent))


def _float(value: object) -> bool:
    return _whole(value) or (isinstance(value, float) and math.isfinite(value))


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _uuid(value: object) -> bool:
    return isinstance(value, str) and _UUID.fullmatch(value) is not None


def _moment(value: object) -> bool:
    return isinstance(value, datetime) and value.utcoffset() is not None


def _day(value: object) -> bool:
    return isinstance(value, date) and not isinstance(value, datetime)


def _json(value: object) -> bool:
    if isinstance(value, tuple):
        return all(item is None or _json(item) for item in value)
    return isinstance(value, bool | str) or _exact(value) or _float(value)


_BOUND = 10**MOST_DIGITS

_CHECKS: Mapping[str, Callable[[object], bool]] = {
    "Boolean": lambda value: isinstance(value, bool),
    "Int": _whole,
    "Float": _float,
    "Decimal": _exact,
    "String": _is_text,
    "ID": _is_text,
    "UUID": _uuid,
    "DateTime": _moment,
    "Date": _day,
    "Duration": lambda value: isinstance(value, timedelta),
    "JSON": _json,
}
