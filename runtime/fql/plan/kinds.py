"""What the kinds of actions keep in a plan, and the endpoint that each sends to. Pure.

A `publish` keeps its subject in `settings`, a `call` its function and its arguments; the rest of
both is where a `webhook` has it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fql.plan.model import Json, NodeConfig, Plan, PlanNode

PUBLISH, CALL = "publish", "call"
NATS = "nats"
"""The endpoint of every `publish`."""


def subject_of(config: NodeConfig) -> Json | None:
    """The subject of a `publish`, a text expression; None where it has none."""
    return config.settings.get("subject")


def function_of(config: NodeConfig) -> str:
    """The name of the function of a `call`; empty where it has none."""
    name = config.settings.get("function", {}).get("value")
    return name if isinstance(name, str) else ""


def arguments_of(config: NodeConfig) -> Json | None:
    """The arguments of a `call`, an object expression; None where it has none."""
    return config.settings.get("arguments")


def own_endpoint(node: PlanNode) -> str | None:
    """The endpoint of an action that names none and has no url; None for a webhook."""
    if node.kind == CALL:
        return f"call:{function_of(node.config)}"
    return NATS if node.kind == PUBLISH else None


def has_kind(plan: Plan, kind: str) -> bool:
    """Whether any action of a plan is of a kind."""
    return any(node.kind == kind for observer in plan.observers for node in observer.nodes)
