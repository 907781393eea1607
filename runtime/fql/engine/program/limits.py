"""The limits of an endpoint, read from effective policies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from fql.plan.model import Setting
from fql.plan.policies import number_of, whole_of
from fql.plan.policy.table import DEFAULTS

NEVER = 1 << 62


@dataclass(frozen=True, slots=True)
class EndpointLimits:
    """Effective limits of one endpoint; `per_second` None means no rate limit, `failures` 0 no
    circuit. Times in milliseconds."""

    per_second: float | None = None
    burst: int = 1
    concurrency: int = DEFAULTS["concurrency"]
    failures: int = DEFAULTS["circuit.failures"]
    open_for: int = DEFAULTS["circuit.open_for"]
    probes: int = DEFAULTS["circuit.probes"]


def endpoint_limits(policies: Mapping[str, Setting]) -> EndpointLimits:
    """Read the limits from effective policies."""
    rate = number_of(policies, "rate_limit.max_per_second")
    return EndpointLimits(
        per_second=None if rate is None else float(rate),
        burst=whole_of(policies, "rate_limit.burst") or max(1, int(rate or 1)),
        concurrency=whole_of(policies, "concurrency") or NEVER,
        failures=whole_of(policies, "circuit.failures") or 0,
        open_for=whole_of(policies, "circuit.open_for") or 0,
        probes=whole_of(policies, "circuit.probes") or 1,
    )
