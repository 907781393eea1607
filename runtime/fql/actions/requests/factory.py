"""Makes the webhook actions of plans; they share connections, tokens and type tables."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping

from fql.actions.kinds import ActionsByKind, Factory
from fql.actions.masking import known_values
from fql.actions.reads import read_without_type
from fql.actions.requests.tested import TestedActions
from fql.actions.requests.webhook import USER_AGENT, Surroundings, WebhookAction
from fql.egress.sealing.encryption import Nonce
from fql.egress.send import Sender
from fql.egress.wire.own import OwnPorts, nothing_listens
from fql.egress.wire.resolver import Resolver
from fql.errors import SettingsError
from fql.events.intake import Intake
from fql.plan.model import Endpoint, Plan, PlanNode
from fql.plan.table import TypeTable
from fql.plan.web.addresses import EgressSettings, parse_address
from fql.plan.web.urls import UrlParts, UrlProblem, parse_literal_url


class WebhookActions:
    """The factory of one runtime. `test_url` takes every request instead of its receiver."""

    def __init__(
        self, egress: EgressSettings | None = None, *, test_url: str | None = None,
        resolver: Resolver | None = None, nonce: Nonce = os.urandom,
        clock: Callable[[], float] = time.time, own_ports: OwnPorts = nothing_listens,
        sends: bool = True,
    ) -> None:  # fmt: skip
        """`own_ports` tells where this process listens: nothing is sent there. Without `sends`
        requests are only rendered: no file that a plan names is opened.

        Raises SettingsError for an invalid `test_url`.
        """
        self._test = None if test_url is None else _test_target(test_url)
        self.sender = Sender(
            self._effective(egress or EgressSettings()),
            user_agent=USER_AGENT,
            resolver=resolver,
            clock=clock,
            own_ports=own_ports,
        )
        self._nonce = nonce
        self._clock = clock
        self._sends = sends
        self._shared: Surroundings | None = None

    def __call__(
        self, plan: Plan, node: PlanNode, endpoint: Endpoint | None,
        environment: Mapping[str, str],
    ) -> WebhookAction:  # fmt: skip
        """The action of a node; `endpoint` is the one it names, from the active plan.

        Raises SettingsError, MissingSecrets.
        """
        return WebhookAction(node, endpoint, environment, self._surroundings(plan, environment))

    def kinds(self, others: Mapping[str, tuple[Factory, Factory]]) -> ActionsByKind:
        """The actions of each kind: webhooks, and the `others` with two factories each. The second
        one's actions are only rendered: with a test url, what they would send goes there."""
        test = self._test
        made = {
            kind: real if test is None
            else TestedActions(rendered, self.sender, test, self._clock)
            for kind, (real, rendered) in others.items()
        }  # fmt: skip
        return ActionsByKind({"webhook": self, **made})

    def follow(self, egress: EgressSettings) -> None:
        """Go by other settings from the next request on."""
        self.sender.follow(self._effective(egress))

    def _effective(self, egress: EgressSettings) -> EgressSettings:
        return egress if self._test is None else allowing(egress, self._test)

    def _surroundings(self, plan: Plan, environment: Mapping[str, str]) -> Surroundings:
        found = self._shared
        if found is None or found.plan is not plan or found.environment is not environment:
            found = self._shared = Surroundings(
                plan=plan,
                environment=environment,
                masker=known_values(plan, environment),
                types=TypeTable.of(plan),
                intake=Intake(plan),
                sender=self.sender,
                read_without_type=frozenset(read_without_type(plan)),
                test_target=self._test,
                nonce=self._nonce,
                clock=self._clock,
                sends=self._sends,
            )
        return found

    async def close(self) -> None:
        """Close idle connections."""
        await self.sender.close()


def _test_target(test_url: str) -> UrlParts:
    try:
        return parse_literal_url(test_url)
    except UrlProblem as problem:
        raise SettingsError(
            f"test_url cannot be used: {problem}", hint="write it as https://host/path"
        ) from problem


def allowing(egress: EgressSettings, target: UrlParts) -> EgressSettings:
    """The settings with the literal host and port of a target allowed."""
    ports = egress.ports if target.port >= 1024 else (*egress.ports, target.port)
    allow = (*egress.allow, target.host)
    if parse_address(target.host) is None:
        allow = (*allow, "127.0.0.0/8", "::1/128") if target.host == "localhost" else allow
    return EgressSettings(allow, ports)
