"""The header `traceparent` of W3C Trace Context (level 1), as it comes with an event."""

from __future__ import annotations

import re

_TRACEPARENT = re.compile(r"(?!ff)[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}")


def trace_id_of(traceparent: str) -> str:
    """The trace id in it, 32 hexadecimal digits; empty where it is none."""
    found = _TRACEPARENT.fullmatch(traceparent)
    if found is None or not (found[1].strip("0") and found[2].strip("0")):
        return ""
    return found[1]
