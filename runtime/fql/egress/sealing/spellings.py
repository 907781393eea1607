"""How others spell a value that they were given: escaped, percent-encoded, in base64.

Escapes nest (JSON within JSON, within a query), so they are not listed: `plain` undoes them, in the
value and in a text alike. Base64 cannot be told from other text, so its spellings are listed.
"""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from collections.abc import Iterator
from contextlib import suppress
from html import unescape
from urllib.parse import quote, quote_plus, unquote_to_bytes

from fql.exact.light import json_spellings

SIGNING_PREFIX = "whsec_"
"""What begins a signing secret in base64 (Standard Webhooks)."""
ROUNDS = 6
"""Kinds of escapes around each other that are undone. Of one kind any depth is undone at once."""

_ESCAPING = re.compile(r"[%\\&]")
_PERCENT = re.compile(r"%[0-9a-fA-F]{2}")
_TWICE = re.compile(r"%(?:25)+(?=[0-9a-fA-F]{2})")
_AND = re.compile(r"&(?:amp;)+")
_LONE_BYTE = re.compile("[\udc80-\udcff]")
_UNITS = re.compile(r"(?:[\\%]u[0-9a-fA-F]{4})+")
_POINT = re.compile(r"\\(?:x([0-9a-fA-F]{2})|u\{([0-9a-fA-F]{1,6})\}|U([0-9a-fA-F]{8}))")
_RUN = re.compile(r"\\{2,}")
_IN_URLS = str.maketrans("+/", "-_")
"""The other alphabet of base64."""
_LETTERS = (("\\n", "\n"), ("\\r", "\r"), ("\\t", "\t"), ("\\b", "\b"), ("\\f", "\f"), ("\\", ""))
_BEGUN = re.compile(
    r"(?:(?:%(?:25)*|\\+x)[89a-fA-F][0-9a-fA-F]){0,3}"  # bytes of a letter that lacks some
    r"(?:\\+u[dD][89abAB][0-9a-fA-F]{2})?"  # half of a surrogate pair
    r"(?:\\+(?:[uU]\{?[0-9a-fA-F]{0,7}|x[0-9a-fA-F]?)?|%(?:25)*u?[0-9a-fA-F]{0,3}"
    r"|&#?[0-9a-zA-Z]{0,8}|\ufffd)?\Z"
)


def plain(text: str) -> str:
    """The text with every escape undone: of JSON and programming languages, percent, HTML."""
    for _ in range(ROUNDS):
        if _ESCAPING.search(text) is None:
            break
        before = text
        text = _without_units(_without_percent(text))
        text = unescape(_AND.sub("&", text)) if "&" in text else text
        if text == before:
            break
    if "\\" in text:
        for escape, meant in _LETTERS:
            text = text.replace(escape, meant)
    return text


def without_begun_escape(text: str) -> str:
    """A text that was cut, without the piece of an escape at its end."""
    return _BEGUN.sub("", text)


def spellings(value: str) -> set[str]:
    """What to search for, in a text and in the same text made plain."""
    found = set[str]()
    for form in _forms(value):
        escaped = _escaped(form)
        found |= {form, plain(form), plain(form).replace(" ", "+"), *escaped}
        for inner in escaped:
            found.update(_in_base64(inner.encode("utf-8", "surrogateescape")))
    raw = value.encode("utf-8", "surrogateescape")
    found |= {raw.hex(), raw.hex().upper()}
    for once in set(_in_base64(raw)):
        found.update(_in_base64(once.encode("ascii")))
    return found


def _without_percent(text: str) -> str:
    """Bytes that are not UTF-8 are Latin-1, as in older escapes."""
    if "%" not in text or _PERCENT.search(text) is None:
        return text
    raw = unquote_to_bytes(_TWICE.sub("%", text).encode("utf-8", "surrogatepass"))
    undone = raw.decode("utf-8", "surrogateescape")
    return _LONE_BYTE.sub(lambda found: chr(ord(found[0]) - 0xDC00), undone)


def _without_units(text: str) -> str:
    """Backslashes stay as long as they may begin another escape."""
    if "\\" not in text and "%u" not in text:
        return text
    text = _RUN.sub(r"\\", text)  # any depth of JSON within JSON
    return _POINT.sub(_of_point, _UNITS.sub(_of_units, text))


def _of_units(found: re.Match[str]) -> str:
    return bytes.fromhex(re.sub(r"[\\%]u", "", found[0])).decode("utf-16-be", "replace")


def _of_point(found: re.Match[str]) -> str:
    point = int(found[1] or found[2] or found[3], 16)
    return chr(point) if point < 0x110000 else "\ufffd"


def _forms(value: str) -> Iterator[str]:
    """A value, what a receiver knows of it when it is a signing secret in base64, and all of them
    where Latin-1 and UTF-8 are taken for each other, as in headers."""
    known = [value]
    if value.startswith(SIGNING_PREFIX):
        known.append(value.removeprefix(SIGNING_PREFIX))
        with suppress(ValueError):
            known.append(b64decode(known[-1], validate=True).decode("utf-8"))
    for form in known:
        yield form
        if not form.isascii():
            yield form.encode("utf-8", "surrogateescape").decode("latin-1")
            with suppress(UnicodeError):
                yield form.encode("latin-1").decode("utf-8", "replace")


def _escaped(form: str) -> set[str]:
    """The usual escapes: listed, so that the text around them is shown as it came, and because
    base64 hides them."""
    raw = form.encode("utf-8", "surrogateescape")
    once = json_spellings(form)
    twice = {spelled for text in once for spelled in json_spellings(text)}
    return {form, *once, *twice, quote(raw), quote(raw, safe=""), quote_plus(raw)}


def _in_base64(raw: bytes) -> Iterator[str]:
    """How base64 of anything that holds these bytes spells them: the part that does not depend on
    what is before and after, for each of the three places in a group of three bytes."""
    yield b64encode(raw).decode("ascii")
    for before in range(3):
        padded = bytes(before) + raw
        first = -(-before * 8 // 6)  # the first character that holds bits of the value only
        last = len(padded) * 8 // 6
        spelled = b64encode(padded).decode("ascii")[first:last]
        yield spelled
        yield spelled.translate(_IN_URLS)
