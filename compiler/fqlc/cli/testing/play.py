"""One test played through the engine's real core, on virtual time and without a network."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import cast

from fql.egress.retry_after import retry_after_ms
from fql.errors import FqlError
from fql.events.intake import Intake
from fql.exact.kinds import as_object
from fql.exact.numbers import JsonNumber
from fql.expressions.scope import FailureInfo, Scope
from fql.plan.model import Observer, Plan
from fql.testing.answers import Scripted
from fql.testing.clock import VirtualClock
from fql.testing.harness import Harness, HarnessResult, Sent
from fqlc.checks.reading.declared.model import TestModel

State = str
"""`done`, `dead`, `skipped` (its own condition was false), `passed` (no edge led to it), or
`waiting` (after a dead action)."""


@dataclass(frozen=True, slots=True)
class Played:
    """What happened. `scope` is what conditions saw at the end; `refused` says why the event does
    not fit, and then nothing happened; `unused` counts answers that no attempt came to."""

    test: TestModel
    observer: Observer
    matched: bool
    states: Mapping[str, State]
    attempts: tuple[Sent, ...]
    scope: Scope | None
    refused: str = ""
    unused: Mapping[str, int] = field(default_factory=dict)

    @property
    def sent(self) -> tuple[str, ...]:
        """The actions that were tried, in order."""
        return tuple(dict.fromkeys(one.action for one in self.attempts))

    def in_state(self, state: State) -> tuple[str, ...]:
        """The actions that ended so, in the order written."""
        return tuple(n.name for n in self.observer.nodes if self.states.get(n.name) == state)

    def tries(self, action: str) -> tuple[Sent, ...]:
        """The attempts of one action."""
        return tuple(one for one in self.attempts if one.action == action)


def play(plan: Plan, test: TestModel) -> Played:
    """Play a test. Only its own observer counts: others may see the event too."""
    observer = next(o for o in plan.observers if o.name == test.observer)
    alone = plan.model_copy(update={"observers": (observer,)})
    clock = VirtualClock()
    answers = {
        node.name: [_scripted(a, clock.now()) for a in test.respond[node.name]]
        for node in observer.nodes
        if test.respond.get(node.name)
    }
    harness = Harness(alone, answers=answers, clock=clock)
    rows = {name: row for name, row in (("old", test.old), ("new", test.new)) if row is not None}
    try:
        scope = _scope(alone, test, rows, clock.now())
        result = harness.emit(f"{test.entity}.{test.event}", new=test.new, old=test.old).run()
    except FqlError as error:
        return Played(
            test=test,
            observer=observer,
            matched=False,
            states={},
            attempts=(),
            scope=None,
            refused=error.message,
        )
    _remember(scope, result)
    passed = next(iter(result.passed.values()), frozenset())
    states = _states(next(iter(result.states.values()), {}), passed)
    return Played(
        test, observer, bool(result.matched), states, result.attempts, scope, unused=result.unused
    )


def _scripted(given: Mapping[str, object], now: int) -> Scripted:
    """An answer as the harness takes it; `Retry-After` is read as on the wire."""
    answer = {key: plain_json(value) for key, value in given.items()}
    headers = {
        str(k).lower(): str(v) for k, v in as_object(answer.pop("headers", None) or {}).items()
    }
    after = retry_after_ms(headers.get("retry-after"), now / 1000)
    return cast("Scripted", answer if after is None else {**answer, "retry_after": after})


def plain_json(value: object) -> object:
    """Numbers as they would come in JSON: exact, and read by the type of the field."""
    if isinstance(value, Decimal):
        return JsonNumber(value)
    if isinstance(value, dict):
        return {key: plain_json(item) for key, item in value.items()}
    return [plain_json(item) for item in value] if isinstance(value, list) else value


def _scope(plan: Plan, test: TestModel, rows: Mapping[str, object], now: int) -> Scope:
    """What conditions see of the event."""
    envelope = {"entity": test.entity, "event": test.event, "id": "evt-1", **rows}
    event = Intake(plan).check(
        envelope, source="test", position="1", new_id=lambda: "evt-1",
        now=datetime.fromtimestamp(now / 1000, UTC),
    )  # fmt: skip
    return Scope.of(event, test.observer, "test")


def _remember(scope: Scope, result: HarnessResult) -> None:
    """Add what actions gave."""
    for one in result.attempts:
        if one.outcome.answer is not None:
            scope.responses[one.action] = one.outcome.answer
    for letter in result.letters:
        tries: Sequence[Sent] = [a for a in result.attempts if a.action == letter.action]
        status = tries[-1].outcome.status if tries else None
        failure = FailureInfo(letter.reason, status, letter.error_class, len(tries))
        scope.failures[letter.action] = failure


# Which way the run took ---------------------------------------------------------


def _states(engine: Mapping[str, str], passed: frozenset[str]) -> dict[str, State]:
    """The engine's states, with those that no edge led to told apart from those skipped."""
    found = {name: state if state in _KNOWN else "waiting" for name, state in engine.items()}
    return found | dict.fromkeys(passed, "passed")


_KNOWN = ("done", "dead", "skipped")


def _walked(
    observer: Observer, states: Mapping[str, State], name: str
) -> Iterable[tuple[str | None, str]]:
    for edge in observer.edges:
        if edge.to != name:
            continue
        ends = ("dead",) if edge.kind == "failure" else ("done", "skipped")
        if edge.source is None or states.get(edge.source) in ends:
            yield edge.source, edge.to


def walked_edges(played: Played) -> frozenset[tuple[str | None, str]]:
    """The edges over which the run went: settled at their source, and decided at their target."""
    decided = [n for n, state in played.states.items() if state in _KNOWN]
    return frozenset(
        edge for name in decided for edge in _walked(played.observer, played.states, name)
    )
