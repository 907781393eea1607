"""Policies as data and the decisions that follow from them alone: retry or not, and when.

Stored settings (`fql.plan.model.Policies`) are flat; `retry_policy` and its like read them back.
All durations are integer milliseconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:  # the compiler reads these tables without paying for pydantic
    from fql.plan.model import Endpoint, PlanNode, Policies, Setting

DEFAULTS: dict[str, Any] = {
    "retry.max_attempts": 3,
    "retry.backoff": "exponential",
    "retry.initial_delay": 100,
    "retry.max_delay": 5_000,
    "retry.multiplier": 2.5,
    "retry.jitter": "full",
    "retry.retry_on": [408, 429, 500, 502, 503, 504],
    "retry.dont_retry_on": [400, 401, 403, 404, 422],
    "retry.retry_after_max": 3_600_000,
    "retry.max_elapsed": None,
    "timeout": 60_000,
    "max_age": None,
    "max_body": 5_000_000,
    "max_response": 1_000_000,
    "concurrency": 64,
    "circuit.failures": 10,
    "circuit.open_for": 30_000,
    "circuit.probes": 1,
}
"""Built-in defaults of every policy that has one; a missing one means: switched off."""

Verdict = Literal["success", "retry", "fail"]


def status_text(status: int) -> str:
    """An HTTP status that is no success, in a few words for people.

    It says more where the number alone would not tell why no other attempt follows.
    """
    if status == 410:
        return "status 410: the endpoint is gone"
    if 300 <= status <= 399:
        return f"status {status}: redirects are not followed"
    return f"status {status}"


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """When a failed attempt is tried again. Attempts count the first one."""

    max_attempts: int = 3
    backoff: Literal["exponential", "linear", "fixed"] = "exponential"
    initial_delay: int = 100
    max_delay: int = 5_000
    multiplier: float = 2.5
    jitter: Literal["none", "full", "equal"] = "full"
    retry_on: frozenset[int] = frozenset({408, 429, 500, 502, 503, 504})
    dont_retry_on: frozenset[int] = frozenset({400, 401, 403, 404, 422})
    retry_after_max: int = 3_600_000
    max_elapsed: int | None = None

    def verdict(self, status: int) -> Verdict:
        """What an HTTP status means: a total table over 100-599.

        2xx is success; a listed status does as listed; otherwise 5xx, 409 and 425 are tried
        again, every other 4xx, 3xx and 1xx fails at once.
        """
        if 200 <= status <= 299:
            return "success"
        if status in self.dont_retry_on:
            return "fail"
        if status in self.retry_on or status >= 500 or status in (409, 425):
            return "retry"
        return "fail"

    def base_delay(self, failed: int) -> int:
        """Milliseconds to wait after the `failed`-th failed attempt (from 1), before jitter."""
        if self.backoff == "fixed":
            delay: float = self.initial_delay
        elif self.backoff == "linear":
            delay = failed * self.initial_delay
        else:
            delay = self._exponential(failed)
        return int(min(delay, self.max_delay))

    def _exponential(self, failed: int) -> float:
        try:
            return float(self.initial_delay * self.multiplier ** (failed - 1))
        except OverflowError:
            return float(self.max_delay)

    def delay(self, failed: int, chance: float) -> int:
        """The delay with jitter; `chance` is a number in [0, 1) that the caller draws.

        `full` spreads over 0..base, `equal` over base/2..base (names after the AWS architecture
        blog, "Exponential Backoff And Jitter", 2015).
        """
        base = self.base_delay(failed)
        if self.jitter == "none":
            return base
        if self.jitter == "equal":
            return int(base / 2 + base / 2 * chance)
        return int(base * chance)

    def schedule(self) -> tuple[int, ...]:
        """The longest delays between the attempts, in milliseconds."""
        return tuple(self.base_delay(n) for n in range(1, self.max_attempts))


def effective(node: PlanNode, endpoint: Endpoint | None) -> Policies:
    """The policies that an action goes by: the one place that decides it, for every key alike.

    `node` is the action in the plan that its run started with, `endpoint` the one it names, as it
    is now. What is nearer than an endpoint (action, observer) stays;
    everything else is as the endpoint has it now, with its project's defaults. Batches are no
    matter of an endpoint. An `auth` that is nearer replaces the endpoint's as a whole.
    """
    if endpoint is None:
        return node.policies
    near = {
        key: setting
        for key, setting in node.policies.items()
        if setting.origin.nearer_than_endpoint or key.startswith("batch.")
    }
    hidden = ("auth.", "batch.") if "auth.type" in near else ("batch.",)
    return {k: s for k, s in endpoint.policies.items() if not k.startswith(hidden)} | near


def value_of(policies: Mapping[str, Setting], key: str) -> Any:
    """The effective value of a policy, with the built-in default; None when switched off."""
    setting = policies.get(key)
    return DEFAULTS.get(key) if setting is None else setting.value


def retry_policy(policies: Mapping[str, Setting]) -> RetryPolicy:
    """The retry policy of effective settings."""

    def get(key: str) -> Any:
        return value_of(policies, f"retry.{key}")

    return RetryPolicy(
        max_attempts=get("max_attempts"),
        backoff=get("backoff"),
        initial_delay=get("initial_delay"),
        max_delay=get("max_delay"),
        multiplier=get("multiplier"),
        jitter=get("jitter"),
        retry_on=frozenset(get("retry_on")),
        dont_retry_on=frozenset(get("dont_retry_on")),
        retry_after_max=get("retry_after_max"),
        max_elapsed=get("max_elapsed"),
    )
