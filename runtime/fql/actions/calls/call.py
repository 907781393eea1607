"""The `call` action: a function of the application, called with what the plan gives it."""

from __future__ import annotations

import asyncio
import copy
import inspect
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

from fql.actions.calls.functions import DELIVERY, Callee, Functions
from fql.actions.calls.kind import ActionKind, KindNode
from fql.actions.calls.raised import Permanent, Retry
from fql.actions.calls.threads import NoThread, Ran, Threads
from fql.actions.masking import Recording, known_values
from fql.actions.port import FAILURES, SUCCESS, Delivery, Outcome, RenderFailed, Request
from fql.actions.reads import read_without_type
from fql.egress.sealing.secrets import Masker
from fql.events.intake import Intake
from fql.exact.reading import read_json
from fql.exact.writing import write_json
from fql.expressions.compile import Late, compile_value
from fql.expressions.scope import Scope
from fql.observe.logs import logger
from fql.plan.kinds import arguments_of, function_of
from fql.plan.language.units import show_size
from fql.plan.model import Endpoint, Plan, PlanNode
from fql.plan.policies import whole_of

MAX_REASON = 500
"""Characters of what a function raised that are kept."""


class CallRequest(Request):
    """A call that is ready. `target` is the name of the function, `body` is empty: the arguments
    are values. `shown` is made when somebody looks."""

    __slots__ = ("_masker", "arguments")
    _masker: Masker
    arguments: Mapping[str, object]

    def __init__(self, function: str, arguments: Mapping[str, object], masker: Masker) -> None:
        put = object.__setattr__  # frozen, as its base is
        put(self, "method", "call")
        put(self, "target", function)
        put(self, "headers", ())
        put(self, "body", b"")
        put(self, "arguments", arguments)
        put(self, "_masker", masker)

    @property
    def shown(self) -> dict[str, object]:
        """The call with secrets masked: kind, function, arguments as JSON."""
        arguments = self._masker.value(read_json(write_json(self.arguments)))
        return {"kind": "call", "function": self.target, "arguments": arguments}


class CallActions:
    """Makes the calls of plans. Without `functions` they are only rendered, as in tests."""

    def __init__(self, functions: Functions | None) -> None:
        self._functions = functions
        self._threads: Threads | None = None
        self._shared: tuple[Plan, Mapping[str, str], _Shared] | None = None

    def __call__(
        self, plan: Plan, node: PlanNode, endpoint: Endpoint | None,
        environment: Mapping[str, str],
    ) -> CallAction:  # fmt: skip
        """The action of a node. Raises SettingsError, once for a plan, with all functions that it
        lacks."""
        del endpoint
        found = self._shared
        if found is None or found[0] is not plan or found[1] is not environment:
            if self._functions is not None:
                self._functions.require(plan)
            shared = _Shared(Intake(plan), known_values(plan, environment),
                             frozenset(read_without_type(plan)))  # fmt: skip
            found = self._shared = (plan, environment, shared)
        callee = None if self._functions is None else self._functions.callee(node)
        if isinstance(callee, ActionKind):
            return KindAction(node, callee, environment, found[2])
        return CallAction(node, callee, self._threads_of_loop, found[2])

    def _threads_of_loop(self) -> Threads:
        if self._threads is None:
            self._threads = Threads(_say_late)
        return self._threads


def _say_late(name: str, seconds: float) -> None:
    logger.warning(
        "the function %s returned after %.1f s, past its timeout: what it returned is ignored",
        name, seconds,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Shared:
    """What the calls of one plan share."""

    intake: Intake
    masker: Masker
    read_without_type: frozenset[int]


class CallAction:
    """One call of one plan."""

    def __init__(
        self, node: PlanNode, callee: Callee | None, threads: Callable[[], Threads],
        shared: _Shared,
    ) -> None:  # fmt: skip
        self._name = function_of(node.config)
        self._callee = callee
        self._threads = threads
        self._masker = shared.masker
        stored = arguments_of(node.config)
        self._arguments = None if stored is None else Late(stored, compile_value)
        self._longest = whole_of(node.policies, "max_response") or 0
        response, self._check = node.config.response, None
        if response is not None or id(node) in shared.read_without_type:
            self._check = partial(shared.intake.fit_answer, response or "JSON?")

    def render(self, scope: Scope) -> Request:
        """The arguments for a scope. Raises RenderFailed."""
        values = {} if self._arguments is None else self._arguments(scope)
        if not isinstance(values, dict):
            raise RenderFailed("the arguments are not an object")
        return CallRequest(self._name, values, self._masker)

    async def perform(self, request: Request, delivery: Delivery, timeout_ms: int) -> Outcome:
        """Call the function within the deadline. Never raises, except for cancellation."""
        started = time.perf_counter()
        outcome = await self._outcome(request, delivery, timeout_ms)
        return outcome._replace(duration_ms=int((time.perf_counter() - started) * 1000))

    async def _outcome(self, request: Request, delivery: Delivery, timeout_ms: int) -> Outcome:
        if self._callee is None or not isinstance(request, CallRequest):
            return Outcome(failure="internal", error="there is no function to call")
        deadline = asyncio.get_running_loop().time() + timeout_ms / 1000
        # What the function does to its arguments must not reach the stored event.
        values = copy.deepcopy(dict(request.arguments))
        if self._callee.wants_delivery:
            values[DELIVERY] = delivery
        try:
            ran = await self._run(partial(self._callee.function, **values), deadline)
        except TimeoutError:
            return Outcome(failure="timeout", error=f"{self._name} did not return in time")
        except NoThread:
            error = "all threads for calls are busy, perhaps with functions past their timeout"
            return Outcome(failure="shortage", error=error)
        return self._read(ran.value) if ran.raised is None else self._failed(ran.raised)

    async def _run(self, function: Callable[[], object], deadline: float) -> Ran:
        assert self._callee is not None  # noqa: S101 - it was looked at
        if inspect.iscoroutinefunction(self._callee.function):
            return await _awaited(function, deadline)
        ran = await self._threads().run(self._name, function, deadline)
        if inspect.isawaitable(ran.value):  # of a function that is not declared so
            return await _awaited(lambda: ran.value, deadline)
        return ran

    def _failed(self, raised: BaseException) -> Outcome:
        if isinstance(raised, Permanent):
            return Outcome(failure="permanent", error=self._said(str(raised)))
        if isinstance(raised, Retry):
            after = None if raised.after is None else int(raised.after * 1000)
            return Outcome(failure="retry", error=self._said(str(raised)), retry_after=after)
        text = f"{type(raised).__name__}: {raised}" if str(raised) else type(raised).__name__
        return Outcome(failure="raised", error=self._said(text))

    def _said(self, text: str) -> str:
        return self._masker.text(text.replace("\0", ""))[:MAX_REASON]

    def _read(self, value: object) -> Outcome:
        """The answer in what the function returned, if anybody reads it."""
        if self._check is None:
            return Outcome(status=SUCCESS)
        try:
            written = write_json(value)
        except (TypeError, ValueError) as problem:
            error = f"what {self._name} returned has no JSON form: {problem}"
            return Outcome(failure="response", error=self._said(error))
        if len(written) > self._longest:
            longest = show_size(self._longest)
            error = f"what {self._name} returned is longer than max_response ({longest})"
            return Outcome(failure="response", error=error)
        try:
            answer = self._check(self._masker.answer(read_json(written)))
        except ValueError as misfit:
            error = f"what {self._name} returned does not fit its type: {misfit}"
            return Outcome(failure="response", error=self._said(error))
        return Outcome(status=SUCCESS, answer=answer)


class KindAction(CallAction):
    """One action of a kind that a package brings."""

    def __init__(
        self, node: PlanNode, kind: ActionKind, environment: Mapping[str, str], shared: _Shared
    ) -> None:
        super().__init__(node, None, _no_threads, shared)
        self._action = node.name
        self._kind = kind
        self._environment = Recording(environment)
        self._known = 0

    async def _outcome(self, request: Request, delivery: Delivery, timeout_ms: int) -> Outcome:
        if not isinstance(request, CallRequest):
            return Outcome(failure="internal", error="there is nothing to send")
        deadline = asyncio.get_running_loop().time() + timeout_ms / 1000
        node = KindNode(self._action, copy.deepcopy(dict(request.arguments)))
        try:
            ran = await _awaited(lambda: self._sent(node, delivery), deadline)
        except TimeoutError:
            return Outcome(failure="timeout", error=f"{self._name} did not end in time")
        finally:
            used = self._environment.used
            if len(used) != self._known:
                self._known = len(used)
                self._masker = Masker(used, self._masker)
        if ran.raised is not None:
            return self._failed(ran.raised)
        return self._judged(ran.value)

    async def _sent(self, node: KindNode, delivery: Delivery) -> Outcome:
        prepared = self._kind.prepare(node, self._environment)
        return await self._kind.send(prepared, delivery)

    def _judged(self, outcome: object) -> Outcome:
        """The outcome of a kind, held to what the engine knows."""
        if not isinstance(outcome, Outcome):
            return Outcome(failure="internal", error=f"{self._name} gave no Outcome")
        if outcome.failure is None and outcome.status in (None, SUCCESS):
            return self._read(outcome.answer)
        failure = outcome.failure if outcome.failure in FAILURES else "raised"
        return outcome._replace(status=None, failure=failure, error=self._said(outcome.error))


def _no_threads() -> Threads:
    raise AssertionError  # a kind is awaited


async def _awaited(function: Callable[[], object], deadline: float) -> Ran:
    """Await what a function gives. One that does not end when it is cancelled is left behind.
    Raises TimeoutError."""
    loop = asyncio.get_running_loop()
    task = loop.create_task(_caught(function))
    try:
        await asyncio.wait({task}, timeout=max(0.0, deadline - loop.time()))
        if task.done():
            return task.result()
        raise TimeoutError
    finally:
        task.cancel()


async def _caught(function: Callable[[], object]) -> Ran:
    try:
        made = function()
        return Ran(await made if inspect.isawaitable(made) else made)
    except (Exception, SystemExit, asyncio.CancelledError) as problem:  # noqa: BLE001 - an outcome
        return Ran(raised=problem)
