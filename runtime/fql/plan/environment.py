"""`${NAME}`: where parts of a plan name the environment. Pure; imports nothing of the plan."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

REFERENCE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
"""A name in plain text, as `fql.toml` and policies from there have it."""


def names_in(part: object) -> Iterator[str]:
    """The names in stored expressions: each is a text part `{"environment": NAME}`."""
    if isinstance(part, Mapping):
        name = part.get("environment")
        if isinstance(name, str) and len(part) == 1:
            yield name
        for value in part.values():
            yield from names_in(value)
    elif isinstance(part, list | tuple):
        for value in part:
            yield from names_in(value)


def references_in(value: object) -> Iterator[str]:
    """The names in plain texts within a value."""
    if isinstance(value, str):
        yield from REFERENCE.findall(value)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from references_in(item)
    elif isinstance(value, Mapping):
        yield from references_in(list(value.values()))
