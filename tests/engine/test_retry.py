"""What follows from an outcome, as a table."""

from __future__ import annotations

import pytest

from fql.actions.port import Outcome
from fql.engine.core.retry import DONE, Again, Dead, Decision, decide
from fql.plan.policies import RetryPolicy

EXACT = RetryPolicy(jitter="none", max_attempts=3)


def after(outcome: Outcome, *, failed: int = 1, policy: RetryPolicy = EXACT) -> Decision:
    return decide(policy, outcome, failed=failed, since=0, now=1000, chance=0.5)


@pytest.mark.parametrize(
    ("outcome", "expected"),
    [
        (Outcome(status=200), DONE),
        (Outcome(status=204), DONE),
        (Outcome(status=503), Again(1100)),
        (Outcome(status=409), Again(1100)),
        (Outcome(status=599), Again(1100)),
        (Outcome(failure="dns"), Again(1100)),
        (Outcome(failure="timeout"), Again(1100)),
        (Outcome(failure="reset"), Again(1100)),
        (Outcome(status=404), Dead("permanent", "status 404")),
        (Outcome(status=301), Dead("permanent", "status 301: redirects are not followed")),
        (Outcome(status=410), Dead("permanent", "status 410: the endpoint is gone")),
        (Outcome(failure="certificate", error="x"), Dead("permanent", "certificate: x")),
        (Outcome(failure="egress", error="10.0.0.1"), Dead("permanent", "egress: 10.0.0.1")),
        (Outcome(status=200, failure="response", error="no"), Dead("permanent", "response: no")),
        (Outcome(failure="evaluation", error="v"), Dead("evaluation", "evaluation: v")),
    ],
)
def test_first_failure(outcome: Outcome, expected: Decision) -> None:
    assert after(outcome) == expected


def test_the_last_attempt_exhausts() -> None:
    found = after(Outcome(status=503), failed=3)
    assert found == Dead("exhausted", "status 503 (attempt 3 of 3)")


@pytest.mark.parametrize(
    ("retry_after", "due"), [(50, 1100), (700, 1700), (10**9, 1000 + 3_600_000)]
)
def test_retry_after_is_a_lower_bound_up_to_its_cap(retry_after: int, due: int) -> None:
    assert after(Outcome(status=429, retry_after=retry_after)) == Again(due)


def test_a_delay_past_max_elapsed_ends_it_at_once() -> None:
    policy = RetryPolicy(jitter="none", max_elapsed=1_050)
    assert isinstance(after(Outcome(status=503), policy=policy), Dead)
    longer = RetryPolicy(jitter="none", max_elapsed=1_100)
    assert after(Outcome(status=503), policy=longer) == Again(1100)


def test_jitter_uses_the_chance_given() -> None:
    assert after(Outcome(status=503), policy=RetryPolicy(jitter="full")) == Again(1050)
    assert after(Outcome(status=503), policy=RetryPolicy(jitter="equal")) == Again(1075)
