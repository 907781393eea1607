"""Plans as a store keeps them, each under one identity: the digest that its runs carry."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fql.exact.reading import read_json
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
        plan: Any = read_json(stored.blob)
        return {one["name"]: [node["name"] for node in one["nodes"]] for one in plan["observers"]}
    except (ValueError, KeyError, TypeError):
        return {}
