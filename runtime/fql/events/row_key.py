"""The `@key` of a row as text that is stored beside each run and attempt, so it is bounded."""

from __future__ import annotations

import hashlib

LONGEST = 500
"""Characters of a key that is kept as it is."""
KEPT = 450
"""Characters of a longer one that are kept before its hash."""
HASH = 32
"""Hexadecimal digits of SHA-256 that tell longer ones apart."""


def bounded(key: str) -> str:
    """The key itself, or the beginning of a long one, three dots and its hash."""
    if len(key) <= LONGEST:
        return key
    return f"{key[:KEPT]}...{hashlib.sha256(key.encode()).hexdigest()[:HASH]}"
