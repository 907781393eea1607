"""Names of endpoints as metrics show them: without values of the environment."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Self

from fql.plan.model import Plan


class Labels:
    """Shows `${NAME}` where an origin such as `https://host:443` holds the value of a variable
    that the plan uses. Names that the plan itself gives are passed on as they are."""

    def __init__(self, values: Mapping[str, str], own: frozenset[str] = frozenset()) -> None:
        self._own = own
        self._names = {value.lower(): name for name, value in values.items() if value}
        found = sorted(self._names, key=lambda text: (-len(text), text))
        self._pattern = re.compile("|".join(map(re.escape, found)), re.IGNORECASE)
        self._shown: dict[str, str] = {}

    @classmethod
    def of(cls, plan: Plan, environment: Mapping[str, str]) -> Self:
        """The labels for a plan's endpoints."""
        values = {wanted.name: environment.get(wanted.name, "") for wanted in plan.environment}
        return cls(values, frozenset(endpoint.name for endpoint in plan.endpoints))

    def __call__(self, endpoint: str) -> str:
        """The label of an endpoint."""
        if endpoint in self._own or not self._names:
            return endpoint
        shown = self._shown.get(endpoint)
        if shown is None:
            shown = self._shown[endpoint] = self._pattern.sub(self._name, endpoint)
        return shown

    def _name(self, found: re.Match[str]) -> str:
        return f"${{{self._names[found[0].lower()]}}}"
