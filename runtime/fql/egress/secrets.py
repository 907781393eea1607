"""Secret values: taken from the environment once, masked wherever they could be shown."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Iterable, Mapping
from urllib.parse import quote

MASK = "***"
SHORTEST_MASKED = 8
"""Values shorter than this would turn innocent text into stars."""


class Masker:
    """Replaces known values in text, also where they are percent-encoded or in base64."""

    def __init__(self, values: Iterable[str]) -> None:
        spellings = {form for v in values if len(v) >= SHORTEST_MASKED for form in _spellings(v)}
        # Longest first: a value that contains another one is masked as a whole.
        ordered = sorted(spellings, key=lambda text: (-len(text), text))
        self._pattern = re.compile("|".join(map(re.escape, ordered))) if ordered else None

    def text(self, text: str) -> str:
        """The text with every known value masked."""
        return text if self._pattern is None else self._pattern.sub(MASK, text)

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
        return self._pattern is None


def _spellings(value: str) -> set[str]:
    raw = value.encode("utf-8", "surrogateescape")
    as_json = json.dumps(value, ensure_ascii=False)[1:-1]
    return {value, as_json, quote(raw, safe=""), b64encode(raw).decode("ascii")}
