"""Numbers as SQLite reads them: 64-bit integers and floats."""

from __future__ import annotations

import math
from decimal import Decimal
from fractions import Fraction

from fql.sql.dialect import plain_number
from fql.sql.text import NotInSqlError

PLACES = 6
"""Digits after the point to which decimals are rounded, so that equal ones are equal floats."""

MILLIONTHS = 10**PLACES

_CHUNK = 60


def whole_or_decimal(value: int | Decimal) -> str:
    """A number that SQLite holds. Raises NotInSqlError for one that it does not."""
    if isinstance(value, int) and not -(2**63) <= value < 2**63:
        raise NotInSqlError(f"{plain_number(value)} is beyond the 64 bits of SQLite")
    if _places(Decimal(value)) > PLACES:
        raise NotInSqlError(
            f"{value}: SQLite has no exact decimals, so they are compared to {PLACES} places"
        )
    return plain_number(value)


def _places(value: Decimal) -> int:
    """How many digits after the point a number needs; arithmetic would round a long one, or raise
    (`%`)."""
    _sign, digits, exponent = value.as_tuple()
    if not isinstance(exponent, int):
        return 0
    idle = len(digits) - len("".join(map(str, digits)).rstrip("0"))
    return max(0, -exponent - idle) if any(digits) else 0


def float_literal(value: float) -> str:
    """A float so that SQLite reads exactly it. Its own reading may be off by a bit unless digits
    and exponent are small and the digits are not half way between two floats; other values are
    written as an exact product of a whole number and powers of two."""
    return repr(value) if _is_safe(value) else _exact_product(value)


def _is_safe(value: float) -> bool:
    _sign, digits, exponent = Decimal(repr(value)).as_tuple()
    number = int("".join(map(str, digits)))
    if not isinstance(exponent, int) or abs(exponent) > 22 or number >= 2**53:
        return False
    if value == 0 or value.is_integer():
        return True
    exact = Fraction(Decimal(repr(abs(value))))
    error = abs(exact - Fraction(abs(value))) / Fraction(math.ulp(value))
    return error < Fraction(1, 2) - Fraction(1, 512)


def _exact_product(value: float) -> str:
    top, bottom = abs(value).as_integer_ratio()
    sign = "-" if value < 0 else ""
    shift = bottom.bit_length() - 1
    while top % 2 == 0 and top:
        top, shift = top // 2, shift - 1
    word, count = ("/", shift) if shift > 0 else ("*", -shift)
    parts = [2 ** min(_CHUNK, count - at) for at in range(0, count, _CHUNK)]
    return f"({sign}{top}.0" + "".join(f" {word} {part}.0" for part in parts) + ")"
