"""From the observers and actions of a plan to their specs: what can be prepared once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Protocol

from fql.actions.port import Action
from fql.engine.program.graph import build_graph
from fql.engine.program.model import BatchPolicy, NodeSpec, ObserverSpec, short_digest
from fql.engine.program.receivers import endpoint_name
from fql.events.intake import Intake
from fql.exact.kinds import as_a
from fql.expressions.compile import Late, compile_condition, compile_value
from fql.expressions.scope import Scope
from fql.plan.model import Endpoint, Observer, Plan, PlanNode
from fql.plan.policies import effective, retry_policy, whole_of
from fql.plan.policy.table import POLICIES

LONGEST_WAIT = as_a(int, POLICIES["batch.timeout"].built_in_toml)


class ActionFactory(Protocol):
    """Makes the action of a node. `endpoint` is the one it names, from the active plan."""

    def __call__(
        self, plan: Plan, node: PlanNode, endpoint: Endpoint | None, environment: Mapping[str, str]
    ) -> Action:
        """Raises SettingsError, MissingSecrets."""
        ...


@dataclass(frozen=True, slots=True)
class Maker:
    """Makes the specs of one plan. `endpoints` are those it names, as they are now; `blocked` says
    why nothing of it can be sent."""

    plan: Plan
    environment: Mapping[str, str]
    factory: ActionFactory
    endpoints: Mapping[str, Endpoint]
    intake: Intake
    blocked: str = ""

    def observer(self, observer: Observer) -> ObserverSpec:
        """One observer, its nodes and its graph."""
        order = observer.order_by
        return ObserverSpec(
            name=observer.name,
            plan=short_digest(self.plan.digest),
            digest=self.plan.digest,
            nodes=tuple(
                self.node(index, observer.name, node) for index, node in enumerate(observer.nodes)
            ),
            graph=build_graph([node.name for node in observer.nodes], observer.edges),
            order_by=None if order is None else order_key(Late(order.by, compile_value)),
            block_on_dead=order is not None and order.on_dead == "block",
            blocked=self.blocked,
        )

    def node(self, index: int, observer: str, node: PlanNode) -> NodeSpec:
        """One action."""
        endpoint = self.endpoints.get(node.config.endpoint or "")
        policies = effective(node, endpoint)
        size = whole_of(policies, "batch.size")
        return NodeSpec(
            index=index,
            name=node.name,
            observer=observer,
            endpoint=endpoint_name(node, self.environment),
            retry=retry_policy(policies),
            timeout=as_a(int, whole_of(policies, "timeout")),
            action=self.factory(self.plan, node, endpoint, self.environment),
            when=None if node.when is None else Late(node.when, compile_condition),
            batch=None
            if size is None
            else BatchPolicy(size, whole_of(policies, "batch.timeout") or LONGEST_WAIT),
            max_age=whole_of(policies, "max_age"),
            restore_answer=self._restore_answer(node),
        )

    def _restore_answer(self, node: PlanNode) -> Callable[[object], object] | None:
        wanted = node.config.response
        if wanted is None:
            return None
        fit = self.intake.fit_answer
        return lambda stored: fit(wanted, stored)


def order_key(value: Callable[[Scope], object]) -> Callable[[Scope], str | None]:
    """The text by which runs queue; equal values have equal texts, null is unordered."""

    def text(scope: Scope) -> str | None:
        found = value(scope)
        if found is None:
            return None
        if isinstance(found, Decimal):
            return str(found.normalize())
        if isinstance(found, (datetime, date)):
            return found.isoformat()
        return str(found)

    return text
