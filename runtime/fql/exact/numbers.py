"""Numbers that JSON can write and Python's own classes would lose."""

from __future__ import annotations

from decimal import Decimal

MAX_DIGITS = 1_000
"""Numbers with more digits (written plainly) fit no type."""

_SHORT_INT = 10**600
"""str() of integers below this works whatever limit the application gave its interpreter."""


class NumericId(str):
    """An ID that came as a JSON number: compares as text, is written as it came."""

    __slots__ = ()


class JsonNumber(Decimal):
    """A number with a point or exponent inside a JSON value: exact, and written as a number."""

    __slots__ = ()


def plain_int(value: int) -> str:
    """Digits of an integer of any size."""
    return str(value) if -_SHORT_INT < value < _SHORT_INT else format(Decimal(value), "f")


def plain_decimal(value: Decimal) -> str:
    """A decimal without exponent, with the scale it has."""
    text = str(value)
    return format(value, "f") if "E" in text else text
