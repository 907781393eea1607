"""Large documents of our own: texts, whole numbers of up to 64 bits, lists and objects, nothing
else. Nobody else writes them and a seal vouches for their bytes, so nothing is looked at twice."""

from __future__ import annotations

import orjson

from fql.exact.light import NotWritable


def write_plain(value: object) -> bytes:
    """The bytes of such a value, on one line. Raises NotWritable for a kind without a JSON form;
    that there are no other numbers in it is the caller's promise."""
    try:
        return orjson.dumps(value)
    except TypeError as error:
        raise NotWritable(f"it cannot be written as JSON: {error}") from None


def read_plain(data: bytes) -> dict[str, object]:
    """What `write_plain` made of an object. Raises ValueError."""
    found: dict[str, object] = orjson.loads(data)
    return found
