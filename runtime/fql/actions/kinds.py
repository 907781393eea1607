"""The actions of a plan, each made by its kind."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Protocol

from fql.actions.port import Action
from fql.errors import SettingsError
from fql.plan.model import Endpoint, Plan, PlanNode


class Factory(Protocol):
    """Makes the action of a node (as `fql.engine.program.specs.ActionFactory`)."""

    def __call__(
        self, plan: Plan, node: PlanNode, endpoint: Endpoint | None, environment: Mapping[str, str]
    ) -> Action:
        """Raises SettingsError, MissingSecrets."""
        ...


class LateKind:
    """A factory that is made, and its modules imported, when a plan first has an action of its
    kind."""

    def __init__(self, make: Callable[[], Factory]) -> None:
        self._make = make
        self._made: Factory | None = None

    def __call__(
        self, plan: Plan, node: PlanNode, endpoint: Endpoint | None, environment: Mapping[str, str]
    ) -> Action:
        """The action of a node. Raises SettingsError, MissingSecrets."""
        if self._made is None:
            self._made = self._make()
        return self._made(plan, node, endpoint, environment)

    async def close(self) -> None:
        """Close what was made, if it can be closed."""
        await _closed(self._made)


class ActionsByKind:
    """The factory of one runtime: that of each kind of action by the kind's name."""

    def __init__(self, factories: Mapping[str, Factory]) -> None:
        self._factories = dict(factories)

    def __call__(
        self, plan: Plan, node: PlanNode, endpoint: Endpoint | None, environment: Mapping[str, str]
    ) -> Action:
        """The action of a node. Raises SettingsError, MissingSecrets."""
        factory = self._factories.get(node.kind)
        if factory is None:
            raise SettingsError(
                f"nothing here carries out a `{node.kind}`, as action {node.name} is one",
                hint="add it to the `actions` of the Runtime, or leave `actions` out",
            )
        return factory(plan, node, endpoint, environment)

    async def close(self) -> None:
        """Close the factories that can be closed."""
        for factory in self._factories.values():
            await _closed(factory)


async def _closed(factory: Factory | None) -> None:
    close: Callable[[], Awaitable[None]] | None = getattr(factory, "close", None)
    if close is not None:
        await close()
