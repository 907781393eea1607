"""The port between engine and actions: a rendered request goes in, an outcome comes out.

An outcome holds facts only. Whether to try again is decided by the engine's core from the outcome
and the retry policy, so that it can be tested without a network.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal, NamedTuple, Protocol, get_args

from fql.expressions.scope import Scope

Failure = Literal[
    "dns", "connect", "tls", "timeout", "reset", "protocol",  # tried again
    "no_stream", "busy",  # of a publish: no stream takes it, or not now; tried again
    "raised", "retry",  # of a call: the function raised something, or `Retry`; tried again
    "shortage",  # nothing was sent, and the receiver is not to blame: it waits
    "certificate", "egress", "request", "response", "evaluation", "internal",  # final
    "too_large", "refused",  # of a publish: the server will never take it; final
    "permanent",  # of a call: the function raised `Permanent`; final
]  # fmt: skip
"""How an attempt failed without a usable HTTP status."""

FAILURES: frozenset[str] = frozenset(get_args(Failure))
"""All of them."""

NOTHING: Mapping[str, str] = MappingProxyType({})
"""The context of an event that brought none."""

UNANSWERED = frozenset({"dns", "connect", "tls", "timeout", "reset", "shortage", "egress"})
"""Failures whose reason is in words of ours, with the host: it quotes nothing that was answered."""
FINAL_FAILURES = frozenset({
    "certificate", "egress", "request", "response", "evaluation", "internal", "too_large",
    "refused", "permanent",
})  # fmt: skip
ANSWERED = frozenset({"no_stream", "busy", "retry", "too_large", "refused", "permanent"})
"""Failures that an endpoint which works has decided on: they close its circuit, as a status below
500 does."""
SUCCESS = 200
"""The status of an attempt that went well, also of a kind that has no statuses: so whatever counts
attempts counts them alike."""


class Delivery(NamedTuple):
    """Who sends, and which try it is. Each attempt has its own.

    - `key`: the stable identity that the receiver sees, the same in every attempt.
    - `observer`, `action`, `run`: by name, as logs and spans show them.
    - `attempt`: which try it is, from 1.
    - `redelivery`: an engine has crashed while an earlier one was under way.
    - `context`, `event_id`: what came with the event; of a batch, with that of its first member.
    - `run_started`: when the run was accepted, in milliseconds since 1970; 0 for a batch.
    - `links`: the `traceparent`s of the other events of a batch.
    """

    key: str
    observer: str
    action: str
    run: str
    attempt: int
    redelivery: bool = False
    context: Mapping[str, str] = NOTHING
    event_id: str = ""
    run_started: int = 0
    links: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Request:
    """A rendered request, secrets included. `shown` is the same with secrets masked, as stored
    in dead letters and shown to people: of a webhook the keys method, url, headers, body; of other
    kinds `kind` and what that sends."""

    method: str
    target: object
    headers: tuple[tuple[str, str], ...]
    body: bytes
    shown: dict[str, object] = field(default_factory=dict)


class Outcome(NamedTuple):
    """The result of one attempt.

    `status` is the HTTP status when an answer came, and 200 for a success of a kind other than
    `webhook`. `failure` is set when there is no usable
    answer. `answer` is the decoded response (only with `response:`); `retry_after` is in
    milliseconds from the receipt of the answer; `failed_members` names (index, reason) of a batch
    that the receiver refused.
    """

    status: int | None = None
    failure: Failure | None = None
    error: str = ""
    duration_ms: int = 0
    response_start: str = ""
    answer: object = None
    retry_after: int | None = None
    failed_members: tuple[tuple[int, str], ...] = ()


class RenderFailed(Exception):
    """A request cannot be built from these values; the action is dead with class `evaluation`."""


class Action(Protocol):
    """One node of one plan, ready to run."""

    def render(self, scope: Scope) -> Request:
        """Build the request, pure. Raises RenderFailed."""
        ...

    async def perform(self, request: Request, delivery: Delivery, timeout_ms: int) -> Outcome:
        """Make one attempt within the deadline. Never raises, except for cancellation."""
        ...


Land = Callable[..., None]
"""Told once that an attempt is over, as `land(read, *told)`: `read(*told)` then gives its outcome.
What that raises is a fault."""


class Flight(Protocol):
    """An attempt that is under way."""

    def abort(self) -> None:
        """End it at once; nobody is told."""
        ...


Begin = Callable[[Request, Delivery, int, Land], Flight | None]
"""An action may have a method `begin` of this type besides: it begins an attempt with its deadline
in milliseconds, and returns. None, and nothing has happened, where that is not possible at once:
then `perform` makes it. No task waits for such an attempt, which saves a tenth of a delivery."""
