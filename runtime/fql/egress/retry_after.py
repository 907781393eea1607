"""`Retry-After` (RFC 9110, section 10.2.3): seconds as ASCII digits, or an IMF-fixdate."""

from __future__ import annotations

import re
from calendar import timegm
from datetime import date

LONGEST_MS = 366 * 24 * 3_600_000
"""Absurd waits are cut to this; the retry policy cuts further."""

_DIGITS = re.compile(r"[0-9]{1,18}", re.ASCII)
_MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec"
_IMF = re.compile(
    r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), ([0-9]{2}) (" + _MONTHS.replace(" ", "|") + ") "
    r"([0-9]{4}) ([0-9]{2}):([0-9]{2}):([0-9]{2}) GMT",
    re.ASCII,
)


def retry_after_ms(value: str | None, now: float) -> int | None:
    """Milliseconds to wait from `now` (unix seconds), or None for anything malformed."""
    if value is None:
        return None
    text = value.strip(" \t")
    if _DIGITS.fullmatch(text):
        return min(int(text) * 1000, LONGEST_MS)
    moment = _imf_fixdate(text)
    return None if moment is None else min(max(int((moment - now) * 1000), 0), LONGEST_MS)


def _imf_fixdate(text: str) -> int | None:
    match = _IMF.fullmatch(text)
    if match is None:
        return None
    day, month, year = int(match[1]), _MONTHS.split().index(match[2]) + 1, int(match[3])
    hour, minute, second = int(match[4]), int(match[5]), int(match[6])
    try:
        date(year, month, day)
    except ValueError:
        return None
    if hour > 23 or minute > 59 or second > 60:
        return None
    return timegm((year, month, day, hour, minute, second))
