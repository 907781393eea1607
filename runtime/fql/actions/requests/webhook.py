"""The `webhook` action: renders a request from a plan's node, sends it, reads the outcome."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial

from fql.actions.headers import attempt_headers, sender_headers
from fql.actions.masking import Recording, shown_body
from fql.actions.port import Delivery, Flight, Land, Outcome, RenderFailed, Request
from fql.actions.rendering import body_render, header_renders, url_render
from fql.actions.requests.answers import AnswerReader
from fql.egress.auth import Auth, auth_of
from fql.egress.sealing.encryption import Encryptor, Nonce
from fql.egress.sealing.secrets import Masker
from fql.egress.sealing.signing import Signer
from fql.egress.send import BODYLESS, Outgoing, Profile, Sender, header_lines
from fql.egress.settings import PolicyReader
from fql.egress.wire.answer import Answer, Limits
from fql.egress.wire.failures import SendFailed
from fql.errors import MissingSecrets, SettingsError
from fql.events.intake import Intake
from fql.expressions.scope import Scope
from fql.plan.language.units import show_size
from fql.plan.model import Endpoint, Plan, PlanNode
from fql.plan.policies import effective
from fql.plan.table import TypeTable
from fql.plan.web.formats import MEDIA_TYPES
from fql.plan.web.urls import UrlParts
from fql.version import VERSION

USER_AGENT = f"fql/{VERSION}"
KEPT_UNREAD = 4_096
"""Bytes of an answer that are kept where nobody reads it."""
TEST_MASKED = "test-masked"
"""What `test_url` sends instead of credentials."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the actions of one plan share. `masker` knows every value that the plan takes from the
    environment. `test_target` takes every request instead. Without `sends` requests are only
    rendered, and no certificate that a plan names is opened."""

    plan: Plan
    environment: Mapping[str, str]
    masker: Masker
    types: TypeTable
    intake: Intake
    sender: Sender
    read_without_type: frozenset[int] = frozenset()
    test_target: UrlParts | None = None
    nonce: Nonce = os.urandom
    clock: Callable[[], float] = time.time
    sends: bool = True


class WebhookRequest(Request):
    """A rendered webhook. `shown` is made when somebody looks: most requests are never shown.

    `members` is how many events it carries, 0 outside batches.
    """

    __slots__ = ("_masker", "members")
    _masker: Masker
    members: int

    def __init__(
        self, method: str, target: UrlParts, headers: tuple[tuple[str, str], ...], body: bytes,
        *, masker: Masker, members: int,
    ) -> None:  # fmt: skip
        put = object.__setattr__  # frozen, as its base is
        put(self, "method", method)
        put(self, "target", target)
        put(self, "headers", headers)
        put(self, "body", body)
        put(self, "_masker", masker)
        put(self, "members", members)

    @property
    def shown(self) -> dict[str, object]:
        """The request with secrets masked: method, url, headers, body."""
        masker = self._masker
        return {
            "method": self.method,
            "url": masker.text(str(self.target)),
            "headers": {name: masker.text(value) for name, value in self.headers},
            "body": shown_body(self.body, masker),
        }


class WebhookAction:
    """One webhook of one plan. Raises SettingsError or MissingSecrets when it is made."""

    def __init__(
        self, node: PlanNode, endpoint: Endpoint | None, environment: Mapping[str, str],
        shared: Surroundings,
    ) -> None:  # fmt: skip
        self._user = f"action {node.name}"
        self._shared = shared
        names = Recording(environment)
        try:
            self._make(node, endpoint, names)
        except MissingSecrets:
            raise
        except SettingsError as error:
            # What cannot be used may be a value of the environment: it is named, never shown.
            message = Masker(names.used).text(error.message)
            if not message.startswith(self._user):
                message = f"{self._user}: {message}"
            raise SettingsError(message, hint=error.hint) from None

    def _make(self, node: PlanNode, endpoint: Endpoint | None, names: Recording) -> None:
        shared = self._shared
        policies = effective(node, endpoint)
        reader = PolicyReader(policies, names, self._user)
        self._method = node.config.method
        auth = auth_of(reader.auth())
        signing, encryption = reader.signing(), reader.encryption()
        signer = Signer(signing) if signing else None
        self._encryptor = Encryptor(encryption, shared.nonce) if encryption else None
        self._batched = reader.plain("batch.size") is not None
        self._url = url_render(node.config, endpoint, names, self._user)
        masked = Recording(names, TEST_MASKED)
        header_names = names if shared.test_target is None else masked
        taken = (*auth.names, *(signer.names if signer else ()))
        shared_headers = () if endpoint is None else endpoint.headers
        self._headers = header_renders(node.config.headers, shared_headers, header_names, taken)
        typed = any(h.name.lower() == "content-type" for h in self._headers)
        content = MEDIA_TYPES.get(node.config.format)
        sent = content is not None and not typed and self._method not in BODYLESS
        self._standing = (("Content-Type", content),) if sent and content else ()
        self._body = body_render(node.config, shared.types)
        self._masker = Masker((*names.used, *auth.secrets), shared.masker)
        self._tokens: tuple[str, ...] = ()
        self._fixed: tuple[UrlParts | None, str, str, str] = (None, "", "", "")
        self._longest = int(str(reader.plain("max_body")))
        self._answers = self._answer_reader(node, int(str(reader.plain("max_response"))))
        if self._url.base.scheme == "http" and auth.tls.certificate is not None:
            raise SettingsError(
                f"{self._user}: a client certificate cannot be used over plain http",
                hint="use an https url",
            )
        if shared.test_target is not None:
            # No credential and no identity of ours leaves for another receiver.
            auth = Auth(tuple((name, TEST_MASKED) for name in auth.names))
        self._profile = Profile(signer, auth, self._limits())
        if shared.sends:
            shared.sender.prepare(self._profile)

    def _answer_reader(self, node: PlanNode, limit: int) -> AnswerReader:
        response, check = node.config.response, None
        if response is not None or id(node) in self._shared.read_without_type:
            check = partial(self._shared.intake.fit_answer, response or "JSON?")
        typed = response is not None
        return AnswerReader(self._masker, check, typed, self._batched, limit)

    def _limits(self) -> Limits:
        answers = self._answers
        keep = answers.limit if answers.check or answers.batch else KEPT_UNREAD
        return Limits(read=max(answers.limit, keep), keep=keep)

    # The port

    def render(self, scope: Scope) -> Request:
        """Build the request. Raises RenderFailed."""
        url = self._url(scope)
        body = b"" if self._method in BODYLESS else self._body(scope)
        if len(body) > self._longest:
            longest = show_size(self._longest)
            raise RenderFailed(f"the body has {len(body):,} bytes, more than max_body ({longest})")
        if self._encryptor is not None and body:
            body = self._encryptor.body(body)
        headers = self._standing
        if self._headers:
            headers = (*headers, *[header(scope) for header in self._headers])
        return WebhookRequest(
            self._method, url, headers, body, masker=self._masker, members=len(scope.members)
        )

    async def perform(self, request: Request, delivery: Delivery, timeout_ms: int) -> Outcome:
        """Make one attempt within the deadline. Never raises, except for cancellation."""
        started = time.perf_counter()
        members = members_of(request)
        try:
            answer = await self._shared.sender.send(
                self._outgoing(request, delivery), self._profile, timeout_ms
            )
        except SendFailed as failure:
            return self._outcome(members, started, failure)
        return self._outcome(members, started, answer)

    def begin(
        self, request: Request, delivery: Delivery, timeout_ms: int, land: Land
    ) -> Flight | None:
        """Begin an attempt if a connection lies idle. See `fql.actions.port.Begin`."""
        reply = partial(land, self._outcome, members_of(request), time.perf_counter())
        try:
            return self._shared.sender.begin(
                self._outgoing(request, delivery), self._profile, timeout_ms, reply
            )
        except SendFailed:
            return None

    def _outcome(self, members: int, started: float, result: Answer | BaseException) -> Outcome:
        duration = int((time.perf_counter() - started) * 1000)
        if isinstance(result, Answer):
            return self._reader().read(result, self._shared.clock(), duration, members)
        if isinstance(result, SendFailed):
            return self._reader().failed(result, duration)
        raise result

    def _reader(self) -> AnswerReader:
        """The reader of answers; it masks the tokens that were in use lately as well."""
        client = self._profile.auth.oauth
        tokens = () if client is None else self._shared.sender.latest_tokens(client)
        if tokens != self._tokens:
            self._tokens = tokens
            self._answers = replace(self._answers, masker=Masker(tokens, self._masker))
        return self._answers

    def _outgoing(self, request: Request, delivery: Delivery) -> Outgoing:
        url = request.target
        if not isinstance(url, UrlParts):
            raise SendFailed("request", "the request has no url")
        own = request.headers[len(self._standing) :]  # those before are among the fixed ones
        headers = (*own, *attempt_headers(delivery))
        target = self._shared.test_target
        if target is not None:
            headers = (*headers, ("fql-test-target", self._masker.text(str(url))))
            url = target
        fixed = self._fixed_lines(url, delivery.observer, delivery.action)
        return Outgoing(request.method, url, headers, request.body, delivery.key, fixed)

    def _fixed_lines(self, url: UrlParts, observer: str, action: str) -> str:
        """What each request of this action says, made into lines at the first."""
        made_for, by, of, lines = self._fixed
        same = made_for is not None and made_for.host == url.host and made_for.port == url.port
        if not same or by != observer or of != action:
            host = ("Host", url.authority)
            lines = header_lines((host, *self._standing, *sender_headers(observer, action)))
            self._fixed = (url, observer, action, lines)
        return lines


def members_of(request: Request) -> int:
    """How many events a request carries; 0 outside batches."""
    return request.members if isinstance(request, WebhookRequest) else 0
