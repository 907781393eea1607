"""The `${NAME}`s of a plan and where each is used."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

_REFERENCE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
Stored = dict[str, Any]


class EnvironmentNames:
    """Collects names from parts of a plan: `users` are those of each name."""

    def __init__(self) -> None:
        self.users: dict[str, set[str]] = {}

    def collect(self, part: object, user: str) -> None:
        """Note every name in a part; plain strings of policies are searched as well."""
        for name in names_in(part):
            self.users.setdefault(name, set()).add(user)

    def collect_policies(self, policies: Stored, user: str) -> None:
        """Note the names of policies under the level that gave them."""
        for key, setting in policies.items():
            origin = setting["origin"]
            self.collect(setting["value"], origin if origin.startswith("endpoint ") else user)
            if origin == "fql.toml":
                for name in _references(setting["value"]):
                    self.users.setdefault(name, set()).add(f"fql.toml {key}")


def names_in(part: object) -> Iterator[str]:
    """The names in stored expressions: each is a text part `{"environment": NAME}`."""
    if isinstance(part, dict):
        name = part.get("environment")
        if isinstance(name, str) and len(part) == 1:
            yield name
        for value in part.values():
            yield from names_in(value)
    elif isinstance(part, list):
        for value in part:
            yield from names_in(value)


def _references(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield from _REFERENCE.findall(value)
    elif isinstance(value, list):
        for item in value:
            yield from _references(item)
    elif isinstance(value, dict):
        yield from _references(list(value.values()))
