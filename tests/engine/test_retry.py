"""What follows from an outcome, as a table."""

from __future__ import annotations

from decimal import localcontext
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

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
    just_begun = decide(
        RetryPolicy(jitter="none", max_elapsed=100), Outcome(status=503),
        failed=1, since=1000, now=1000, chance=0.5,
    )  # fmt: skip
    assert just_begun == Again(1100), "what counts is the time since the first attempt"


def test_jitter_uses_the_chance_given() -> None:
    assert after(Outcome(status=503), policy=RetryPolicy(jitter="full")) == Again(1050)
    assert after(Outcome(status=503), policy=RetryPolicy(jitter="equal")) == Again(1075)


@pytest.mark.parametrize(
    ("multiplier", "delays"),
    [(1.15, (100, 115, 132)), (1.1, (100, 110, 121)), (3.0, (100, 300, 900))],
)
def test_without_jitter_the_schedule_is_exact(multiplier: float, delays: tuple[int, ...]) -> None:
    """100 * 1.15 is 114.99 in binary fractions."""
    policy = RetryPolicy(jitter="none", multiplier=multiplier, max_attempts=4)
    assert policy.base_delays() == delays


@given(
    first=st.integers(0, 604_800_000),
    percent=st.integers(100, 10_000),
    cap=st.integers(0, 2_592_000_000),
    failed=st.integers(1, 20),
)
def test_growth_is_that_of_fractions(first: int, percent: int, cap: int, failed: int) -> None:
    policy = RetryPolicy(initial_delay=first, max_delay=cap, multiplier=percent / 100)
    exact: Fraction = first * Fraction(percent, 100).__pow__(failed - 1)
    with localcontext() as context:
        context.prec = 3  # of the application
        assert policy.base_delay(failed) == min(int(exact), cap)


@pytest.mark.parametrize(("first", "last"), [(0, 0), (1, 5_000)])
def test_a_thousand_attempts_do_not_overflow(first: int, last: int) -> None:
    """Nothing grows to nothing, whatever the factor."""
    policy = RetryPolicy(initial_delay=first, multiplier=100.0, max_attempts=1_000)
    assert policy.base_delays()[-1] == last
