"""Scripted answers of actions: how a test writes them, and what an attempt makes of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypedDict, cast

from fql.actions.port import FAILURES, Failure, Outcome
from fql.errors import UsageError
from fql.exact.reading import read_json
from fql.exact.writing import json_text

if TYPE_CHECKING:
    from fql.engine.core.held.runs import Work


class Scripted(TypedDict, total=False):
    """An answer in words. `delay` is the time in milliseconds after which it comes, `retry_after`
    the receiver's wish in milliseconds; `failure` stands for an attempt without an answer."""

    status: int
    body: object
    retry_after: int
    delay: int
    failure: str
    error: str


Answer = int | Scripted | Outcome
"""A status; an answer in words; or a whole outcome, whose `duration_ms` is the time it takes."""

_KEYS = frozenset(Scripted.__annotations__)


@dataclass(slots=True)
class Script:
    """The answers of one action, one attempt after the other; the last one is repeated."""

    answers: Sequence[Answer]
    taken: int = 0

    def next(self) -> Answer:
        """The answer of the next attempt."""
        answer = self.answers[min(self.taken, len(self.answers) - 1)]
        self.taken += 1
        return answer

    @property
    def unused(self) -> int:
        """How many answers no attempt came to."""
        return max(0, len(self.answers) - self.taken)


@dataclass(slots=True)
class Scripts:
    """The answers of all actions. Without any an action gets 200, an empty body, at once."""

    by_action: dict[str, Script] = field(default_factory=dict)

    def answer(self, work: Work) -> Outcome:
        """What the next attempt of this work comes to, and how long it takes."""
        script = self.by_action.get(work.spec.name)
        return outcome_of(work, script.next() if script else 200)

    def unused(self) -> dict[str, int]:
        """The actions with answers that no attempt came to, and how many."""
        return {name: script.unused for name, script in self.by_action.items() if script.unused}


def scripts(given: Mapping[str, Answer | Sequence[Answer]], actions: Sequence[str]) -> Scripts:
    """The answers for the actions of a plan. Raises UsageError for what can never be played."""
    for name in given:
        if name not in actions:
            raise UsageError(
                f"answers are given for {name!r}, but the plan has no such action",
                hint=f"its actions are {', '.join(sorted(actions)) or 'none'}",
            )
    return Scripts({name: Script(_listed(name, answers)) for name, answers in given.items()})


def _listed(action: str, given: Answer | Sequence[Answer]) -> Sequence[Answer]:
    several = isinstance(given, Sequence) and not isinstance(given, str | Outcome)
    answers = tuple(cast("Sequence[Answer]", given)) if several else (cast("Answer", given),)
    if not answers:
        raise UsageError(f"the answers of {action!r} are an empty list", hint="leave them out")
    for answer in answers:
        _checked(action, answer)
    return answers


def _checked(action: str, answer: object) -> None:
    """Raises UsageError for what is not an answer."""
    where = f"an answer of {action!r}"
    if isinstance(answer, Outcome) or (isinstance(answer, int) and not isinstance(answer, bool)):
        return
    if not isinstance(answer, Mapping):
        raise UsageError(
            f"{where} must be a status, an object or an Outcome, not {answer!r}",
            hint='write it as 503 or {"status": 200, "body": {...}}',
        )
    for key in answer.keys() - _KEYS:
        raise UsageError(f"{where} has no key {key!r}", hint=f"keys are {', '.join(sorted(_KEYS))}")
    if "failure" in answer and answer["failure"] not in FAILURES:
        raise UsageError(
            f"{where} cannot fail by {answer['failure']!r}",
            hint=f"failures are {', '.join(sorted(FAILURES))}",
        )


def outcome_of(work: Work, answer: Answer) -> Outcome:
    """What an attempt makes of an answer: one that comes too late is none, and a body that does
    not fit `response` fails as it would on the wire."""
    if isinstance(answer, Outcome):
        return answer
    given: Scripted = {"status": answer} if isinstance(answer, int) else answer
    delay, timeout = given.get("delay", 0), work.spec.timeout
    if delay >= timeout or given.get("failure") == "timeout":
        error = given.get("error", "no answer in time")
        return Outcome(failure="timeout", error=error, duration_ms=timeout)
    if "failure" in given:
        failure = cast("Failure", given["failure"])
        return Outcome(failure=failure, error=given.get("error", ""), duration_ms=delay)
    return _answered(work, given)


def _answered(work: Work, given: Scripted) -> Outcome:
    status = int(given.get("status", 200))
    text = json_text(given["body"]) if "body" in given else ""
    outcome = Outcome(
        status=status, duration_ms=given.get("delay", 0), retry_after=given.get("retry_after"),
        response_start=text,
    )  # fmt: skip
    restore = work.spec.restore_answer
    if not 200 <= status <= 299:
        return outcome
    if restore is None:
        return outcome._replace(answer=read_json(text) if text else None)
    try:
        return outcome._replace(answer=restore(read_json(text or "{}")))
    except ValueError as problem:
        return outcome._replace(failure="response", error=str(problem))
