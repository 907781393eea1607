"""Secret values: taken from the environment once, masked wherever they could be shown."""

from __future__ import annotations

import re
from base64 import b64decode, b64encode, urlsafe_b64encode
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from functools import cached_property
from html import escape
from urllib.parse import quote, quote_plus

from fql.exact.light import json_spellings

MASK = "***"
SHORTEST_MASKED = 8
"""Values shorter than this would turn innocent text into stars."""
SIGNING_PREFIX = "whsec_"
"""What begins a signing secret in base64 (Standard Webhooks)."""

_ORIGIN = re.compile(r"https?://[^/?#@\s]+/?")
"""An address without a path is no secret, and answers link to it."""

_AS_IN_BROWSERS = ("!'()*", ";,/?:@&=+$!'()*#")
"""What `encodeURIComponent` and `encodeURI` leave as it is."""

_ESCAPE = re.compile(r"%[0-9A-F]{2}")


class Masker:
    """Replaces known values in text, also where they are percent-encoded or in base64."""

    def __init__(self, values: Iterable[str]) -> None:
        known = {form for value in values for form in _forms(value)}
        self._values = {value for value in known if len(value) >= SHORTEST_MASKED}
        spellings = {form for value in self._values for form in _spellings(value)}
        # Longest first: a value that contains another one is masked as a whole.
        self._spellings = sorted(spellings, key=lambda text: (-len(text), text))
        self._pattern = re.compile("|".join(map(re.escape, self._spellings)))

    def text(self, text: str) -> str:
        """The text with every known value masked."""
        # A plain search is far faster than the pattern, and nearly always finds nothing.
        if not any(spelling in text for spelling in self._spellings):
            return text
        return self._pattern.sub(MASK, text)

    def start(self, text: str, *, cut: bool) -> str:
        """The masked text; of one that was `cut`, no half of a value stays at its end."""
        if not cut or not self._spellings:
            return self.text(text)
        end = max(0, len(text) - len(self._spellings[0]))
        inside = next((m for m in self._pattern.finditer(text) if m.end() > end), None)
        return self.text(text[: end if inside is None else min(end, inside.start())])

    def value(self, value: object) -> object:
        """A JSON value with every known value masked in its texts and keys."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            return {self.text(str(k)): self.value(v) for k, v in value.items()}
        if isinstance(value, list | tuple):
            return [self.value(item) for item in value]
        return value

    def answer(self, content: object) -> object:
        """The JSON of an answer, masked: what it becomes is stored, and sent by later actions.
        Links to a receiver that the environment names stay links."""
        return self._of_answers.value(content)

    @cached_property
    def _of_answers(self) -> Masker:
        return Masker(value for value in self._values if not _ORIGIN.fullmatch(value))

    @property
    def idle(self) -> bool:
        """True where nothing is to be masked."""
        return not self._spellings


def _forms(value: str) -> Iterator[str]:
    """A value, and what a receiver knows of it when it is a signing secret in base64."""
    yield value
    if value.startswith(SIGNING_PREFIX):
        yield value.removeprefix(SIGNING_PREFIX)
        with suppress(ValueError):
            yield b64decode(value.removeprefix(SIGNING_PREFIX), validate=True).decode("utf-8")


def _misread(raw: bytes) -> Iterator[str]:
    """The value where Latin-1 and UTF-8 are taken for each other, as in headers."""
    yield raw.decode("latin-1")
    with suppress(UnicodeError):
        yield raw.decode("utf-8").encode("latin-1").decode("utf-8", "replace")


def _spellings(value: str) -> set[str]:
    raw = value.encode("utf-8", "surrogateescape")
    encoded = {quote(raw, safe=safe) for safe in ("", "/", *_AS_IN_BROWSERS)} | {quote_plus(raw)}
    found = {value, b64encode(raw).decode("ascii"), *encoded}
    found |= json_spellings(value) | {escape(value), escape(value, quote=False), *_misread(raw)}
    found |= {_ESCAPE.sub(lambda match: match[0].lower(), text) for text in encoded}
    return found | set(_in_base64(raw))


def _in_base64(raw: bytes) -> Iterator[str]:
    """How base64 of anything that holds these bytes spells them: the part that does not depend on
    what stands before and behind, for each of the three places in a group of three bytes."""
    for before in range(3):
        padded = bytes(before) + raw
        first = -(-before * 8 // 6)  # the first character that holds bits of the value only
        last = len(padded) * 8 // 6
        for encode in (b64encode, urlsafe_b64encode):
            yield encode(padded).decode("ascii")[first:last]
