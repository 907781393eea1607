"""Which dead letters go: those that are too old, then the oldest past the size of all. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from fql.store.records import LetterRow, Retention

OVERHEAD = 500
"""Bytes that a dead letter counts for beside its request and payload."""


def size_of(letter: LetterRow) -> int:
    """Bytes that a dead letter counts for."""
    return len(letter.request or "") + len(letter.payload or b"") + OVERHEAD


def surplus(letters: Iterable[LetterRow], size: int, retention: Retention) -> list[LetterRow]:
    """Those to go of `letters`, which come oldest first; `size` is of all there are, in bytes."""
    gone: list[LetterRow] = []
    for letter in letters:
        if letter.failed_at >= retention.letters_before and size <= retention.letters_max:
            break
        size -= size_of(letter)
        gone.append(letter)
    return gone
