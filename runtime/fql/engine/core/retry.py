"""What follows from an outcome: done, again at a time, or dead. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from fql.actions.port import FINAL_FAILURES, Outcome
from fql.plan.policies import RetryPolicy, status_text


@dataclass(frozen=True, slots=True)
class Done:
    """The attempt succeeded."""


@dataclass(frozen=True, slots=True)
class Again:
    """Try again at `due`."""

    due: int


@dataclass(frozen=True, slots=True)
class Dead:
    """Give up; `error_class` is that of the dead letter."""

    error_class: str
    reason: str


Decision = Done | Again | Dead
DONE = Done()


def succeeded(outcome: Outcome, policy: RetryPolicy) -> bool:
    """An answer with a status that means success, and nothing wrong with it."""
    return (
        outcome.failure is None
        and outcome.status is not None
        and policy.verdict(outcome.status) == "success"
    )


def decide(
    policy: RetryPolicy, outcome: Outcome, *, failed: int, since: int, now: int, chance: float
) -> Decision:
    """`failed` counts the failed attempts with this one, `since` is when the first began.

    The next delay is the policy's with jitter, and at least Retry-After, which is capped by
    `retry_after_max`. A delay that would pass `max_elapsed` ends the action at once.
    """
    if succeeded(outcome, policy):
        return DONE
    if _is_final(outcome, policy):
        return Dead(_final_class(outcome), describe(outcome))
    if failed >= policy.max_attempts:
        return Dead("exhausted", f"{describe(outcome)} (attempt {failed} of {policy.max_attempts})")
    delay = policy.delay(failed, chance, outcome.retry_after)
    if policy.is_too_late(now + delay - since):
        return Dead("exhausted", f"{describe(outcome)} (the next try would pass max_elapsed)")
    return Again(now + delay)


def _is_final(outcome: Outcome, policy: RetryPolicy) -> bool:
    if outcome.failure is not None:
        return outcome.failure in FINAL_FAILURES
    return outcome.status is not None and policy.verdict(outcome.status) == "fail"


def _final_class(outcome: Outcome) -> str:
    failure = outcome.failure
    return failure if failure in ("evaluation", "internal") else "permanent"


def describe(outcome: Outcome) -> str:
    """A failed outcome in a few words."""
    if outcome.failure is None:
        return "no answer" if outcome.status is None else status_text(outcome.status)
    return f"{outcome.failure}: {outcome.error}" if outcome.error else outcome.failure
