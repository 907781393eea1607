"""The one way to read a file that entities or observers are imported from."""

from __future__ import annotations

from pathlib import Path

from fqlc.importing.failures import ImportFailed, SourceMissing

LONGEST = 5_000_000
"""Bytes of a description; dumps may have more."""


def read_bytes(path: Path, longest: int = LONGEST, hint: str = "split it") -> bytes:
    """What is in a file of at most `longest` bytes. Raises ImportFailed for a larger one, with
    `hint`, and SourceMissing."""
    try:
        with path.open("rb") as file:
            data = file.read(longest + 1)
    except OSError as error:
        hint = "check its permissions"
        raise SourceMissing(f"{path} cannot be read: {error.strerror}", hint) from None
    if len(data) > longest:
        raise ImportFailed(f"{path} has more than {longest:,} bytes", hint)
    return data
