"""A plan at work without a network and without waiting: virtual time, scripted answers.

    result = Harness(plan, answers={"label": [503, {"status": 200, "body": {...}}]})
        .emit("Order.insert", new={...}).run()
    assert result.sent == ("label", "crm")

It drives the engine's real core on a store in memory; only clock, chance and receivers are played.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Self

import orjson

from fql.actions.factory import WebhookActions
from fql.actions.port import Outcome, RenderFailed
from fql.engine.core.inputs import CoreSettings, Inputs, NewEvent, Performed, Step
from fql.engine.core.runs import Run, SealedBatch, Work
from fql.engine.core.state import State
from fql.engine.core.step import step
from fql.engine.loop.senders import work_scope
from fql.engine.process.checks import Origin, check
from fql.engine.program.build import ActionFactory, build_program
from fql.plan.addresses import EgressSettings
from fql.plan.model import Plan
from fql.plan.policies import value_of
from fql.store.memory import MemoryStore
from fql.store.records import LetterRow, RunPatch, RunRow
from fql.store.works import STATE_NAMES, decode_works, run_name
from fql.testing.clock import VirtualClock

Answer = int | Mapping[str, Any] | Outcome
"""A status; or `status`, `body`, `retry_after` (milliseconds), `failure`; or a whole outcome."""

LIMIT = 100_000
"""Most steps of one `run`: a plan that never ends is a fault, not a wait."""


@dataclass(frozen=True, slots=True)
class Sent:
    """One attempt. `request` is what a dead letter would show; `at` is virtual time in ms."""

    observer: str
    action: str
    run: str
    key: str
    attempt: int
    at: int
    request: Mapping[str, Any]
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class HarnessResult:
    """What happened since the last `run`. `sent`, `skipped` and `dead` name actions, each once, in
    the order in which they first were; `attempts` holds every try."""

    attempts: tuple[Sent, ...]
    skipped: tuple[str, ...]
    dead: tuple[str, ...]
    letters: tuple[LetterRow, ...]
    matched: tuple[str, ...]
    states: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    @property
    def sent(self) -> tuple[str, ...]:
        """The actions that were tried."""
        return tuple(dict.fromkeys(attempt.action for attempt in self.attempts))

    def requests(self, action: str) -> tuple[Mapping[str, Any], ...]:
        """The requests of one action, in order."""
        return tuple(one.request for one in self.attempts if one.action == action)


class Harness:
    """Plays events through a plan. `answers` gives, for each action, its answers in order; the last
    one is repeated, and without any the answer is 200 with an empty body. `environment` gives
    values to `${NAME}`; a name without one gets a stand-in."""

    def __init__(
        self,
        plan: Plan,
        *,
        environment: Mapping[str, str] | None = None,
        answers: Mapping[str, Answer | Sequence[Answer]] | None = None,
        actions: ActionFactory | None = None,
        chance: Callable[[], float] = lambda: 0.999,
        clock: VirtualClock | None = None,
    ) -> None:
        names = stand_ins(plan)
        factory = actions or WebhookActions(
            EgressSettings(("0.0.0.0/0", "::/0"), tuple(range(1, 1024)))
        )
        self.clock = clock or VirtualClock()
        self._program = build_program(plan, {**names, **(environment or {})}, factory)
        self._answers = {name: _listed(given) for name, given in (answers or {}).items()}
        self._state = State(self._program, CoreSettings(), chance, 1, self.clock.now())
        self._inputs = Inputs()
        self._store = MemoryStore()
        self._events = 0
        self._clear()

    def _clear(self) -> None:
        self._attempts: list[Sent] = []
        self._letters: list[LetterRow] = []
        self._rows: dict[int, tuple[str, str]] = {}
        self._flying: list[Work] = []

    def emit(self, event: str, **envelope: Any) -> Self:
        """Hand an event in, such as `emit("Order.update", old={...}, new={...})`. Raises
        EventRefused when it does not fit."""
        entity, _, kind = event.partition(".")
        given = {name: value for name, value in envelope.items() if value is not None}
        self._events += 1
        origin = Origin("harness", "harness", str(self._events))
        whole = {"entity": entity, "event": kind, "id": f"evt-{self._events}", **given}
        new = check(self._program, whole, origin, self.clock)
        new.dedup = None
        self._inputs.events.append(new)
        return self

    def run(self, until: int | None = None) -> HarnessResult:
        """Play until nothing is left to do, or until a virtual time; says what happened."""
        self._clear()
        events = list(self._inputs.events)
        for _ in range(LIMIT):
            inputs, self._inputs = self._inputs, Inputs()
            if not self._play(step(self._state, inputs, self.clock.now()), until):
                return self._result(events)
        raise RuntimeError(f"the plan is still at work after {LIMIT} steps")

    def _play(self, result: Step, until: int | None) -> bool:
        """One commit; False when nothing is left to do."""
        self._note(result)
        self._store.apply(result.mutations)
        self._inputs.pages.extend(self._store.read(page) for page in result.wants)
        for work in result.sends:
            self._inputs.outcomes.append(self._attempt(work))
        if self._inputs:
            return True
        if result.wake is None or (until is not None and result.wake > until):
            if until is not None:
                self.clock.move_to(until)
            return False
        self.clock.move_to(result.wake)
        return True

    def _note(self, result: Step) -> None:
        rows: Sequence[RunRow | RunPatch] = [*result.mutations.runs, *result.mutations.patches]
        for row in rows:
            observer = row.observer if isinstance(row, RunRow) else self._rows[row.id][0]
            self._rows[row.id] = (observer, row.works)
        self._letters += result.dead

    def _attempt(self, work: Work) -> Performed:
        now = self.clock.now()
        try:
            request = work.spec.action.render(work_scope(work))
            shown: Mapping[str, Any] = request.shown
            outcome = self._answer(work)
        except RenderFailed as problem:
            shown, outcome = {}, Outcome(failure="evaluation", error=str(problem))
        owner = work.owner
        run = run_name(owner.id)
        key = work.delivery()
        if not isinstance(owner, Run | SealedBatch):
            raise TypeError(owner)
        self._attempts.append(
            Sent(work.spec.observer, work.spec.name, run, key, work.sends, now, shown, outcome)
        )
        stored = orjson.dumps(dict(shown), default=str).decode()
        return Performed(work, outcome, work.sends, now, stored)

    def _answer(self, work: Work) -> Outcome:
        answers = self._answers.get(work.spec.name, [])
        given: Answer = 200 if not answers else answers.pop(0) if len(answers) > 1 else answers[0]
        if isinstance(given, Outcome):
            return given
        if isinstance(given, int):
            given = {"status": given}
        return _outcome(work, given)

    def _result(self, events: Sequence[NewEvent]) -> HarnessResult:
        states: dict[str, dict[str, str]] = {}
        for number, (observer, works) in self._rows.items():
            names = [node.name for node in self._program.observers[observer].nodes]
            states[run_name(number)] = {
                name: STATE_NAMES[node.state]
                for name, node in zip(names, decode_works(works), strict=True)
            }
        matched = dict.fromkeys(
            name for event in events for name in self._program.matching(event.event)
        )
        return HarnessResult(
            attempts=tuple(self._attempts),
            skipped=_named(states, "skipped"),
            dead=tuple(dict.fromkeys(letter.action for letter in self._letters)),
            letters=tuple(self._letters),
            matched=tuple(matched),
            states=states,
        )


def stand_ins(plan: Plan) -> dict[str, str]:
    """A value for each `${NAME}` of a plan: an origin where a url begins with it."""
    leading = set(_leading_names(plan))
    return {
        wanted.name: _origin(wanted.name) if wanted.name in leading else stand_in(wanted.name)
        for wanted in plan.environment
    }


def _leading_names(plan: Plan) -> Iterator[str]:
    urls: list[object] = [endpoint.url for endpoint in plan.endpoints]
    for node in (node for observer in plan.observers for node in observer.nodes):
        urls += [node.config.url, value_of(node.policies, "auth.token_url")]
    urls += [value_of(endpoint.policies, "auth.token_url") for endpoint in plan.endpoints]
    for url in urls:
        parts = url.get("parts") if isinstance(url, Mapping) else None
        first = parts[0] if isinstance(parts, list | tuple) and parts else None
        if isinstance(first, Mapping) and isinstance(first.get("environment"), str):
            yield first["environment"]


def _origin(name: str) -> str:
    return f"https://{name.lower().replace('_', '-')}.test"


def stand_in(name: str) -> str:
    """A value for a `${NAME}` that a test does not give: fit for an origin, a key or a token."""
    if "SECRET" in name or "KEY" in name:
        return "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="
    if any(part in name for part in ("URL", "HOST", "RECEIVER", "ENDPOINT", "ORIGIN")):
        return _origin(name)
    return f"test-{name.lower()}"


def _listed(given: Answer | Sequence[Answer]) -> list[Answer]:
    return list(given) if isinstance(given, list | tuple) else [given]  # type: ignore[list-item]


def _named(states: Mapping[str, Mapping[str, str]], wanted: str) -> tuple[str, ...]:
    return tuple(
        dict.fromkeys(
            name for nodes in states.values() for name, state in nodes.items() if state == wanted
        )
    )


def _outcome(work: Work, given: Mapping[str, Any]) -> Outcome:
    """An answer as written in a test; a body that does not fit `response` fails as it would."""
    if "failure" in given:
        return Outcome(failure=given["failure"], error=str(given.get("error", "")))
    status = int(given.get("status", 200))
    answer, failure, error = None, None, ""
    restore = work.spec.restore_answer
    if restore is not None and 200 <= status <= 299:
        try:
            answer = restore(given.get("body", {}))
        except ValueError as problem:
            failure, error = "response", str(problem)
    start = orjson.dumps(given["body"], default=str).decode() if "body" in given else ""
    return Outcome(
        status=status, failure=failure, error=error, response_start=start, answer=answer,  # type: ignore[arg-type]
        retry_after=given.get("retry_after"),
    )  # fmt: skip


def moment(at: int) -> str:
    """Virtual time for people."""
    return datetime.fromtimestamp(at / 1000, UTC).isoformat(timespec="milliseconds")
