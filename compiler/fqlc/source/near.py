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


def near_names(name: str, candidates: Iterable[str], *, limit: int = 3) -> tuple[str, ...]:
    """The close candidates, nearest first, then by name; at most `limit`."""
    pool = list(islice(candidates, MAX_CANDIDATES + 1))
    if len(pool) > MAX_CANDIDATES or len(name) > MAX_LENGTH:
        return ()
    rated = sorted((d, c) for c in set(pool) if (d := _rating(name, c)) is not None)
    return tuple(c for _, c in rated[:limit])


def _rating(name: str, candidate: str) -> int | None:
    """Edits between the two, 0 when only the case differs, None when not close."""
    if name.lower() == candidate.lower():
        return 0
    most = (len(name) + len(candidate) + 3) // 6
    if abs(len(name) - len(candidate)) > most or len(candidate) > MAX_LENGTH:
        return None
    a, b = name.lower(), candidate.lower()
    if len(set(a) ^ set(b)) > 2 * most:  # An edit changes at most two of the letters in use.
        return None
    edits = distance(a, b)
    return edits if edits <= most else None


def distance(a: str, b: str) -> int:
    """Edits from `a` to `b`, neighbours swapped counting once (optimal string alignment)."""
    before: list[int] = []
    previous = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        current = [i]
        for j, y in enumerate(b, 1):
            cost = min(previous[j] + 1, current[-1] + 1, previous[j - 1] + (x != y))
            if i > 1 and j > 1 and x == b[j - 2] and a[i - 2] == y:
                cost = min(cost, before[j - 2] + 1)
            current.append(cost)
        before, previous = previous, current
    return previous[-1]
