"""The media type that the header of an action says."""

from __future__ import annotations

from fql.plan.language.expressions import Constant, Text
from fqlc.checks.levels import Given
from fqlc.checks.reading.settings import HeaderGiven

CONTENT_TYPE = "headers.content-type"


def media_type_of(given: Given | None) -> str:
    """The media type of a header, in lower case and without parameters; empty where there is none,
    or where it is known only when it is sent."""
    value = given.value if given is not None else None
    if not isinstance(value, HeaderGiven):
        return ""
    return _text_of(value).partition(";")[0].strip().lower()


def _text_of(header: HeaderGiven) -> str:
    """What can be told of a header: the text before its first value."""
    value = header.value
    if isinstance(value, Constant) and isinstance(value.value, str):
        return value.value
    if isinstance(value, Text):
        first = value.parts[0] if value.parts else ""
        return first if isinstance(first, str) and ";" in first else ""
    return ""
