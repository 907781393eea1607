"""From a plan to a program: everything that can be prepared once is prepared here."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Protocol

from fql.actions.port import Action
from fql.engine.program.graph import build_graph
from fql.engine.program.limits import EndpointLimits, endpoint_limits
from fql.engine.program.match import Matcher
from fql.engine.program.model import BatchPolicy, NodeSpec, ObserverSpec, Program, short_digest
from fql.errors import MissingSecrets
from fql.events.intake import Intake
from fql.expressions.compile import compile_condition, compile_value
from fql.expressions.scope import Scope
from fql.observe.logs import logger
from fql.plan.codec import load_expression, read_plan, write_plan
from fql.plan.expressions import Constant, Environment, Text
from fql.plan.model import Endpoint, Observer, Plan, PlanNode, Policies
from fql.plan.policies import retry_policy, value_of
from fql.store.records import StoredPlan

DEFAULT_PORTS = {"http": 80, "https": 443}
_ORIGIN = re.compile(r"(https?)://(\[[^\]]*\]|[^/:?#\s]+)(?::(\d+))?", re.IGNORECASE)


class ActionFactory(Protocol):
    """Makes the action of a node. `endpoint` is the one it names, from the active plan."""

    def __call__(
        self, plan: Plan, node: PlanNode, endpoint: Endpoint | None, environment: Mapping[str, str]
    ) -> Action:
        """Raises SettingsError, MissingSecrets."""
        ...


def require_environment(plan: Plan, environment: Mapping[str, str]) -> None:
    """Raises MissingSecrets with every name that the plan needs and the environment lacks."""
    missing = {
        wanted.name: list(wanted.used_by)
        for wanted in plan.environment
        if wanted.name not in environment
    }
    if missing:
        raise MissingSecrets(missing)


def build_program(
    plan: Plan,
    environment: Mapping[str, str],
    factory: ActionFactory,
    *,
    active: Plan | None = None,
) -> Program:
    """Prepare a plan. Named endpoints come from the `active` plan if it still has them."""
    require_environment(plan, environment)
    endpoints = {endpoint.name: endpoint for endpoint in plan.endpoints}
    if active is not None:
        current = {endpoint.name: endpoint for endpoint in active.endpoints}
        endpoints = {name: current.get(name, own) for name, own in endpoints.items()}
    intake = Intake(plan)
    maker = _Maker(plan, environment, factory, endpoints, intake)
    observers = {observer.name: maker.observer(observer) for observer in plan.observers}
    return Program(
        short=short_digest(plan.digest),
        digest=plan.digest,
        observers=observers,
        matching=Matcher(plan).matching,
        restore=intake.restore,
        limits=_limits(plan, maker),
        blob=write_plan(plan),
        plan=plan,
        intake=intake,
    )


def build_stored(
    stored: Sequence[StoredPlan],
    active: Plan,
    environment: Mapping[str, str],
    factory: ActionFactory,
) -> dict[str, Program]:
    """Programs of other plans than the `active` one that open work may need, by short digest. A
    name that only an old plan lacks blocks that plan's work alone."""
    programs: dict[str, Program] = {}
    for one in stored:
        if one.short == short_digest(active.digest):
            continue
        try:
            plan = read_plan(one.blob)
            programs[one.short] = build_program(plan, environment, factory, active=active)
        except MissingSecrets as missing:
            logger.error("open work of plan %s waits: %s", one.short, missing.message)
    return programs


class _Maker:
    def __init__(
        self,
        plan: Plan,
        environment: Mapping[str, str],
        factory: ActionFactory,
        endpoints: Mapping[str, Endpoint],
        intake: Intake,
    ) -> None:
        self.plan = plan
        self.environment = environment
        self.factory = factory
        self.endpoints = endpoints
        self.intake = intake
        self.policies: dict[str, Policies] = {}

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
            order_by=None if order is None else order_key(compile_value(load_expression(order.by))),
            block_on_dead=order is not None and order.on_dead == "block",
        )

    def node(self, index: int, observer: str, node: PlanNode) -> NodeSpec:
        """One action."""
        endpoint = self.endpoints.get(node.config.endpoint or "")
        policies = self._policies(node, endpoint)
        name = endpoint_name(node, self.environment)
        self.policies.setdefault(name, policies)
        size = value_of(policies, "batch.size")
        return NodeSpec(
            index=index,
            name=node.name,
            observer=observer,
            endpoint=name,
            retry=retry_policy(policies),
            timeout=int(value_of(policies, "timeout")),
            action=self.factory(self.plan, node, endpoint, self.environment),
            when=None if node.when is None else compile_condition(load_expression(node.when)),
            batch=None
            if size is None
            else BatchPolicy(int(size), int(value_of(policies, "batch.timeout") or 10_000)),
            max_age=value_of(policies, "max_age"),
            restore_answer=self._restore_answer(node),
        )

    def _policies(self, node: PlanNode, endpoint: Endpoint | None) -> Policies:
        """The node's policies; what came from its endpoint is read from the endpoint as it is."""
        if endpoint is None:
            return node.policies
        origin = f"endpoint {endpoint.name}"
        own = {key: value for key, value in node.policies.items() if value.origin != origin}
        return {**endpoint.policies, **own} if own != node.policies else node.policies

    def _restore_answer(self, node: PlanNode) -> Callable[[object], object] | None:
        wanted = node.config.response
        if wanted is None:
            return None
        fit = self.intake.fit_answer
        return lambda stored: fit(wanted, stored)


def _limits(plan: Plan, maker: _Maker) -> dict[str, EndpointLimits]:
    """Limits by endpoint: those that the plan states, else the policies of its first action."""
    found = {name: endpoint_limits(policies) for name, policies in maker.policies.items()}
    for endpoint in maker.endpoints.values():
        found[endpoint.name] = endpoint_limits(
            {**maker.policies.get(endpoint.name, {}), **endpoint.policies}
        )
    found.update((limit.endpoint, endpoint_limits(limit.policies)) for limit in plan.limits)
    return found


def endpoint_name(node: PlanNode, environment: Mapping[str, str]) -> str:
    """The named endpoint, else the origin `scheme://host:port` of the url, else the kind."""
    if node.config.endpoint:
        return node.config.endpoint
    if node.config.url is None:
        return node.kind
    expression = load_expression(node.config.url)
    text = ""
    if isinstance(expression, Constant):
        text = str(expression.value)
    elif isinstance(expression, Text):
        for part in expression.parts:
            if isinstance(part, Environment):
                text += environment.get(part.name, "")
            elif isinstance(part, str):
                text += part
            else:
                break
    found = _ORIGIN.match(text)
    if found is None:
        return text
    scheme = found[1].lower()
    return f"{scheme}://{found[2].lower()}:{found[3] or DEFAULT_PORTS[scheme]}"


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
