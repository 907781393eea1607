"""The path in what is written as a url, whatever is before and after it."""

from __future__ import annotations

import re

_ORIGIN = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^/?#]*")


def path_of(url: str) -> str:
    """The path of a url, of which host or scheme may be holes; without query and fragment."""
    return _ORIGIN.sub("", url, count=1).partition("#")[0].partition("?")[0]
