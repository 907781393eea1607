"""`Retry-After` (RFC 9110, section 10.2.3): seconds, or a date in one of HTTP's three forms."""

from __future__ import annotations

import re
from calendar import timegm
from datetime import UTC, date, datetime

from fql.plan.language.units import MILLISECONDS

LONGEST_MS = 366 * MILLISECONDS["d"]
"""Absurd waits are cut to this; the retry policy cuts further."""

_SECONDS = re.compile(r"[0-9]{1,200}(?:\.[0-9]{1,200})?", re.ASCII)
_MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec"
_DAY, _TIME = r"[a-z]{3,9}", r"(?P<h>[0-9]{2}):(?P<m>[0-9]{2}):(?P<s>[0-9]{2})"
_MONTH = f"(?P<month>{_MONTHS.replace(' ', '|')})"
_FORMS = tuple(
    re.compile(form, re.ASCII | re.IGNORECASE)
    for form in (
        rf"{_DAY}, (?P<day>[0-9]{{1,2}}) {_MONTH} (?P<year>[0-9]{{4}}) {_TIME} (?:GMT|UTC)",
        rf"{_DAY}, (?P<day>[0-9]{{1,2}})-{_MONTH}-(?P<short>[0-9]{{2}}) {_TIME} (?:GMT|UTC)",
        rf"{_DAY} {_MONTH} (?P<day>[ 0-9][0-9]) {_TIME} (?P<year>[0-9]{{4}})",
    )
)
"""IMF-fixdate, RFC 850 and asctime (section 5.6.7)."""


def retry_after_ms(value: str | None, now: float, answered: str | None = None) -> int | None:
    """Milliseconds to wait from `now` (unix seconds), or None for anything malformed.

    `answered` is the `Date` of the answer: a date is counted from it, so that it does not matter
    whether the receiver's clock is right.
    """
    text = (value or "").strip(" \t")
    if _SECONDS.fullmatch(text):
        whole, _, part = text.partition(".")
        return min(int(whole) * 1_000 + int(f"{part}000"[:3]), LONGEST_MS)
    moment = _moment(text, now)
    if moment is None:
        return None
    sent = _moment((answered or "").strip(" \t"), now)
    waits = int((moment - (now if sent is None else sent)) * 1_000)
    return min(max(waits, 0), LONGEST_MS)


def _moment(text: str, now: float) -> int | None:
    """Unix seconds of a date of HTTP, None for anything else."""
    found = next((match for form in _FORMS if (match := form.fullmatch(text))), None)
    if found is None:
        return None
    part = found.groupdict()
    year = int(part["year"]) if "year" in part else _century(int(part["short"]), now)
    month, day = _MONTHS.split().index(part["month"].lower()) + 1, int(part["day"])
    hour, minute, second = int(part["h"]), int(part["m"]), int(part["s"])
    try:
        date(year, month, day)
    except ValueError:
        return None
    if hour > 23 or minute > 59 or second > 60:
        return None
    return timegm((year, month, day, hour, minute, second))


def _century(short: int, now: float) -> int:
    """The year that two digits mean: never more than 50 years ahead (section 5.6.7)."""
    this = datetime.fromtimestamp(now, UTC).year
    year = this - this % 100 + short
    return year - 100 if year > this + 50 else year
