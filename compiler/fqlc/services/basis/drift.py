"""Places carried over from one text to a later one."""

from __future__ import annotations

from dataclasses import dataclass

from fqlc.source.text import Span


@dataclass(frozen=True, slots=True)
class Drift:
    """How far a text has moved on: it is the same up to `same`, and from `old_end` on, which is now
    at `new_end`."""

    same: int
    old_end: int
    new_end: int

    @classmethod
    def between(cls, old: str, new: str) -> Drift:
        """The drift of two texts: one stretch that has all changes in it."""
        same = _common(old, new)
        most = min(len(old), len(new)) - same
        tail = _common(old[::-1][:most], new[::-1][:most])
        return cls(same, len(old) - tail, len(new) - tail)

    def back(self, offset: int) -> int | None:
        """The offset in the old text; None for one that is only in the new text. Where something
        was removed, what is after that counts."""
        if offset >= self.new_end and (offset > self.same or self.old_end > self.same):
            return offset - self.new_end + self.old_end
        return offset if offset <= self.same else None

    def ahead(self, span: Span) -> Span | None:
        """A stretch of the old text in the new one, longer or shorter by what has changed within
        it; None where that goes beyond it, or is all of it."""
        if span.end <= self.same:
            return span
        if span.start >= self.old_end:
            moved = self.new_end - self.old_end
            return Span(span.path, span.start + moved, span.end + moved)
        whole = (span.start, span.end) == (self.same, self.old_end)
        if span.start <= self.same and span.end >= self.old_end and not whole:
            return Span(span.path, span.start, span.end + self.new_end - self.old_end)
        return None


def _common(one: str, other: str) -> int:
    """How many characters two texts begin with in common."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low
