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
from heapq import heappop, heappush
from typing import Any, Self

from fql.actions.calls.call import CallActions
from fql.actions.kinds import ActionsByKind
from fql.actions.port import Outcome, RenderFailed
from fql.actions.publish import PublishActions
from fql.actions.requests.factory import WebhookActions
from fql.engine.core.held.inputs import CoreSettings, Inputs, NewEvent, Performed, Step
from fql.engine.core.held.runs import Work
from fql.engine.core.held.state import State
from fql.engine.core.step import step
from fql.engine.loop.senders import work_scope
from fql.engine.process.arrivals.checks import Origin, check
from fql.engine.program.build import build_program
from fql.engine.program.model import Program
from fql.engine.program.specs import ActionFactory
from fql.exact.writing import json_text
from fql.plan.environment import names_in, references_in
from fql.plan.model import Plan
from fql.plan.policies import value_of
from fql.plan.web.addresses import EgressSettings
from fql.store.memory import MemoryStore
from fql.store.records import LetterRow, RunPatch, RunRow
from fql.store.works import PASSED, STATE_NAMES, decode_works, run_name
from fql.testing.answers import Answer, scripts
from fql.testing.clock import VirtualClock

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
    the order in which they first were; `attempts` holds every try. `states` has the nodes of each
    run that something happened to; `passed` names those of its skipped nodes that no edge led
    to; `unused` counts scripted answers that no attempt came to."""

    attempts: tuple[Sent, ...]
    skipped: tuple[str, ...]
    dead: tuple[str, ...]
    letters: tuple[LetterRow, ...]
    matched: tuple[str, ...]
    states: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    passed: Mapping[str, frozenset[str]] = field(default_factory=dict)
    unused: Mapping[str, int] = field(default_factory=dict)

    @property
    def sent(self) -> tuple[str, ...]:
        """The actions that were tried."""
        return tuple(dict.fromkeys(attempt.action for attempt in self.attempts))

    def requests(self, action: str) -> tuple[Mapping[str, Any], ...]:
        """The requests of one action, in order."""
        return tuple(one.request for one in self.attempts if one.action == action)


class Harness:
    """Plays events through a plan. `answers` gives, for each action, its answers in order; the last
    one is repeated, and without any the answer is 200 with an empty body. An answer takes no time
    unless it has a `delay` (milliseconds); a timeout takes as long as the action's `timeout`.
    `environment` gives values to `${NAME}`; a name without one gets a placeholder. `actions` make
    what is sent, by default webhooks; `chance` gives numbers in [0, 1) for jitter; `clock` is
    virtual time. Raises UsageError for answers that cannot be played."""

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
        self.clock = clock or VirtualClock()
        self._program = played_program(plan, environment, actions)
        names_of = [node.name for observer in plan.observers for node in observer.nodes]
        self._scripts = scripts(answers or {}, names_of)
        self._state = State(self._program, CoreSettings(), chance, 1, self.clock.now())
        self._inputs = Inputs()
        self._store = MemoryStore()
        self._events = 0
        self._sent = 0
        self._rows: dict[int, tuple[str, str]] = {}
        self._flying: list[tuple[int, int, Performed]] = []
        self._clear()

    def _clear(self) -> None:
        """A further `run` tells of what happens in it alone; runs and requests under way go on."""
        self._attempts: list[Sent] = []
        self._letters: list[LetterRow] = []
        self._touched: set[int] = set()

    def emit(
        self,
        event: str,
        *,
        new: Mapping[str, Any] | None = None,
        old: Mapping[str, Any] | None = None,
        id: str | None = None,  # noqa: A002 - the envelope's own name
        key: str | None = None,
        timestamp: str | None = None,
        context: Mapping[str, str] | None = None,
    ) -> Self:
        """Hand an event in, such as `emit("Order.update", old={...}, new={...})`. `id`, `key`,
        `timestamp` (RFC 3339) and `context` are those of the envelope. Raises EventRefused when it
        does not fit."""
        entity, _, kind = event.partition(".")
        self._events += 1
        envelope = {
            "entity": entity, "event": kind, "id": id or f"evt-{self._events}", "new": new,
            "old": old, "key": key, "timestamp": timestamp, "context": context,
        }  # fmt: skip
        whole = {name: value for name, value in envelope.items() if value is not None}
        origin = Origin("harness", "harness", str(self._events))
        checked = check(self._program, whole, origin, self.clock)
        checked.dedup = None
        self._inputs.events.append(checked)
        return self

    def run(self, until: int | None = None) -> HarnessResult:
        """Play until nothing is left to do, or until a virtual time (milliseconds since 1970).
        Returns what happened since the last `run`; the next one continues from here."""
        self._clear()
        events = list(self._inputs.events)
        for _ in range(LIMIT):
            inputs, self._inputs = self._inputs, Inputs()
            if not self._play(step(self._state, inputs, self.clock.now()), until):
                return self._result(events)
        raise RuntimeError(f"the plan is still at work after {LIMIT} steps")

    def _play(self, result: Step, until: int | None) -> bool:
        """One commit; False when nothing is left to do by then."""
        self._note(result)
        self._store.apply(result.mutations)
        self._inputs.pages.extend(self._store.read(page) for page in result.wants)
        for work in result.sends:
            self._attempt(work)
        self._land()
        if self._inputs:
            return True
        ahead = [at for at in (result.wake, self._next_landing()) if at is not None]
        if not ahead or (until is not None and min(ahead) > until):
            if until is not None:
                self.clock.move_to(until)
            return False
        self.clock.move_to(min(ahead))
        self._land()
        return True

    def _next_landing(self) -> int | None:
        return self._flying[0][0] if self._flying else None

    def _land(self) -> None:
        """Hand in the outcomes of attempts that have ended by now."""
        while self._flying and self._flying[0][0] <= self.clock.now():
            self._inputs.outcomes.append(heappop(self._flying)[2])

    def _note(self, result: Step) -> None:
        rows: Sequence[RunRow | RunPatch] = [*result.mutations.runs, *result.mutations.patches]
        for row in rows:
            observer = row.observer if isinstance(row, RunRow) else self._rows[row.id][0]
            self._rows[row.id] = (observer, row.works)
            self._touched.add(row.id)
        self._letters += result.dead

    def _attempt(self, work: Work) -> None:
        now = self.clock.now()
        try:
            shown: Mapping[str, Any] = work.spec.action.render(work_scope(work)).shown
            outcome = self._scripts.answer(work)
        except RenderFailed as problem:
            shown, outcome = {}, Outcome(failure="evaluation", error=str(problem))
        self._attempts.append(
            Sent(
                observer=work.spec.observer,
                action=work.spec.name,
                run=run_name(work.owner.id),
                key=work.delivery(),
                attempt=work.sends,
                at=now,
                request=shown,
                outcome=outcome,
            )
        )
        stored = json_text(dict(shown))
        self._sent += 1
        landing = (now + outcome.duration_ms, self._sent)
        heappush(self._flying, (*landing, Performed(work, outcome, work.sends, now, stored)))

    def _result(self, events: Sequence[NewEvent]) -> HarnessResult:
        found = {run_name(number): self._nodes(number) for number in sorted(self._touched)}
        states = {
            run: {name: STATE_NAMES[state] for name, state in nodes.items()}
            for run, nodes in found.items()
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
            passed={
                run: frozenset(name for name, state in nodes.items() if state == PASSED)
                for run, nodes in found.items()
            },
            unused=self._scripts.unused(),
        )

    def _nodes(self, number: int) -> dict[str, str]:
        """The state of each node of a run, as the engine has it."""
        observer, works = self._rows[number]
        names = [node.name for node in self._program.observers[observer].nodes]
        states = [node.state for node in decode_works(works)]
        return dict(zip(names, states, strict=True))


def played_program(
    plan: Plan,
    environment: Mapping[str, str] | None = None,
    actions: ActionFactory | None = None,
) -> Program:
    """A plan made ready to be played: every address is allowed, as nothing is ever dialled, and
    each `${NAME}` that `environment` does not give has a stand-in."""
    anywhere = EgressSettings(("0.0.0.0/0", "::/0"), tuple(range(1, 1024)))
    names = {**stand_ins(plan), **(environment or {})}
    return build_program(plan, names, actions or rendered_only(anywhere))


def rendered_only(egress: EgressSettings) -> ActionFactory:
    """Actions of each kind that render what they would send, and send nothing."""
    return ActionsByKind({
        "webhook": WebhookActions(egress, sends=False),
        "publish": PublishActions(None),
        "call": CallActions(None),
    })  # fmt: skip


def stand_ins(plan: Plan) -> dict[str, str]:
    """A value for each `${NAME}` of a plan: an origin where a url begins with it, a key where it
    signs or encrypts."""
    found = {wanted.name: stand_in(wanted.name) for wanted in plan.environment}
    found |= {name: _origin(name) for name in _leading_names(plan)}
    return found | dict.fromkeys(_names_of_keys(plan), _A_KEY)


def _names_of_keys(plan: Plan) -> Iterator[str]:
    of_nodes = (node.policies for observer in plan.observers for node in observer.nodes)
    for policies in (*of_nodes, *(endpoint.policies for endpoint in plan.endpoints)):
        for key in ("signing.secret", "encryption.key"):
            value = value_of(policies, key)
            yield from (*names_in(value), *references_in(value))


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


_A_KEY = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="
"""32 bytes."""


def stand_in(name: str) -> str:
    """A value for a `${NAME}` that a test does not give: fit for an origin, a key or a token."""
    if "SECRET" in name or "KEY" in name:
        return _A_KEY
    if any(part in name for part in ("URL", "HOST", "RECEIVER", "ENDPOINT", "ORIGIN")):
        return _origin(name)
    return f"test-{name.lower()}"


def _named(states: Mapping[str, Mapping[str, str]], wanted: str) -> tuple[str, ...]:
    return tuple(
        dict.fromkeys(
            name for nodes in states.values() for name, state in nodes.items() if state == wanted
        )
    )


def moment(at: int) -> str:
    """Virtual time for people."""
    return datetime.fromtimestamp(at / 1000, UTC).isoformat(timespec="milliseconds")
