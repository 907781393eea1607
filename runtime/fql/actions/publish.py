"""The `publish` action: a message to a JetStream stream, whose acknowledgement is awaited."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fql.actions.headers import delivery_headers
from fql.actions.masking import Recording, known_values, shown_body
from fql.actions.port import SUCCESS, Delivery, Failure, Outcome, RenderFailed, Request
from fql.actions.rendering import HeaderRender, body_render
from fql.egress.sealing.secrets import Masker
from fql.egress.settings import resolve_parts, text_parts
from fql.errors import MissingSecrets, SettingsError
from fql.expressions.compile import compile_text
from fql.expressions.scope import Scope
from fql.nats.errors import NatsError, NatsSlow, NoStream, Refused, TooLarge
from fql.plan.kinds import subject_of
from fql.plan.language.expressions import Text
from fql.plan.language.types import STRING
from fql.plan.language.units import show_size
from fql.plan.model import Endpoint, Json, Plan, PlanNode
from fql.plan.policies import whole_of
from fql.plan.stored.codec import load_expression
from fql.plan.table import TypeTable
from fql.plan.web.subjects import (
    header_name_problem,
    subject_problem,
    template_problem,
    value_problem,
)

if TYPE_CHECKING:
    from fql.nats.connection import NatsConnection

JSON_CONTENT = {"Content-Type": "application/json"}


class MessageRequest(Request):
    """A message that is ready. `target` is its subject. `shown` is made when somebody looks."""

    __slots__ = ("_masker",)
    _masker: Masker

    def __init__(
        self, subject: str, headers: tuple[tuple[str, str], ...], body: bytes, masker: Masker
    ) -> None:
        put = object.__setattr__  # frozen, as its base is
        put(self, "method", "publish")
        put(self, "target", subject)
        put(self, "headers", headers)
        put(self, "body", body)
        put(self, "_masker", masker)

    @property
    def shown(self) -> dict[str, object]:
        """The message with secrets masked: kind, subject, headers, body."""
        masker = self._masker
        return {
            "kind": "publish",
            "subject": masker.text(str(self.target)),
            "headers": {name: masker.text(value) for name, value in self.headers},
            "body": shown_body(self.body, masker),
        }


@dataclass(frozen=True, slots=True)
class _Shared:
    """What the messages of one plan share."""

    plan: Plan
    environment: Mapping[str, str]
    masker: Masker
    types: TypeTable


class PublishActions:
    """Makes the messages of plans. `connection` gives that to the NATS server and raises
    SettingsError where none is set up; without it messages are only rendered, as in tests."""

    def __init__(self, connection: Callable[[], NatsConnection] | None) -> None:
        self._connection = connection
        self._shared: _Shared | None = None

    def __call__(
        self, plan: Plan, node: PlanNode, endpoint: Endpoint | None,
        environment: Mapping[str, str],
    ) -> PublishAction:  # fmt: skip
        """The action of a node. Raises SettingsError, MissingSecrets."""
        del endpoint
        found = self._shared
        if found is None or found.plan is not plan or found.environment is not environment:
            masker = known_values(plan, environment)
            found = self._shared = _Shared(plan, environment, masker, TypeTable.of(plan))
        connection = None if self._connection is None else self._connection()
        return PublishAction(node, connection, found)


class PublishAction:
    """One `publish` of one plan. Raises SettingsError or MissingSecrets when it is made."""

    def __init__(self, node: PlanNode, connection: NatsConnection | None, shared: _Shared) -> None:
        user = f"action {node.name}"
        self._connection = connection
        names = Recording(shared.environment)
        try:
            self._subject = _subject_render(subject_of(node.config), names, user)
            self._headers = _header_renders(node, names)
        except MissingSecrets:
            raise
        except SettingsError as error:  # a value of the environment is named, never shown
            message = Masker(names.used).text(error.message)
            raise SettingsError(message, hint=error.hint) from None
        typed = any(header.name.lower() == "content-type" for header in self._headers)
        self._standing = {} if typed else JSON_CONTENT
        self._body = body_render(node.config, shared.types)
        self._longest = whole_of(node.policies, "max_body") or 0
        self._masker = Masker(names.used, shared.masker)

    def render(self, scope: Scope) -> Request:
        """Build the message. Raises RenderFailed for a value that cannot be in it."""
        try:
            subject = self._subject(scope)
        except _ValueRefused as refused:
            raise RenderFailed(f"subject: {refused}") from None
        problem = subject_problem(subject)
        if problem is not None:
            raise RenderFailed(f"subject: {problem}")
        headers = (*self._standing.items(), *(header(scope) for header in self._headers))
        body = self._body(scope)
        if len(body) > self._longest:
            longest = show_size(self._longest)
            raise RenderFailed(f"the body has {len(body):,} bytes, more than max_body ({longest})")
        return MessageRequest(subject, headers, body, self._masker)

    async def perform(self, request: Request, delivery: Delivery, timeout_ms: int) -> Outcome:
        """Publish within the deadline. Never raises, except for cancellation."""
        started = time.perf_counter()
        failure, error = await self._published(request, delivery, timeout_ms)
        return Outcome(
            status=SUCCESS if failure is None else None,
            failure=failure,
            error=self._masker.text(error),
            duration_ms=int((time.perf_counter() - started) * 1000),
        )

    async def _published(
        self, request: Request, delivery: Delivery, timeout_ms: int
    ) -> tuple[Failure | None, str]:
        if self._connection is None:
            return "internal", "there is no connection to NATS"
        headers = dict((*request.headers, *delivery_headers(delivery)))
        try:
            await self._connection.publish(
                str(request.target), headers, request.body, message_id=delivery.key,
                timeout_s=timeout_ms / 1000,
            )  # fmt: skip
        except (NatsError, SettingsError) as problem:
            return failure_of(problem), problem.message
        return None, ""


def failure_of(problem: NatsError | SettingsError) -> Failure:
    """How an attempt failed that ended with this. Credentials that cannot be read are as good as a
    server that cannot be reached: somebody will mend them."""
    if isinstance(problem, NoStream):
        return "no_stream"
    if isinstance(problem, TooLarge):
        return "too_large"
    if isinstance(problem, Refused):
        return "refused" if problem.lasting else "busy"
    if isinstance(problem, NatsSlow):
        return "timeout"
    return "connect"


class _ValueRefused(Exception):
    """A value that must not be in a subject."""


def _checked(value: str) -> str:
    problem = value_problem(value)
    if problem is not None:
        raise _ValueRefused(problem)
    return value


def _subject_render(
    stored: Json | None, names: Mapping[str, str], user: str
) -> Callable[[Scope], str]:
    """Compile a subject; what is known of it is judged now."""
    if stored is None:
        raise SettingsError(f"{user}: there is no subject", hint="compile the plan again")
    parts = resolve_parts(text_parts(load_expression(stored)), names, user)
    problem = template_problem(parts)
    if problem is not None:
        raise SettingsError(
            f"{user}: the subject cannot be used: {problem}",
            hint="check the ${NAME} values in it",
        )
    return compile_text(Text(type=STRING, parts=tuple(parts)), {}, _checked)


def _header_renders(node: PlanNode, names: Mapping[str, str]) -> tuple[HeaderRender, ...]:
    for header in node.config.headers:
        problem = header_name_problem(header.name)
        if problem is not None:
            raise SettingsError(f"the header {header.name!r} cannot be sent: {problem}")
    return tuple(
        HeaderRender(header.name, compile_text(load_expression(header.value), names))
        for header in node.config.headers
    )
