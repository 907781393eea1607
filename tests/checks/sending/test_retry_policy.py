"""FQL341."""

from __future__ import annotations

import pytest

from tests.checks.harness import expect, shop


def policy(text: str, mark: str) -> str:
    """A program with one policy, used."""
    a = 'retry: p\n webhook a { url: "https://a.example.com", body: { id } }'
    return shop(a) + f"retry p {{ {text} }} {mark}"


@pytest.mark.parametrize(
    ("text", "mark"),
    [
        ("max_attempts: 0", "# error: FQL341 at least 1"),
        ("initial_delay: 10s, max_delay: 5s", "# error: FQL341 below the first delay"),
        ("initial_delay: 10s", "# error: FQL341 the cap `5s` is below"),
        ("retry_on: [418, 500], dont_retry_on: [418]", "# error: FQL341 418"),
        ("retry_on: [200, 500]", "# error: FQL341 success"),
        ("retry_on: [404]", ""),
        ("retry_on: [600]", "# error: FQL206"),
        ("max_delay: 1h", "# warning: FQL341 never reached"),
        ("max_attempts: 20, max_delay: 1m", ""),
        # the cap is reached by the last delay, and by no delay
        ("max_attempts: 2, initial_delay: 5s, max_delay: 5s", ""),
        ("max_attempts: 2, initial_delay: 4s, max_delay: 5s", "# warning: FQL341 the only delay"),
        ("max_attempts: 3, initial_delay: 2s, max_delay: 4s", ""),
        ("max_attempts: 3, initial_delay: 2s, max_delay: 20s", "# warning: FQL341 largest of 2"),
        ("max_attempts: 1, max_delay: 1h", ""),
        ("backoff: quadratic", "# error: FQL206 cannot be"),
        ("max_attempts: 2.5", "# error: FQL206"),
        ("multiplier: 0.5", "# error: FQL341"),
        ("initial_delay: 100", "# error: FQL206"),
    ],
)
def test_policies(text: str, mark: str) -> None:
    expect(policy(text, mark))


def test_the_merged_result_is_judged() -> None:
    expect(
        shop("""
  retry: { max_delay: 2s, max_attempts: 9 } # error: FQL341 below
  webhook a { url: "https://a.example.com", body: { id }, retry: { initial_delay: 3s } }""")
    )


A = 'url: "https://a.example.com", body: { id }'


def test_a_low_cap_is_shown_where_it_became_low() -> None:
    """Not at the policy that serves others well."""
    expect(
        "defaults { retry: { max_delay: 2s } }\n"
        + shop(f"webhook a {{ {A}\n retry: {{ initial_delay: 3s }} }} # error: FQL341 below")
    )


def test_an_inherited_cap_may_be_out_of_reach() -> None:
    """It was not written for this action, and others reach it."""
    expect(
        "retry patient { max_attempts: 9, initial_delay: 1s, max_delay: 1m }\n"
        + shop(f"webhook a {{ {A}, retry: {{ ...patient, max_attempts: 2 }} }}\n"
               f"webhook b {{ {A}, retry: patient }}")
    )  # fmt: skip


def test_a_cap_that_one_of_two_actions_reaches_is_of_use() -> None:
    expect(
        shop(f"""retry: {{ max_delay: 30s, initial_delay: 1s }}
  webhook a {{ {A} }}
  webhook b {{ {A}, retry: {{ max_attempts: 12 }} }}""")
    )
