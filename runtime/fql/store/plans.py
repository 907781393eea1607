"""Plans as a store keeps them, each under one identity: the digest that its runs carry."""

from __future__ import annotations

from collections.abc import Mapping

from fql.exact.kinds import as_a, as_objects
from fql.exact.reading import read_object
from fql.plan.model import Plan
from fql.plan.stored.codec import read_plan
from fql.store.records import StoredPlan


def plan_of(stored: StoredPlan) -> Plan:
    """The plan, under the digest that the store knows it by. Raises PlanError."""
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
