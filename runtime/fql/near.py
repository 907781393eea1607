"""Did you mean: the nearest of some names to one that is unknown."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice

MAX_CANDIDATES = 4096
MAX_LENGTH = 100


def nearest(name: str, candidates: Iterable[str]) -> str | None:
    """The candidate that `name` was probably meant to be, or None when none is close.

    The same letters in another case win; then the fewest edits (insert, delete, replace, swap
    of neighbours), at most `(len(a) + len(b) + 3) // 6` as CPython allows for names. More than
    4,096 candidates are not searched.
    """
    found = near_names(name, candidates, limit=1)
    return found[0] if found else None


def did_you_mean(name: str, candidates: Iterable[str]) -> str:
    """The question that ends a message about an unknown name; empty when no candidate is close."""
    found = nearest(name, candidates)
    return question(found) if found else ""


def question(found: str) -> str:
    """The question itself, for a name that was found already."""
    return f"did you mean `{found}`?"


def near_names(name: str, candidates: Iterable[str], *, limit: int = 3) -> tuple[str, ...]:
    """The close candidates, nearest first, then by name; at most `limit`."""
    pool = list(islice(candidates, MAX_CANDIDATES + 1))
    if not name or len(pool) > MAX_CANDIDATES or len(name) > MAX_LENGTH:
        return ()
    wanted = _Wanted(name.lower())
    rated = sorted((d, c) for c in set(pool) if (d := wanted.rating(c)) is not None)
    return tuple(c for _, c in rated[:limit])


class _Wanted:
    """A name in lower case, prepared to be compared with many."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._letters = frozenset(name)
        self._places: dict[str, int] = {}
        for place, letter in enumerate(name):
            self._places[letter] = self._places.get(letter, 0) | 1 << place

    def rating(self, candidate: str) -> int | None:
        """Edits to the candidate, 0 when only the case differs, None when it is not close."""
        other = candidate.lower()
        if self._name == other:
            return 0
        most = (len(self._name) + len(other) + 3) // 6
        if abs(len(self._name) - len(other)) > most or len(other) > MAX_LENGTH:
            return None
        if len(self._letters.symmetric_difference(other)) > 2 * most:
            return None  # an edit changes at most two of the letters in use
        return self.edits(other, most)

    def edits(self, other: str, most: int) -> int | None:
        """Edits to a text, neighbours swapped counting once (optimal string alignment); None when
        they are more than `most`.

        A column of the table of distances is kept as the bits where it rises and where it falls,
        after Hyyro, "A bit-vector algorithm for computing Levenshtein and Damerau edit distances"
        (2003): names are compared by the hundred thousand.
        """
        whole = (1 << len(self._name)) - 1
        last = 1 << (len(self._name) - 1)
        rises, falls, same, before = whole, 0, 0, 0
        found, left = len(self._name), len(other)
        for letter in other:
            here = self._places.get(letter, 0)
            swapped = ((~same & here) << 1) & before
            same = ((((here & rises) + rises) ^ rises) | here | falls | swapped) & whole
            up = falls | (whole & ~(same | rises))
            down = same & rises
            found += bool(up & last) - bool(down & last)
            left -= 1
            if found - left > most:
                return None
            up = (up << 1 | 1) & whole
            rises = ((down << 1) & whole) | (whole & ~(same | up))
            falls = up & same
            before = here
        return found if found <= most else None
