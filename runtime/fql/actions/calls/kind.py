"""Further kinds of actions, which packages bring along.

A kind is used through `call`: `function` names it, `arguments` are its keys, and its endpoint is
`call:NAME`. So the language, the plan and every tool know it already. A package names it as an
entry point of the group `fql.actions`; an application can give it in `calls` as well.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import entry_points
from typing import Protocol, runtime_checkable

from fql.actions.port import Delivery, Outcome
from fql.errors import SettingsError

GROUP = "fql.actions"
"""The group of entry points."""


@dataclass(frozen=True, slots=True)
class KindNode:
    """One action of a kind: its arguments by name. At the start only the names are known, and
    every value is None; for a delivery they have their values."""

    action: str
    arguments: Mapping[str, object]


@runtime_checkable
class ActionKind(Protocol):
    """A kind of action. `name` is what `function` says; `schema` has the arguments that it takes,
    each with whether it is required."""

    name: str
    schema: Mapping[str, bool]

    def check(self, node: KindNode) -> Sequence[str]:
        """What is wrong with an action, in words; an engine with problems does not start."""
        ...

    def prepare(self, node: KindNode, environment: Mapping[str, str]) -> object:
        """What is to be sent, made for each attempt. Values that are taken from `environment` are
        masked wherever an attempt is shown."""
        ...

    async def send(self, prepared: object, delivery: Delivery) -> Outcome:
        """Make one attempt; `delivery.key` is the same in each. May raise `Retry` and `Permanent`.
        It is cancelled past the timeout."""
        ...


def installed(name: str) -> ActionKind | None:
    """The kind of this name that an installed package brings; None without one. Raises
    SettingsError for one that cannot be used."""
    point = next(iter(entry_points(group=GROUP, name=name)), None)
    if point is None:
        return None
    try:
        loaded = point.load()
        kind = loaded() if isinstance(loaded, type) else loaded
    except Exception as problem:
        text = f"the kind {name} of {point.value} cannot be loaded: {type(problem).__name__}"
        raise SettingsError(f"{text}: {problem}") from problem
    if not isinstance(kind, ActionKind):
        raise SettingsError(
            f"{point.value}, which the entry point {name} names, is not a kind of action",
            hint="it has name, schema, check, prepare and send: see docs/how-to/call.md",
        )
    return kind


def misfits(kind: ActionKind, user: str, node: KindNode) -> list[str]:
    """What is wrong with an action of a kind, in words."""
    found = [
        f"{kind.name} has no argument {name} ({user})"
        for name in node.arguments
        if name not in kind.schema
    ]
    found += [
        f"{kind.name} needs {name}, which {user} does not give"
        for name, required in kind.schema.items()
        if required and name not in node.arguments
    ]
    return found or [f"{problem} ({user})" for problem in kind.check(node)]
