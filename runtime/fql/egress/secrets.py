"""Secret values: taken from the environment once, masked wherever they could be shown."""

from __future__ import annotations

import re
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Iterable, Iterator, Mapping
from urllib.parse import quote, quote_plus

from fql.exact.light import json_spellings

MASK = "***"
SHORTEST_MASKED = 8
"""Values shorter than this would turn innocent text into stars."""

_ESCAPE = re.compile(r"%[0-9A-F]{2}")


class Masker:
    """Replaces known values in text, also where they are percent-encoded or in base64."""

    def __init__(self, values: Iterable[str]) -> None:
        spellings = {form for v in values if len(v) >= SHORTEST_MASKED for form in _spellings(v)}
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

    @property
    def idle(self) -> bool:
        """True where nothing is to be masked."""
        return not self._spellings


def _spellings(value: str) -> set[str]:
    raw = value.encode("utf-8", "surrogateescape")
    encoded = {quote(raw, safe=""), quote(raw), quote_plus(raw)}
    found = {value, b64encode(raw).decode("ascii"), *encoded}
    found |= json_spellings(value)
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
