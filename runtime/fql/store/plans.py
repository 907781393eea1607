"""Plans as a store keeps them, each under one identity: the digest that its runs carry."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING

from fql.errors import UsageError
from fql.exact.kinds import as_a, as_objects
from fql.exact.reading import read_object
from fql.near import did_you_mean
from fql.plan.kinds import own_endpoint
from fql.store.choosing import LetterFilter
from fql.store.records import StoredPlan

if TYPE_CHECKING:
    from fql.plan.model import Plan


def plan_of(stored: StoredPlan) -> Plan:
    """The plan, under the digest that the store knows it by. Raises PlanError."""
    from fql.plan.stored.codec import read_plan  # the model, which not all need who see plans

    plan = read_plan(stored.blob)
    if plan.digest == stored.digest:
        return plan
    return plan.model_copy(update={"digest": stored.digest})


def node_names(stored: StoredPlan) -> Mapping[str, list[str]]:
    """The names of the actions of each observer, in the order of a run's nodes; also of a plan that
    this version cannot run."""
    try:
        observers = as_objects(read_object(stored.blob)["observers"])
        return {
            as_a(str, one["name"]): [as_a(str, n["name"]) for n in as_objects(one["nodes"])]
            for one in observers
        }
    except (ValueError, KeyError, TypeError):
        return {}


def require_pausable(plans: Sequence[Plan], name: str) -> None:
    """Raises UsageError for what is neither an endpoint nor an observer of a plan, nor a URL, by
    which an endpoint without a name is called."""
    known = {each.name for plan in plans for each in plan.endpoints}
    observers = [each for plan in plans for each in plan.observers]
    known |= {each.name for each in observers}
    known |= {own for each in observers for node in each.nodes if (own := own_endpoint(node))}
    if "://" not in name:
        _require(name, known, "endpoint or observer")


def require_chosen(plans: Sequence[Plan], wanted: LetterFilter) -> None:
    """Raises UsageError for an observer or action that no plan has: it would fit nothing, without a
    word."""
    observers = [each for plan in plans for each in plan.observers]
    if wanted.observer is not None:
        _require(wanted.observer, {each.name for each in observers}, "observer")
    if wanted.action is not None:
        _require(wanted.action, {n.name for each in observers for n in each.nodes}, "action")


def require_rows(stored: Sequence[StoredPlan], entity: str) -> None:
    """Raises UsageError for an entity that no plan has, and for one without a `@key`, whose rows
    have no name."""
    entities = {one.name: one for plan in stored if plan.blob for one in plan_of(plan).entities}
    _require(entity, entities, "entity")
    found = entities.get(entity)
    if found is not None and not any(field.key for field in found.fields):
        raise UsageError(
            f"rows of {entity} have no name: the entity has no field with `@key`",
            hint="add `@key` to the field that identifies a row; it counts from the next event on",
        )


def _require(name: str, known: Collection[str], what: str) -> None:
    """Without any plan, before the first engine, no name is known to be wrong."""
    if not known or name in known:
        return
    hint = did_you_mean(name, known) or f"it has {', '.join(sorted(known))}"
    raise UsageError(f"the plan has no {what} `{name}`", hint=hint)
