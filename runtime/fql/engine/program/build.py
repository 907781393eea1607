"""From a plan to a program: everything that can be prepared once is prepared here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from fql.actions.port import Action, Delivery, Outcome, RenderFailed, Request
from fql.engine.program.fit import Measure
from fql.engine.program.graph import build_graph
from fql.engine.program.late import LateObservers
from fql.engine.program.match import Matcher
from fql.engine.program.model import NodeSpec, ObserverSpec, Program, short_digest
from fql.engine.program.receivers import receivers_of
from fql.engine.program.specs import ActionFactory, Maker
from fql.errors import PlanError, SettingsError
from fql.events.intake import Intake
from fql.expressions.scope import Scope
from fql.observe.logs import logger
from fql.outbox.readers import readers_of
from fql.plan.environment import names_in, references_in, require
from fql.plan.model import Endpoint, Plan, PlanNode
from fql.plan.policies import RetryPolicy, effective
from fql.plan.stored.codec import write_plan
from fql.store.plans import node_names, plan_of
from fql.store.records import StoredPlan


def build_program(
    plan: Plan,
    environment: Mapping[str, str],
    factory: ActionFactory,
    *,
    active: Plan | None = None,
) -> Program:
    """Prepare a plan. Named endpoints come from the `active` plan if it still has them. Raises
    MissingSecrets, SettingsError."""
    endpoints = _endpoints(plan, active)
    require(plan.names if active is None else _names_now(plan, endpoints), environment)
    return _prepared(plan, environment, factory, endpoints)


def _endpoints(plan: Plan, active: Plan | None) -> dict[str, Endpoint]:
    """The endpoints of a plan, by name, as the active plan has them if it still does."""
    own = {endpoint.name: endpoint for endpoint in plan.endpoints}
    now = {} if active is None else {endpoint.name: endpoint for endpoint in active.endpoints}
    return {name: now.get(name, endpoint) for name, endpoint in own.items()}


def _names_now(plan: Plan, endpoints: Mapping[str, Endpoint]) -> dict[str, list[str]]:
    """The names that runs of a stored plan need with the current endpoints, and who uses them: what
    only the original endpoint named is not needed any more."""
    found: dict[str, list[str]] = {}
    for observer in plan.observers:
        for node in observer.nodes:
            endpoint = endpoints.get(node.config.endpoint or "")
            for name in _names_of(node, endpoint):
                user = f"observer {observer.name}, action {node.name}"
                if user not in found.setdefault(name, []):
                    found[name].append(user)
    return found


def _names_of(node: PlanNode, endpoint: Endpoint | None) -> Iterator[str]:
    yield from names_in(node.config.model_dump())
    if endpoint is not None:
        yield from names_in([endpoint.url, [header.value for header in endpoint.headers]])
    for setting in effective(node, endpoint).values():
        yield from names_in(setting.value)
        yield from references_in(setting.value)


def _prepared(
    plan: Plan, environment: Mapping[str, str], factory: ActionFactory,
    endpoints: Mapping[str, Endpoint], blocked: str = "",
) -> Program:  # fmt: skip
    intake = Intake(plan)
    maker = Maker(plan, environment, factory, endpoints, intake, blocked)
    receivers = receivers_of(plan, endpoints, environment)
    return Program(
        short=short_digest(plan.digest),
        digest=plan.digest,
        observers=LateObservers(plan, maker.observer),
        matching=Matcher(plan).matching,
        restore=intake.restore,
        limits=receivers.limits(plan, endpoints.values()),
        receivers=receivers.waits,
        blob=write_plan(plan),
        plan=plan,
        intake=intake,
        blocked=blocked,
        measure=Measure(plan, intake),
        readers=readers_of(plan),
    )


def build_stored(
    stored: Sequence[StoredPlan],
    active: Plan,
    environment: Mapping[str, str],
    factory: ActionFactory,
) -> dict[str, Program]:
    """Programs of other plans than the `active` one that open work may need, by short digest. What
    only an old plan lacks blocks that plan's work alone."""
    return {
        one.short: _stored_program(one, active, environment, factory)
        for one in stored
        if one.short != short_digest(active.digest)
    }


def _stored_program(
    stored: StoredPlan, active: Plan, environment: Mapping[str, str], factory: ActionFactory
) -> Program:
    try:
        plan = plan_of(stored)
    except PlanError as problem:
        return _unreadable(stored, problem.message)
    try:
        return build_program(plan, environment, factory, active=active)
    except SettingsError as problem:
        logger.error("open work of plan %s waits: %s", stored.short, problem.message)
        return _prepared(plan, environment, _no_action, _endpoints(plan, active), problem.message)


def _unreadable(stored: StoredPlan, why: str) -> Program:
    """A plan that this version cannot read, such as one of a newer version. What has names can be
    cancelled anyway."""
    logger.error("open work of plan %s waits: %s", stored.short, why)
    observers = {
        name: ObserverSpec(
            name,
            stored.short,
            stored.digest,
            tuple(
                NodeSpec(
                    index=index,
                    name=node,
                    observer=name,
                    endpoint="",
                    retry=RetryPolicy(),
                    timeout=0,
                    action=_NoAction(),
                )
                for index, node in enumerate(nodes)
            ),
            build_graph(nodes, ()),
            blocked=why,
        )
        for name, nodes in node_names(stored).items()
    }
    return Program(
        stored.short, stored.digest, observers, lambda _event: (), _no_rows, blob=stored.blob,
        blocked=why,
    )  # fmt: skip


def _no_rows(_entity: str, _kind: str, _payload: bytes) -> tuple[None, None]:
    return None, None


class _NoAction:
    """Stands for an action of a plan that is blocked: nobody sends it."""

    def render(self, _scope: Scope) -> Request:
        """Raises RenderFailed."""
        raise RenderFailed("this plan cannot be used now")

    async def perform(self, _request: Request, _delivery: Delivery, _timeout_ms: int) -> Outcome:
        """Nothing is sent."""
        return Outcome(failure="internal", error="this plan cannot be used now")


def _no_action(
    plan: Plan, node: PlanNode, endpoint: Endpoint | None, environment: Mapping[str, str]
) -> Action:
    del plan, node, endpoint, environment
    return _NoAction()
