"""Actions with a span around each attempt, whatever their kind."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from fql.actions.kinds import Factory
from fql.actions.port import Action, Delivery, Outcome, Request
from fql.expressions.scope import Scope
from fql.observe.tracing import Tracing
from fql.plan.model import Endpoint, Plan, PlanNode
from fql.plan.web.headers import METHODS


class TracedActions:
    """A factory around another one."""

    def __init__(self, factory: Factory, tracing: Tracing) -> None:
        self._factory = factory
        self._tracing = tracing

    def __call__(
        self, plan: Plan, node: PlanNode, endpoint: Endpoint | None, environment: Mapping[str, str]
    ) -> Action:
        """The action, traced. Raises SettingsError, MissingSecrets."""
        return TracedAction(self._factory(plan, node, endpoint, environment), self._tracing)

    async def close(self) -> None:
        """Close the factory inside, if it can be closed."""
        close: Callable[[], Awaitable[None]] | None = getattr(self._factory, "close", None)
        if close is not None:
            await close()


class TracedAction:
    """One action; each attempt is a span, and the receiver gets that span as its parent."""

    def __init__(self, action: Action, tracing: Tracing) -> None:
        self._action = action
        self._tracing = tracing

    def render(self, scope: Scope) -> Request:
        """Build the request. Raises RenderFailed."""
        return self._action.render(scope)

    async def perform(self, request: Request, delivery: Delivery, timeout_ms: int) -> Outcome:
        """Make one attempt within the deadline. Never raises, except for cancellation."""
        attributes: dict[str, str | int] = {
            "fql.observer": delivery.observer,
            "fql.action": delivery.action,
            "fql.run": delivery.run,
            "fql.attempt": delivery.attempt,
            "fql.event_id": delivery.event_id,
            "fql.key": delivery.key,
        }
        if request.method in METHODS:
            attributes["http.request.method"] = request.method
        with self._tracing.attempt(
            delivery.context, attributes, run_started=delivery.run_started, links=delivery.links
        ) as span:
            own = delivery._replace(context=span.carried)
            outcome = await self._action.perform(request, own, timeout_ms)
            span.ended(outcome.status, outcome.failure)
            return outcome
