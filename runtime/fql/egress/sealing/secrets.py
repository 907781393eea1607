"""Secret values: taken from the environment once, masked wherever they could be shown."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from functools import cached_property

from fql.egress.sealing.spellings import plain, spellings, without_begun_escape
from fql.exact.numbers import JsonNumber
from fql.plan.web.urls import is_origin

MASK = "***"
SHORTEST_MASKED = 8
"""Values shorter than this would turn innocent text into stars."""
SHORTEST_HALF = 4
"""Characters of a value at the end of a cut text that are taken for its beginning."""

_PIECE = 4
"""A text is cut into pieces of four characters, one after the other, and each is looked up as a
number. Whatever has seven characters or more holds one of them whole, wherever it begins, so the
search costs the same for one value and for ten thousand."""

_FEW = 4

_NUMBER = re.compile(r"[0-9.eE+-]+")


class Masker:
    """Replaces known values in text, in whatever spelling (`fql.egress.sealing.spellings`).

    `shared` is a masker whose values are masked as well: many actions have one in common.
    """

    def __init__(self, values: Iterable[str], shared: Masker | None = None) -> None:
        self._shared = shared
        known = {value for value in values if len(value) >= SHORTEST_MASKED}
        self._values = {value for value in known if shared is None or value not in shared}
        found = {form for value in self._values for form in spellings(value)}
        self._spellings = {form for form in found if len(form) >= SHORTEST_MASKED}
        self._pieces = frozenset(_numbers(b"".join(map(_beginnings, self._spellings))))
        self._lengths = _by_start(self._spellings)
        self._numbers = any(_NUMBER.fullmatch(value) for value in self._values)

    def __contains__(self, value: str) -> bool:
        return value in self._values or (self._shared is not None and value in self._shared)

    def text(self, text: str) -> str:
        """The text with every known value masked. Where one is hidden by escapes that are not
        the usual ones, the text is given with its escapes undone."""
        if self._spellings:
            text = self._masked(text)
            undone = plain(text)
            if undone is not text:
                masked = self._masked(undone)
                text = text if masked == undone else masked
        return text if self._shared is None else self._shared.text(text)

    def start(self, text: str, *, cut: bool) -> str:
        """The masked text; of one that was `cut`, no half of a value stays at its end."""
        text = self.text(text)
        if not cut:
            return text
        text = self._without_half(text)
        return text if self._shared is None else self._shared.start(text, cut=True)

    def value(self, value: object) -> object:
        """A JSON value with every known value masked in its texts, keys and numbers."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            return self._mapping(value)
        if isinstance(value, list | tuple):
            return [self.value(item) for item in value]
        if isinstance(value, int | JsonNumber) and self.knows_numbers:
            return value if self.text(str(value)) == str(value) else MASK
        return value

    def answer(self, content: object) -> object:
        """The JSON of an answer, masked: what it becomes is stored, and sent by later actions.
        Links to a receiver that the environment names stay links: an address without a path is not
        a secret."""
        return self._of_answers.value(content)

    @cached_property
    def _of_answers(self) -> Masker:
        shared = None if self._shared is None else self._shared._of_answers
        return Masker((value for value in self._values if not is_origin(value)), shared)

    @property
    def idle(self) -> bool:
        """True where nothing is to be masked."""
        return not self._spellings and (self._shared is None or self._shared.idle)

    @property
    def knows_numbers(self) -> bool:
        """True where a value could come as a number of JSON."""
        return self._numbers or (self._shared is not None and self._shared.knows_numbers)

    def _mapping(self, value: Mapping[object, object]) -> dict[str, object]:
        found: dict[str, object] = {}
        for key, inner in value.items():
            name = self.text(str(key))
            while name in found:  # two keys that were secrets are still two
                name += MASK[0]
            found[name] = self.value(inner)
        return found

    def _masked(self, text: str) -> str:
        parts, done = list[str](), 0
        for start, end in self._spans(text):
            if start >= done:
                parts += (text[done:start], MASK)
            done = max(done, end)
        return "".join((*parts, text[done:])) if parts else text

    def _spans(self, text: str) -> Iterator[tuple[int, int]]:
        """Where values begin and end, by their beginning; they may overlap."""
        pieces = _numbers(_coded(text))
        for number in _places(pieces, self._pieces.intersection(pieces)):
            at = number * _PIECE
            for start in range(max(0, at - _PIECE + 1), at + 1):
                length = self._length_at(text, start)
                if length:
                    yield start, start + length

    def _length_at(self, text: str, start: int) -> int:
        """The length of the longest spelling that begins here, or 0."""
        for length in self._lengths.get(text[start : start + SHORTEST_MASKED], ()):
            found = text[start : start + length]
            if found in self._spellings:
                return len(found)
        return 0

    def _without_half(self, text: str) -> str:
        for view in (text, without_begun_escape(text), plain(without_begun_escape(text))):
            half = self._half(view)
            if half:
                return view[:-half]
        return text

    def _half(self, text: str) -> int:
        """The length of the end of a text that is the beginning of a spelling, or 0."""
        if not self._sorted:
            return 0
        for at in range(max(0, len(text) - self._longest + 1), len(text) - SHORTEST_HALF + 1):
            if text[at : at + SHORTEST_HALF] in self._beginnings:
                end = text[at:]
                place = bisect_left(self._sorted, end)
                if place < len(self._sorted) and self._sorted[place].startswith(end):
                    return len(end)
        return 0

    @cached_property
    def _sorted(self) -> list[str]:
        return sorted(self._spellings)

    @cached_property
    def _beginnings(self) -> frozenset[str]:
        return frozenset(form[:SHORTEST_HALF] for form in self._spellings)

    @cached_property
    def _longest(self) -> int:
        return max(map(len, self._spellings))


def _coded(text: str) -> bytes:
    """A byte for each character. Those beyond Latin-1 all look the same here: then too much is
    looked at, and never too little."""
    return text.encode("latin-1", "replace")


def _beginnings(form: str) -> bytes:
    """The pieces of which a text that holds the form has at least one."""
    raw = _coded(form[: 2 * _PIECE - 1])
    return b"".join([raw[at : at + _PIECE] for at in range(_PIECE)])


def _numbers(raw: bytes) -> list[int]:
    """The pieces of a text, what is left at its end aside."""
    return memoryview(raw)[: len(raw) // _PIECE * _PIECE].cast("I").tolist()


def _places(pieces: list[int], wanted: frozenset[int]) -> Iterable[int]:
    """Where the wanted pieces are, from the beginning on. A few are found faster one by one."""
    if not wanted:
        return ()
    if len(wanted) > _FEW:
        return [number for number, piece in enumerate(pieces) if piece in wanted]
    return sorted(place for piece in wanted for place in _places_of(pieces, piece))


def _places_of(pieces: list[int], wanted: int) -> Iterator[int]:
    place = -1
    with suppress(ValueError):
        while True:
            place = pieces.index(wanted, place + 1)
            yield place


def _by_start(forms: Iterable[str]) -> dict[str, tuple[int, ...]]:
    """The lengths of forms by their first characters, the longest first."""
    found: dict[str, set[int]] = {}
    for form in forms:
        found.setdefault(form[:SHORTEST_MASKED], set()).add(len(form))
    return {start: tuple(sorted(lengths, reverse=True)) for start, lengths in found.items()}
