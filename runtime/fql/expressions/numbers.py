"""Arithmetic that never raises: exact integers and decimals, floats and dates that saturate.

Operands are not null (the checker has proved it). The generated code calls these functions where
Python's own operators would round, overflow or raise.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from decimal import (
    MAX_EMAX,
    MAX_PREC,
    MIN_EMIN,
    ROUND_CEILING,
    ROUND_FLOOR,
    ROUND_HALF_EVEN,
    ROUND_HALF_UP,
    Context,
    Decimal,
)

EXACT = Context(
    prec=MAX_PREC, rounding=ROUND_HALF_EVEN, Emin=MIN_EMIN, Emax=MAX_EMAX, clamp=0, traps=[]
)
"""Sums, differences and products come out exact: their size is bounded by the digits of the
operands (`fql.events.values.MAX_DIGITS`) and the size of the expression."""

DIVISION = Context(
    prec=28, rounding=ROUND_HALF_EVEN, Emin=MIN_EMIN, Emax=MAX_EMAX, clamp=0, traps=[]
)
"""Quotients have 28 digits, rounded half to even."""

_LARGEST = sys.float_info.max
_FIRST = datetime.min.replace(tzinfo=UTC)
_LAST = datetime.max.replace(tzinfo=UTC)

Number = int | float | Decimal

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND, _MILLISECOND = timedelta(seconds=1), timedelta(milliseconds=1)


def saturated(value: float) -> float:
    """The float itself, or the largest finite one of its sign."""
    if -_LARGEST <= value <= _LARGEST:
        return value
    return math.copysign(_LARGEST, value)


def to_float(value: Number) -> float:
    """The nearest finite float."""
    try:
        return saturated(float(value))
    except OverflowError:  # an int beyond the floats
        return _LARGEST if value > 0 else -_LARGEST


def to_decimal(value: Number) -> Decimal:
    """The exact decimal value of an int or float."""
    return Decimal(value)


def divide_exact(left: int | Decimal, right: int | Decimal) -> Decimal | None:
    """The quotient with 28 digits; None for a zero divisor."""
    return DIVISION.divide(Decimal(left), Decimal(right)) if right else None


def divide_float(left: Number, right: Number) -> float | None:
    """The saturated quotient; None for a zero divisor."""
    divisor = to_float(right)
    return saturated(_quotient(to_float(left), divisor)) if divisor else None


def _quotient(left: float, right: float) -> float:
    # Python raises for a zero divisor only, which the caller has excluded.
    return left / right


def modulo_int(left: int, right: int) -> int | None:
    """The rest with the divisor's sign; None for a zero divisor."""
    return left % right if right else None


def modulo_decimal(left: int | Decimal, right: int | Decimal) -> Decimal | None:
    """The exact rest with the divisor's sign; None for a zero divisor."""
    if not right:
        return None
    rest = EXACT.remainder(Decimal(left), Decimal(right))
    return EXACT.add(rest, right) if rest and (rest < 0) != (right < 0) else rest


def modulo_float(left: Number, right: Number) -> float | None:
    """The rest with the divisor's sign; None for a zero divisor."""
    divisor = to_float(right)
    return to_float(left) % divisor if divisor else None


def rounded_decimal(value: Decimal, places: int = 0) -> Decimal:
    """Rounded half to even; more places than the value has add zeros."""
    places = max(-1_000, min(places, 1_000))
    return EXACT.quantize(value, Decimal((0, (1,), -places)))


def nearest_whole(value: Number) -> int:
    """The nearest whole number, of two the even one."""
    return _whole_number(value, ROUND_HALF_EVEN)


def floor(value: Number) -> int:
    """The greatest whole number that is not above it."""
    return _whole_number(value, ROUND_FLOOR)


def ceil(value: Number) -> int:
    """The least whole number that is not below it."""
    return _whole_number(value, ROUND_CEILING)


def _whole_number(value: Number, rounding: str) -> int:
    return value if isinstance(value, int) else int(Decimal(value).to_integral_value(rounding))


def to_places(value: Number, places: int, word: str = "") -> Decimal:
    """A Decimal of exactly so many places: halves to the even digit, or with a word away from
    zero."""
    rounding = ROUND_HALF_UP if word else ROUND_HALF_EVEN
    return Decimal(value).quantize(Decimal((0, (1,), -places)), rounding, EXACT)


def absolute(value: Number) -> Number:
    """The number without its sign, with all of its digits."""
    return value.copy_abs() if isinstance(value, Decimal) else abs(value)


def total(values: Iterable[Number], nothing: Number) -> Number:
    """The sum of some numbers in order; `nothing` is the zero of their type."""
    found = nothing
    for value in values:
        if isinstance(found, Decimal):
            found = EXACT.add(found, value)  # type: ignore[arg-type]  # numbers of one type
        elif isinstance(found, float):
            found = saturated(found + to_float(value))
        else:
            found += value
    return found


def epoch(moment: datetime) -> int:
    """Whole seconds since 1970, rounded down."""
    return (moment - _EPOCH) // _SECOND


def epoch_ms(moment: datetime) -> int:
    """Whole milliseconds since 1970, rounded down."""
    return (moment - _EPOCH) // _MILLISECOND


def rounded_float(value: float, places: int = 0) -> float:
    """Rounded half to even to so many places."""
    try:
        return saturated(round(value, max(-400, min(places, 400))))
    except OverflowError:  # the largest floats, rounded up
        return value


def shift(moment: datetime, span: timedelta) -> datetime:
    """A DateTime later by a duration, within the years 1 to 9999."""
    try:
        return moment + span
    except OverflowError:
        return _FIRST if span.days < 0 else _LAST


def shift_back(moment: datetime, span: timedelta) -> datetime:
    """A DateTime earlier by a duration, within the years 1 to 9999."""
    return shift(moment, negated_span(span))


def shift_date(day: date, span: timedelta) -> date:
    """A Date later by the whole days of a duration (36h is one), within the years 1 to 9999."""
    try:
        return day + timedelta(days=_whole_days(span))
    except OverflowError:
        return date.min if span.days < 0 else date.max


def _whole_days(span: timedelta) -> int:
    # Python's `.days` rounds down, so that minus one hour would be a whole day back.
    return span.days if span.days >= 0 else -(negated_span(span).days)


def shift_date_back(day: date, span: timedelta) -> date:
    """A Date earlier by the whole days of a duration, within the years 1 to 9999."""
    return shift_date(day, negated_span(span))


def add_spans(left: timedelta, right: timedelta) -> timedelta:
    """The sum of two durations, within what a duration can hold."""
    try:
        return left + right
    except OverflowError:
        return timedelta.min if left.days < 0 else timedelta.max


def subtract_spans(left: timedelta, right: timedelta) -> timedelta:
    """The difference of two durations, within what a duration can hold."""
    return add_spans(left, negated_span(right))


def negated_span(span: timedelta) -> timedelta:
    """The opposite duration."""
    try:
        return -span
    except OverflowError:
        return timedelta.min


def scaled_span(span: timedelta, factor: int) -> timedelta:
    """A duration so many times, within what a duration can hold."""
    try:
        return span * factor
    except OverflowError:
        return timedelta.min if (span.days < 0) != (factor < 0) else timedelta.max
