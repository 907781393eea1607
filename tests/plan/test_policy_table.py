"""What a plan may say in its settings is what the table of policies says, to the last digit."""

from __future__ import annotations

from dataclasses import fields
from decimal import Decimal

import pytest

from fql.engine.program.limits import EndpointLimits, endpoint_limits
from fql.plan.policies import RetryPolicy, retry_policy
from fql.plan.policy.keys import Key, Kind
from fql.plan.policy.table import DEFAULTS, POLICIES
from fql.plan.verifying.policies import takes

RANGED = sorted(name for name, key in POLICIES.items() if key.range)
NOBODY: frozenset[str] = frozenset()


def stored(key: Key, number: Decimal) -> int | float:
    """As a plan holds it."""
    return float(number) if key.kind is Kind.NUMBER else int(number)


@pytest.mark.parametrize("name", RANGED)
def test_both_ends_of_a_range_are_in_it_and_the_next_values_are_not(name: str) -> None:
    key = POLICIES[name]
    assert key.least is not None
    assert key.most is not None
    step = Decimal("0.0001") if key.kind is Kind.NUMBER else Decimal(1)
    least, most = Decimal(key.least), Decimal(key.most)
    assert all(takes(key, stored(key, end), NOBODY) for end in (least, most))
    assert not any(takes(key, stored(key, e), NOBODY) for e in (least - step, most + step))


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf"), True, None, "1"])
@pytest.mark.parametrize("name", RANGED)
def test_what_is_not_a_number_is_in_no_range(name: str, value: object) -> None:
    assert not takes(POLICIES[name], value, NOBODY)


@pytest.mark.parametrize("name", sorted(POLICIES))
def test_every_default_is_a_value_of_its_key(name: str) -> None:
    """And one of `fql.toml` as well."""
    key = POLICIES[name]
    for value in (key.built_in, key.built_in_toml):
        assert value is None or takes(key, value, NOBODY), value


def test_a_policy_that_is_switched_on_by_being_given_has_no_default_before() -> None:
    off = {"signing", "encryption", "auth", "batch", "rate_limit"}
    assert {name.partition(".")[0] for name in POLICIES.keys() - DEFAULTS.keys()} == off


def test_the_engine_takes_its_defaults_from_the_table() -> None:
    assert retry_policy({}) == RetryPolicy()
    assert endpoint_limits({}) == EndpointLimits()
    assert {f"retry.{f.name}" for f in fields(RetryPolicy)} == {
        name for name in POLICIES if name.startswith("retry.")
    }
