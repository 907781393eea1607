"""Durations and sizes as people write them in `fql.toml` and on the command line.

Written and meant as in a `.fql` file: `100ms 5s 2m 1h 7d`, `512B 64KB 10MB 10GB 1TB` (powers of
ten) and `1KiB 1MiB 1GiB 1TiB` (powers of two), the unit right after the number. The
lexer of the compiler reads by the same tables.
"""

from __future__ import annotations

import re

MILLISECONDS = {"ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
BYTES = {"B": 1, "KB": 1_000, "MB": 1_000_000, "GB": 1_000_000_000, "TB": 1_000_000_000_000}
SIZES = BYTES | {"KiB": 2**10, "MiB": 2**20, "GiB": 2**30, "TiB": 2**40}

_NUMBER = r"(?:0|[1-9][0-9]*(?:_[0-9]+)*)(?:\.[0-9]+(?:_[0-9]+)*)?"
_WRITTEN = re.compile(rf"({_NUMBER})([A-Za-z]+)")

DURATION = f"^{_NUMBER}({'|'.join(MILLISECONDS)})$"
SIZE = f"^{_NUMBER}({'|'.join(SIZES)})$"
"""How durations and sizes are written, as regular expressions."""


def parse_duration(text: str) -> int:
    """Milliseconds of a duration such as `30s`. Raises ValueError that says how to write one."""
    return _measure(text, MILLISECONDS, "duration", "100ms, 30s, 5m, 1h or 7d")


def parse_size(text: str) -> int:
    """Bytes of a size such as `10GB`. Raises ValueError that says how to write one."""
    return _measure(text, SIZES, "size", "64KB, 10MB or 10GB")


def _measure(text: str, units: dict[str, int], what: str, examples: str) -> int:
    found = _WRITTEN.fullmatch(text)
    factor = units.get(found[2]) if found else None
    if found is None or factor is None:
        raise ValueError(f"{text!r} is not a {what}; write one as {examples}")
    amount = whole_amount(found[1], factor)
    if amount is None:
        raise ValueError(f"{text!r} is finer than the smallest unit of a {what}")
    return amount


def whole_amount(number: str, factor: int) -> int | None:
    """So many smallest units as `number` (digits with at most one point, and `_`) of a unit of
    `factor` smallest ones are; None when that is not a whole number. Integers only: neither a
    float nor a decimal of 28 digits would be exact."""
    whole, _, fraction = number.replace("_", "").partition(".")
    amount, rest = divmod(int(whole + fraction) * factor, 10 ** len(fraction))
    return None if rest else amount


def show_duration(milliseconds: int) -> str:
    """The shortest whole writing of a duration: 90_000 is `90s`, 120_000 is `2m`, 0 is `0s`."""
    sign = "-" if milliseconds < 0 else ""
    return sign + _shortest(abs(milliseconds), MILLISECONDS, "s")


def spoken_duration(milliseconds: int) -> str:
    """A duration for people, in several units where that reads better: `3m 350ms`."""
    parts: list[str] = []
    rest = milliseconds
    for unit, factor in reversed(MILLISECONDS.items()):
        count, rest = divmod(rest, factor)
        if count:
            parts.append(f"{count}{unit}")
    return " ".join(parts) or "0s"


def show_size(size: int) -> str:
    """The shortest whole writing of a size: 10_000_000_000 is `10GB`."""
    return _shortest(size, BYTES, "B")


def _shortest(amount: int, units: dict[str, int], of_nothing: str) -> str:
    for unit, factor in reversed(units.items()):
        if amount and amount % factor == 0:
            return f"{amount // factor}{unit}"
    return f"{amount}{of_nothing}"
