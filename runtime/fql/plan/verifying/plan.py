"""A plan as a whole: the one door of this room."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from fql.plan.kinds import CALL, PUBLISH
from fql.plan.language.types import JSON, Type
from fql.plan.limits import MOST_ACTIONS, MOST_EDGES
from fql.plan.model import Observer, Plan, PlanNode
from fql.plan.policy.table import OF_KINDS
from fql.plan.verifying.expressions import Scope, verified
from fql.plan.verifying.flow import verify_flow
from fql.plan.verifying.messages import verify_call, verify_publish
from fql.plan.verifying.names import NAME, Known, known_names, unique
from fql.plan.verifying.policies import verify_policies
from fql.plan.verifying.refusal import Refused, short, within
from fql.plan.verifying.requests import verify_endpoint, verify_request
from fql.plan.web.urls import UrlProblem, parse_literal_url


def verify_plan(plan: Plan) -> None:
    """Raises Refused, with the way to what cannot be carried out."""
    environment = _environment(plan)
    known = known_names(plan)
    scope = Scope(known, environment=environment)
    unique("endpoint", (e.name for e in plan.endpoints))
    for endpoint in plan.endpoints:
        with within(f"endpoint {endpoint.name}"):
            verify_endpoint(endpoint, scope)
            verify_policies(endpoint.policies, environment)
    endpoints = frozenset(e.name for e in plan.endpoints)
    for limit in plan.limits:
        with within(f"limit {short(limit.endpoint)}"):
            if limit.endpoint not in endpoints and not _is_origin(limit.endpoint):
                raise Refused("there is no such endpoint")
            verify_policies(limit.policies, environment)
    entities = frozenset(e.name for e in plan.entities)
    unique("observer", (o.name for o in plan.observers))
    for observer in plan.observers:
        with within(f"observer {observer.name}"):
            _verify_observer(observer, entities, scope, endpoints)


def _environment(plan: Plan) -> frozenset[str]:
    for name in (wanted.name for wanted in plan.environment):
        if not NAME.fullmatch(name):
            raise Refused(f"{short(name)} is not the name of a variable")
    return frozenset(wanted.name for wanted in plan.environment)


def _is_origin(text: str) -> bool:
    try:
        return parse_literal_url(text).origin == text
    except UrlProblem:
        return False


def _verify_observer(
    observer: Observer, entities: frozenset[str], scope: Scope, endpoints: frozenset[str]
) -> None:
    entity, events = _watched(observer, entities)
    known = scope.known
    around = Scope(known, entity, events)
    for name in observer.requires.old_values:
        if name not in around.row:
            raise Refused(f"{entity} has no field {short(name)}")
    _verify_conditions(observer, around)
    if len(observer.nodes) > MOST_ACTIONS:
        raise Refused(f"it has more than {MOST_ACTIONS} actions")
    if len(observer.edges) > MOST_EDGES + len(observer.nodes):
        raise Refused(f"its flow has more than {MOST_EDGES} edges")
    unique("action", (node.name for node in observer.nodes))
    verify_flow([node.name for node in observer.nodes], observer.edges)
    inner = Scope(known, entity, events, _answers(observer, known), scope.environment)
    for node in observer.nodes:
        with within(f"action {node.name}"):
            _verify_node(node, inner, endpoints)


def _watched(observer: Observer, known: frozenset[str]) -> tuple[str, frozenset[str]]:
    """The entity that an observer watches, and the events."""
    entities = {trigger.entity for trigger in observer.on}
    events = [trigger.event for trigger in observer.on]
    if len(entities) != 1 or len(set(events)) != len(events):
        raise Refused("it must watch events of one entity, each once")
    entity = entities.pop()
    if entity not in known:
        raise Refused(f"there is no entity {short(entity)}")
    return entity, frozenset(events)


def _verify_conditions(observer: Observer, scope: Scope) -> None:
    if observer.when is not None:
        with within("when"):
            _verify_condition(observer.when, scope)
    if observer.order_by is not None:
        with within("order_by"):
            found = verified(observer.order_by.by, scope).type
            if found.item is not None or found.name in {*scope.known.rows, "Object", "Failure"}:
                raise Refused(f"a `{found}` has no order")


def _verify_condition(stored: dict[str, object], scope: Scope) -> None:
    found = verified(stored, scope).type
    if found != Type("Boolean"):
        raise Refused(f"a condition must be Boolean, not `{found}`")


def _answers(observer: Observer, known: Known) -> dict[str, Type]:
    return dict(_each_answer(observer, known))


def _each_answer(observer: Observer, known: Known) -> Iterator[tuple[str, Type]]:
    for node in observer.nodes:
        response = node.config.response
        with within(f"action {node.name}: response"):
            yield node.name, JSON if response is None else known.type_of(response)


def _verify_node(node: PlanNode, scope: Scope, endpoints: frozenset[str]) -> None:
    taken = OF_KINDS.get(node.kind)
    if taken is None:
        raise Refused(f"there is no kind of action {short(node.kind)}")
    verify_policies(node.policies, scope.environment or frozenset(), taken)
    if node.when is not None:
        with within("when"):
            _verify_condition(node.when, Scope(scope.known, scope.entity, scope.events,
                                               scope.actions))  # fmt: skip
    if node.kind == PUBLISH:
        verify_publish(node.config, scope)
    elif node.kind == CALL:
        verify_call(node.config, scope)
    else:
        size = node.policies.get("batch.size")
        batched = size is not None and size.value is not None
        inner = replace(scope, batch="outside") if batched else scope
        verify_request(node.config, endpoints, inner)
