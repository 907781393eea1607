"""What an examination of `fqlc doctor` gives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from fql.errors import FqlError, masked_urls

Level = Literal["ok", "warning", "problem"]
PATIENCE = 5.0
"""Seconds that a server may take to answer."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    subject: str
    level: Level
    message: str

    def __post_init__(self) -> None:
        """No connection string is shown with its password."""
        object.__setattr__(self, "message", masked_urls(self.message))


def in_words(problem: FqlError) -> str:
    """What went wrong and what to do, in one line."""
    return f"{problem.message}; {problem.hint}" if problem.hint else problem.message
