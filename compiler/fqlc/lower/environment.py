"""The `${NAME}`s of a plan and where each is used."""

from __future__ import annotations

from collections.abc import Mapping

from fql.plan.environment import names_in, references_in
from fql.plan.origin import FQL_TOML, parse_origin
from fqlc.lower.pieces import StoredSetting


class EnvironmentNames:
    """Collects names from parts of a plan: `users` are those of each name."""

    def __init__(self) -> None:
        self.users: dict[str, set[str]] = {}

    def collect(self, part: object, user: str) -> None:
        """Note every name in a part; plain strings of policies are searched as well."""
        for name in names_in(part):
            self.users.setdefault(name, set()).add(user)

    def collect_policies(self, policies: Mapping[str, StoredSetting], user: str) -> None:
        """Note the names of policies under the level that gave them."""
        for key, setting in policies.items():
            origin = parse_origin(setting["origin"])
            self.collect(
                setting["value"], f"endpoint {origin.name}" if origin.of_endpoint else user
            )
            if origin == FQL_TOML:
                for name in references_in(setting["value"]):
                    self.users.setdefault(name, set()).add(f"fql.toml {key}")
