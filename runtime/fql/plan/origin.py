"""Where a policy comes from: the level that gave it, and how near that is. Pure data.

Its text is what a plan stores and people read: `action label`, `observer paid`, `endpoint crm`,
`defaults`, `fql.toml`, `default`; what a named policy gave is `retry patient, in observer paid`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, cast

Level = Literal["action", "observer", "endpoint", "retry", "defaults", "fql.toml", "default"]
"""The levels, the nearest first. `retry` alone is written by no compiler any more: in older plans
a named policy did not say where it was used, and counts as near."""

_NAMED = ("action", "observer", "endpoint", "retry")
_NEAR = ("action", "observer", "retry")
TEXT = (
    r"(?:retry (\w+), in )?(?:(action|observer|endpoint|retry) (\w+)|(defaults|fql\.toml|default))"
)
"""The text form as a regular expression."""


@dataclass(frozen=True, slots=True)
class Origin:
    """A level. `name` is that of the action, observer or endpoint; `retry` that of the named policy
    through which the level gave the value."""

    level: Level
    name: str = ""
    retry: str = ""

    def __str__(self) -> str:
        place = f"{self.level} {self.name}" if self.level in _NAMED else self.level
        return f"retry {self.retry}, in {place}" if self.retry else place

    @property
    def of_endpoint(self) -> bool:
        """Whether an endpoint itself gives the value."""
        return self.level == "endpoint"

    @property
    def built_in(self) -> bool:
        """Whether nobody gave the value."""
        return self.level == "default"

    @property
    def nearer_than_endpoint(self) -> bool:
        """Whether it wins over what an endpoint gives."""
        return self.level in _NEAR


FQL_TOML = Origin("fql.toml")
DEFAULTS_BLOCK = Origin("defaults")
BUILT_IN = Origin("default")


@lru_cache(maxsize=4096)
def parse_origin(text: str) -> Origin:
    """Read the text form. Raises ValueError for anything else."""
    found = re.fullmatch(TEXT, text)
    if found is None:
        raise ValueError(f"not the origin of a policy: {text!r}")
    retry, level, name, bare = found.groups()
    return Origin(cast("Level", level or bare), name or "", retry or "")
