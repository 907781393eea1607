"""Names of endpoints as metrics and logs show them: without values of the environment."""

from __future__ import annotations

import re
from collections.abc import Mapping

from fql.plan.model import Plan


class Labels:
    """Shows `${NAME}` where an origin such as `https://host:443` holds the value of a variable
    that a plan uses. Names that a plan itself gives are passed on as they are.

    It learns from each plan that is made ready: the first one, those of a reload, and the stored
    ones of open work. Nothing that was learned is forgotten while the process lives."""

    def __init__(self) -> None:
        self._own: set[str] = set()
        self._names: dict[str, str] = {}
        self._shown: dict[str, str] = {}

    def learn(self, plan: Plan, environment: Mapping[str, str]) -> None:
        """The endpoints and variables of one more plan."""
        self._own |= {endpoint.name for endpoint in plan.endpoints}
        values = {wanted.name: environment.get(wanted.name, "") for wanted in plan.environment}
        self._names |= {value.lower(): name for name, value in values.items() if value}
        self._shown.clear()

    def __call__(self, endpoint: str) -> str:
        """The label of an endpoint."""
        if endpoint in self._own or not self._names:
            return endpoint
        shown = self._shown.get(endpoint)
        if shown is None:
            shown = self._shown[endpoint] = self._without_values(endpoint)
        return shown

    def _without_values(self, endpoint: str) -> str:
        """The values that it holds by their names, the longest first."""
        plain = endpoint.lower()
        found = [value for value in self._names if value in plain]
        if not found:
            return endpoint
        found.sort(key=lambda text: (-len(text), text))
        return re.sub("|".join(map(re.escape, found)), self._name, endpoint, flags=re.IGNORECASE)

    def _name(self, found: re.Match[str]) -> str:
        return f"${{{self._names[found[0].lower()]}}}"
