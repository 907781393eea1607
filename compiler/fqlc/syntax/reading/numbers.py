"""Numbers, durations and sizes."""

from __future__ import annotations

import re
from decimal import Decimal

from fql.near import nearest
from fql.plan.language.units import MILLISECONDS, SIZES, whole_amount
from fqlc.diagnostics.model import Diagnostic, Edit, Fix
from fqlc.source.text import Span
from fqlc.syntax.reading.lexemes import Origin
from fqlc.syntax.reading.other_languages import foreign
from fqlc.syntax.tree import ast

MAX_DIGITS = 1_000
_NUMBER = re.compile(r"((?:0|[1-9][0-9]*(?:_[0-9]+)*)(?:\.[0-9]+(?:_[0-9]+)*)?)([A-Za-z]*)")

_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_LONG_UNITS = {
    "s": ("sec", "secs", "second", "seconds"),
    "m": ("min", "mins", "minute", "minutes"),
    "h": ("hr", "hrs", "hour", "hours"),
    "d": ("day", "days"),
    "ms": ("msec", "msecs", "millis", "millisecond", "milliseconds"),
}
_MEANT = {word: unit for unit, words in _LONG_UNITS.items() for word in words}

Quantity = (
    ast.NumberLiteral | ast.DurationLiteral | ast.SizeLiteral | ast.RangeLiteral
    | ast.ErrorExpression
)  # fmt: skip


def read_number(origin: Origin, start: int, end: int) -> Quantity:
    """The literal of a number with or without unit; reports FQL105 when it is bad."""
    text = origin.text[start:end]
    span = Span(origin.path, start, end)
    if text.isdigit() and text[0] != "0" and len(text) < MAX_DIGITS:
        return ast.NumberLiteral(span=span, value=int(text))
    if text[1:].lower() == "xx" and text[0] in "12345":
        return _class_of_statuses(origin, span, int(text[0]) * 100)
    match = _NUMBER.fullmatch(text)
    if match is None or len(text) > MAX_DIGITS:
        return _bad_number(origin, span, text)
    digits, unit = match[1].replace("_", ""), match[2]
    if not unit:
        value = Decimal(digits) if "." in digits else int(digits)
        return ast.NumberLiteral(span=span, value=value)
    return _with_unit(origin, span, text, digits, unit)


def _class_of_statuses(origin: Origin, span: Span, first: int) -> Quantity:
    """`5xx`, read as the range that it means."""
    written = f"{first}..{first + 99}"
    text = origin.text[span.start : span.end]
    found = foreign(span, f"`{text}` is written `{written}` here", Fix((Edit(span, written),)))
    origin.sink.cause(found, span)
    return ast.RangeLiteral(span=span, first=first, last=first + 99)


def _with_unit(origin: Origin, span: Span, text: str, digits: str, unit: str) -> Quantity:
    factor = MILLISECONDS.get(unit) or SIZES.get(unit)
    if factor is None:
        return _bad_unit(origin, span, unit)
    amount = whole_amount(digits, factor)
    if amount is None:
        message = f"`{text}` is not a whole number of {_smallest(unit)}"
        return _unreadable(origin, span, _fault(span, message, "too fine"))
    if unit in MILLISECONDS:
        return ast.DurationLiteral(span=span, milliseconds=amount, text=text)
    return ast.SizeLiteral(span=span, size=amount, text=text)


def _smallest(unit: str) -> str:
    return "milliseconds" if unit in MILLISECONDS else "bytes"


def meant_unit(word: str) -> str | None:
    """The unit that a word such as `seconds` means, or that it is."""
    if word in MILLISECONDS or word in SIZES:
        return word
    return _MEANT.get(word.lower())


def _bad_unit(origin: Origin, span: Span, unit: str) -> Quantity:
    meant = meant_unit(unit)
    near = meant or nearest(unit, (*MILLISECONDS, *SIZES))
    safe = near is not None and (meant is not None or near.lower() == unit.lower())
    where = Span(span.path, span.end - len(unit), span.end)
    help_ = (
        "units of time are `ms s m h d`, of size `B KB MB GB TB` and `KiB MiB GiB TiB`",
        *((f"write `{near}`",) if near else ()),
    )
    fix = Fix((Edit(where, near),), safe=safe) if near else None
    message = f"`{unit}` is not a unit of time or size"
    return _unreadable(
        origin, span, Diagnostic("FQL105", message, span, label="unknown unit", help=help_, fix=fix)
    )


def _bad_number(origin: Origin, span: Span, text: str) -> Quantity:
    if len(text) > MAX_DIGITS:
        message = f"a number has more than {MAX_DIGITS:,} digits"
        return _unreadable(origin, span, _fault(span, message, "too long"))
    date = _DATE.match(origin.text, max(span.start - 5, 0))
    if date is not None:
        return _unreadable(origin, origin.span(*date.span()), _bare_date(origin.span(*date.span())))
    if _is_thousands(origin, span):
        return _unreadable(origin, span, _thousands(span))
    help_ = "write digits, `_` between digits and at most one `.`: `12`, `1_000.50`"
    if re.fullmatch(r"0[0-9]+", text):
        help_ = "leave out the zeros at the start, or put the digits in quotes as a text"
    found = _fault(span, f"`{text}` is not a number", "not a number", help_)
    return _unreadable(origin, span, found)


def _bare_date(span: Span) -> Diagnostic:
    message = "a date or time must be quoted"
    return Diagnostic("FQL105", message, span, label="reads like a subtraction")


def _is_thousands(origin: Origin, span: Span) -> bool:
    """True for the `000` of `1,000`."""
    before = origin.text[max(span.start - 2, 0) : span.start]
    return span.end - span.start == 3 and before[-1:] == "," and before[:1].isdigit()


def _thousands(span: Span) -> Diagnostic:
    comma = Span(span.path, span.start - 1, span.start)
    return Diagnostic(
        "FQL105", "thousands are not separated by `,`", comma, label="separates list items",
        help=("write `_` between digits: `1_000`",), fix=Fix((Edit(comma, "_"),)),
    )  # fmt: skip


def _fault(span: Span, message: str, label: str, advice: str = "") -> Diagnostic:
    return Diagnostic("FQL105", message, span, label=label, help=(advice,) if advice else ())


def _unreadable(origin: Origin, span: Span, found: Diagnostic) -> ast.ErrorExpression:
    """Report it; whatever holds such a number is not judged besides."""
    origin.unreadable.append(found)
    origin.sink.cause(found, span)
    return ast.ErrorExpression(span=span)
