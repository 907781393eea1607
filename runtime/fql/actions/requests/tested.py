"""`test_url` for actions that send no request: their message or call goes there as one instead.

Nothing is published and no function is called; the header `fql-test-target` says what would have
been: `nats:SUBJECT` or `call:FUNCTION`. The answer of the test's receiver is that of the action.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from functools import partial

from fql.actions.calls.call import CallRequest
from fql.actions.headers import delivery_headers
from fql.actions.kinds import Factory
from fql.actions.masking import Recording, known_values
from fql.actions.port import Action, Delivery, Outcome, Request
from fql.actions.reads import read_without_type
from fql.actions.requests.answers import AnswerReader
from fql.actions.requests.webhook import TEST_MASKED
from fql.egress.send import Outgoing, Profile, Sender
from fql.egress.wire.failures import SendFailed
from fql.events.intake import Intake
from fql.exact.writing import write_json
from fql.expressions.scope import Scope
from fql.plan.model import Endpoint, Plan, PlanNode
from fql.plan.web.formats import MEDIA_TYPES
from fql.plan.web.urls import UrlParts

_JSON = (("Content-Type", MEDIA_TYPES["json"]),)


class TestedActions:
    """A factory around one whose actions are only rendered."""

    def __init__(
        self, rendering: Factory, sender: Sender, target: UrlParts, clock: Callable[[], float]
    ) -> None:
        self._rendering = rendering
        self._sender = sender
        self._target = target
        self._clock = clock

    def __call__(
        self, plan: Plan, node: PlanNode, endpoint: Endpoint | None, environment: Mapping[str, str]
    ) -> Action:
        """The action of a node. Raises SettingsError, MissingSecrets."""
        # No value of the environment leaves for another receiver (decision 0132).
        masked = Recording(environment, TEST_MASKED)
        action = self._rendering(plan, node, endpoint, masked)
        response, check = node.config.response, None
        if response is not None or id(node) in frozenset(read_without_type(plan)):
            check = partial(Intake(plan).fit_answer, response or "JSON?")
        masker = known_values(plan, environment)
        reader = AnswerReader(masker, check, typed=response is not None)
        return _TestedAction(action, reader, self._sender, self._target, self._clock)


class _TestedAction:
    """One action whose requests go to the test's receiver."""

    def __init__(
        self, action: Action, reader: AnswerReader, sender: Sender, target: UrlParts,
        clock: Callable[[], float],
    ) -> None:  # fmt: skip
        self._action = action
        self._reader = reader
        self._sender = sender
        self._target = target
        self._clock = clock

    def render(self, scope: Scope) -> Request:
        """Build what would be sent. Raises RenderFailed."""
        return self._action.render(scope)

    async def perform(self, request: Request, delivery: Delivery, timeout_ms: int) -> Outcome:
        """Send it to the test's receiver. Never raises, except for cancellation."""
        started = time.perf_counter()
        try:
            answer = await self._sender.send(
                self._outgoing(request, delivery), Profile(), timeout_ms
            )
        except SendFailed as failure:
            return self._reader.failed(failure, int((time.perf_counter() - started) * 1000))
        passed = int((time.perf_counter() - started) * 1000)
        return self._reader.read(answer, self._clock(), passed, 0)

    def _outgoing(self, request: Request, delivery: Delivery) -> Outgoing:
        called = isinstance(request, CallRequest)
        where = f"{'call' if called else 'nats'}:{request.target}"
        body = write_json(request.arguments) if isinstance(request, CallRequest) else request.body
        headers = (*(request.headers or _JSON), *delivery_headers(delivery))
        named = ("fql-test-target", self._reader.masker.text(where))
        return Outgoing("POST", self._target, (*headers, named), body, delivery.key)
