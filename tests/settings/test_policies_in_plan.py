"""Every policy of `fql.toml` reaches the plan, with its origin."""

from __future__ import annotations

import pytest

from fql.plan.model import Plan, Setting
from fql.plan.origin import FQL_TOML
from fql.plan.stored.codec import read_plan
from fql.settings.reading import policy_settings, read_settings
from fqlc.checks.levels import Given
from fqlc.checks.model import Surroundings
from fqlc.pipeline import check_project, plan_of

SOURCE = b"""
entity Order { id: Int @key  total: Int }
observer o {
  on: Order.insert
  webhook w { url: "https://example.com/x" body: { list: each { id } } }
}
"""


def compiled(toml: str) -> Plan:
    """The plan of the source under these settings."""
    given = {k: Given(v, FQL_TOML) for k, v in policy_settings(read_settings(toml)).items()}
    checked = check_project(("a.fql",), lambda _path: SOURCE, Surroundings(given))
    data = plan_of(checked)
    assert data is not None, checked.diagnostics
    return read_plan(data)


BATCHING = "[webhooks.batching]\n"
SIGNING = '[webhooks.signing]\nsecret = "${KEY}"\n'


@pytest.mark.parametrize(
    ("toml", "key", "value"),
    [
        ('[webhooks]\ntimeout = "9s"', "timeout", 9_000),
        ('[webhooks]\nmax_age = "2h"', "max_age", 7_200_000),
        ('[webhooks]\nmax_body = "2MB"', "max_body", 2_000_000),
        ('[webhooks]\nmax_response = "2MB"', "max_response", 2_000_000),
        ("[webhooks]\nconcurrency = 7", "concurrency", 7),
        ("[webhooks.retry]\nmax_attempts = 4", "retry.max_attempts", 4),
        ('[webhooks.retry]\nbackoff = "linear"', "retry.backoff", "linear"),
        ('[webhooks.retry]\ninitial_delay = "200ms"', "retry.initial_delay", 200),
        ('[webhooks.retry]\nmax_delay = "4s"', "retry.max_delay", 4_000),
        ("[webhooks.retry]\nmultiplier = 3", "retry.multiplier", 3.0),
        ('[webhooks.retry]\njitter = "none"', "retry.jitter", "none"),
        ("[webhooks.retry]\nretry_on = [418]", "retry.retry_on", [418]),
        ("[webhooks.retry]\ndont_retry_on = [501]", "retry.dont_retry_on", [501]),
        ('[webhooks.retry]\nretry_after_max = "2m"', "retry.retry_after_max", 120_000),
        ('[webhooks.retry]\nmax_elapsed = "1h"', "retry.max_elapsed", 3_600_000),
        ("[webhooks.circuit]\nfailures = 3", "circuit.failures", 3),
        ('[webhooks.circuit]\nopen_for = "7s"', "circuit.open_for", 7_000),
        ("[webhooks.circuit]\nprobes = 2", "circuit.probes", 2),
        (SIGNING, "signing.enabled", True),
        (SIGNING, "signing.secret", ["${KEY}"]),
        (SIGNING + 'scheme = "stripe"', "signing.scheme", "stripe"),
        (SIGNING + 'algorithm = "sha256"', "signing.algorithm", "sha256"),
        (SIGNING + 'header = "X-A"', "signing.header", "X-A"),
        (SIGNING + 'timestamp_header = "X-B"', "signing.timestamp_header", "X-B"),
        (BATCHING + "batch_size = 20", "batch.size", 20),
        (BATCHING + 'timeout = "3s"', "batch.timeout", 3_000),
        ("[webhooks.rate_limiting]\nmax_per_second = 5", "rate_limit.max_per_second", 5.0),
        ("[webhooks.rate_limiting]\nburst = 6", "rate_limit.burst", 6),
    ],
)
def test_policy_of_the_file_is_in_the_plan(toml: str, key: str, value: object) -> None:
    batches = "" if BATCHING in toml else "\n" + BATCHING
    plan = compiled(toml + batches)
    policies = dict(plan.observers[0].nodes[0].policies)
    for limit in plan.limits:
        policies |= limit.policies
    assert policies[key] == Setting(value=value, origin="fql.toml")


@pytest.mark.parametrize(
    ("table", "key"),
    [("batching", "batch.size"), ("rate_limiting", "rate_limit.burst")],
)
def test_tables_can_be_switched_off(table: str, key: str) -> None:
    found = policy_settings(read_settings(f"[webhooks.{table}]\nenabled = false"))
    assert key not in found
    assert key in policy_settings(read_settings(f"[webhooks.{table}]"))


def test_secret_of_the_file_is_a_name_that_the_plan_lists() -> None:
    plan = compiled(SIGNING + BATCHING)
    assert [name.name for name in plan.environment] == ["KEY"]
