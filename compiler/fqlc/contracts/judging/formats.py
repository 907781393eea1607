"""What a `format` asks of a text, for the formats that receivers check."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date
from ipaddress import AddressValueError, IPv4Address, IPv6Address

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_TIME = re.compile(
    r"([01]\d|2[0-3]):[0-5]\d:([0-5]\d|60)(\.\d+)?([zZ]|[+-]([01]\d|2[0-3]):[0-5]\d)"
)


def _is_date(text: str) -> bool:
    if not _DATE.fullmatch(text):
        return False
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _is_moment(text: str) -> bool:
    return text[10:11] in ("T", "t") and _is_date(text[:10]) and bool(_TIME.fullmatch(text[11:]))


def _is_ipv4(text: str) -> bool:
    try:
        IPv4Address(text)
    except AddressValueError:
        return False
    return True


def _is_ipv6(text: str) -> bool:
    try:
        IPv6Address(text)
    except AddressValueError:
        return False
    return "%" not in text


def _of(pattern: str) -> Callable[[str], bool]:
    return lambda text: re.fullmatch(pattern, text) is not None


_LABEL = r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_URI = _of(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s<>\"{}|\\^`]*")

CHECKED: Mapping[str, Callable[[str], bool]] = {
    "uuid": _of(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"),
    "date-time": _is_moment,
    "date": _is_date,
    "time": lambda text: bool(_TIME.fullmatch(text)),
    "duration": _of(r"P(?=.)(\d+W|(\d+Y)?(\d+M)?(\d+D)?(T(?=\d)(\d+H)?(\d+M)?(\d+S)?)?)"),
    "email": _of(r"[^\s@]+@[^\s@]+"),
    "idn-email": _of(r"[^\s@]+@[^\s@]+"),
    "hostname": _of(rf"(?=.{{1,253}}$){_LABEL}(\.{_LABEL})*"),
    "ipv4": _is_ipv4,
    "ipv6": _is_ipv6,
    "uri": _URI,
    "url": _URI,
    "iri": _URI,
    "decimal": _of(r"[+-]?\d+(\.\d+)?([eE][+-]?\d+)?"),
}
"""The formats that are judged; all others are let be."""

OWN: Mapping[str, str] = {
    "UUID": "uuid", "DateTime": "date-time", "Date": "date", "Decimal": "decimal",
}  # fmt: skip
"""The format that the texts of a type have."""

MEANT: Mapping[str, str] = {given: of for of, given in OWN.items()}
"""The type to declare for texts of a format."""

INTEGERS: Mapping[str, int] = {"int32": 2**31, "int64": 2**63}
"""Formats of whole numbers, each with the first one above its range."""


def has_format(text: str, name: str) -> bool:
    """Whether a text has a format; one that is not judged has every text."""
    judged = CHECKED.get(name)
    return judged is None or judged(text)


def in_range(number: object, name: str) -> bool:
    """Whether a number is in the range of a format."""
    bound = INTEGERS.get(name)
    whole = isinstance(number, int) and not isinstance(number, bool)
    return bound is None or not whole or -bound <= int(str(number)) < bound
