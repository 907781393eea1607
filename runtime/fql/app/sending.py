"""What plans are made ready with: the actions that a runtime sends by, and what these share."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from fql.actions.calls.functions import Function, Functions
from fql.actions.calls.kind import ActionKind
from fql.actions.kinds import Factory, LateKind
from fql.actions.receivers import ALLOWED_IN_TESTS
from fql.engine.program.build import build_program, build_stored
from fql.engine.program.model import Program
from fql.engine.program.specs import ActionFactory
from fql.errors import SettingsError
from fql.nats.driver import nats_connection
from fql.observe.labels import Labels
from fql.observe.logs import logger
from fql.observe.watch import Watch
from fql.plan.model import Plan
from fql.plan.web.addresses import EgressSettings
from fql.settings.model import Settings
from fql.store.records import StoredPlan

if TYPE_CHECKING:
    from fql.actions.requests.factory import WebhookActions
    from fql.nats.connection import NatsConnection


class Sending:
    """Makes programs of plans. `actions` are those that were given, else each kind is made as it
    is, with the functions `calls`; `labels` learn the names of each plan."""

    def __init__(
        self,
        settings: Settings,
        environment: Mapping[str, str],
        labels: Labels,
        *,
        calls: Mapping[str, Function | ActionKind],
        actions: ActionFactory | None,
    ) -> None:
        self._settings = settings
        self._environment = environment
        self._labels = labels
        self._functions = Functions(calls)
        self._given = actions
        self._allowed_in_tests = ALLOWED_IN_TESTS.get()
        self._nats: NatsConnection | None = None
        self._webhooks: WebhookActions | None = None

    def open(self, observed: Watch) -> None:
        """Make the actions. Nothing is sent to where `observed` listens. Raises SettingsError."""
        self._factory = _traced(self._given or self._default_actions(observed), observed)

    async def close(self) -> None:
        """Close what the actions have opened, and the connection to NATS."""
        close: Callable[[], Awaitable[None]] | None = getattr(self._factory, "close", None)
        if close is not None:
            await close()
        if self._nats is not None:
            await self._nats.close()

    def nats(self) -> NatsConnection:
        """The connection of this runtime, made at its first use. Raises SettingsError."""
        if self._nats is None:
            settings = self._settings.nats
            if settings is None:
                raise SettingsError(
                    "a `publish` or a source needs a NATS server, and none is named",
                    hint='write its address into fql.toml: `[nats]` with `url = "nats://host:4222"`',
                )
            self._nats = nats_connection(settings.url, settings.credentials)
        return self._nats

    def program(self, plan: Plan) -> Program:
        """A plan made ready to run. Raises MissingSecrets, SettingsError."""
        made = build_program(plan, self._environment, self._factory)
        self._labels.learn(plan, self._environment)
        return made

    def stored_programs(self, stored: Sequence[StoredPlan], active: Plan) -> dict[str, Program]:
        """Those of stored plans, by their short digests; endpoints are as the active plan has
        them."""
        made = build_stored(stored, active, self._environment, self._factory)
        for program in made.values():
            if program.plan is not None:
                self._labels.learn(program.plan, self._environment)
        return made

    def follow(self, settings: Settings) -> None:
        """Go by the `[egress]` of other settings from now on."""
        if self._webhooks is not None:
            self._webhooks.follow(self._egress(settings))

    def _default_actions(self, observed: Watch) -> ActionFactory:
        from fql.actions.requests.factory import WebhookActions

        test_url = self._settings.webhooks.test_url
        if test_url is not None:
            logger.warning("test_url is set: every request goes there")
        self._webhooks = WebhookActions(
            self._egress(self._settings), test_url=test_url,
            own_ports=lambda: frozenset({observed.port}),
        )  # fmt: skip
        return self._webhooks.kinds({
            "publish": (LateKind(lambda: _publishing(self.nats)), LateKind(_publishing)),
            "call": (LateKind(lambda: _calling(self._functions)), LateKind(_calling)),
        })  # fmt: skip

    def _egress(self, settings: Settings) -> EgressSettings:
        egress = settings.egress
        return EgressSettings((*egress.allow, *self._allowed_in_tests), egress.ports)


def _publishing(connection: Callable[[], NatsConnection] | None = None) -> Factory:
    from fql.actions.publish import PublishActions

    return PublishActions(connection)


def _calling(functions: Functions | None = None) -> Factory:
    from fql.actions.calls.call import CallActions

    return CallActions(functions)


def _traced(actions: ActionFactory, observed: Watch) -> ActionFactory:
    if observed.tracing is None:
        return actions
    from fql.actions.traced import TracedActions

    return TracedActions(actions, observed.tracing)
