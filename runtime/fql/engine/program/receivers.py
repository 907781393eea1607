"""Which receivers a plan sends to, read from all of its actions without making any. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from fql.engine.program.limits import EndpointLimits, endpoint_limits
from fql.exact.kinds import as_a
from fql.plan.kinds import own_endpoint
from fql.plan.model import Endpoint, Json, Plan, PlanNode, Policies
from fql.plan.policies import effective, effective_value
from fql.plan.web.urls import origin_of

LONGEST_ASKED = "retry.retry_after_max"


@dataclass(slots=True)
class Receivers:
    """The endpoints of a plan by name, or by origin, in the order in which actions name them:
    the most milliseconds that each can ask us to wait, and the policies of its first action."""

    waits: dict[str, int] = field(default_factory=dict)
    policies: dict[str, Policies] = field(default_factory=dict)

    def meet(self, node: PlanNode, endpoint: Endpoint | None, name: str) -> None:
        """Note whom one more action calls, by which name, and by which endpoint of the plan."""
        wait = as_a(int, effective_value(node, endpoint, LONGEST_ASKED))
        if name not in self.waits:
            self.policies[name] = effective(node, endpoint)
        self.waits[name] = max(wait, self.waits.get(name, 0))

    def limits(self, plan: Plan, endpoints: Iterable[Endpoint]) -> dict[str, EndpointLimits]:
        """Limits by endpoint: those that the plan states, else the policies of its first action."""
        found = {name: endpoint_limits(policies) for name, policies in self.policies.items()}
        for endpoint in endpoints:
            near = self.policies.get(endpoint.name, {})
            found[endpoint.name] = endpoint_limits({**near, **endpoint.policies})
        found.update((limit.endpoint, endpoint_limits(limit.policies)) for limit in plan.limits)
        return found


def receivers_of(
    plan: Plan, endpoints: Mapping[str, Endpoint], environment: Mapping[str, str]
) -> Receivers:
    """The receivers of a plan. `endpoints` are those it names, as they are now."""
    found = Receivers()
    for observer in plan.observers:
        for node in observer.nodes:
            endpoint = endpoints.get(node.config.endpoint or "")
            found.meet(node, endpoint, endpoint_name(node, environment))
    return found


def endpoint_name(node: PlanNode, environment: Mapping[str, str]) -> str:
    """The named endpoint, else that of its kind, else the origin `scheme://host:port`."""
    if node.config.endpoint:
        return node.config.endpoint
    if (own := own_endpoint(node)) is not None:
        return own
    if node.config.url is None:
        return node.kind
    text = _beginning(node.config.url, environment)
    return origin_of(text) or text


def _beginning(stored: Json, environment: Mapping[str, str]) -> str:
    """A text expression up to its first hole."""
    if stored["op"] == "constant":
        return str(stored["value"])
    text = ""
    parts = stored.get("parts", ())
    for part in parts if isinstance(parts, list | tuple) else ():
        if isinstance(part, str):
            text += part
        elif isinstance(part, Mapping) and "environment" in part:
            text += environment.get(str(part["environment"]), "")
        else:
            break
    return text
