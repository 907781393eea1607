"""Policies as data and the decisions that follow from them alone: retry or not, and when.

Stored settings (`fql.plan.model.Policies`) are flat; `retry_policy` and its like read them back.
All durations are integer milliseconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from decimal import Context, Decimal
from typing import TYPE_CHECKING, Any, Literal

from fql.exact.kinds import as_a
from fql.plan.policy.levels import is_of_batches, laid_over
from fql.plan.policy.table import DEFAULTS, POLICIES

if TYPE_CHECKING:  # the compiler reads these tables without paying for pydantic
    from fql.plan.model import Endpoint, PlanNode, Policies, Setting

Verdict = Literal["success", "retry", "fail"]


def status_text(status: int) -> str:
    """An HTTP status that is not a success, in a few words for people.

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

    max_attempts: int = DEFAULTS["retry.max_attempts"]
    backoff: Literal["exponential", "linear", "fixed"] = DEFAULTS["retry.backoff"]
    initial_delay: int = DEFAULTS["retry.initial_delay"]
    max_delay: int = DEFAULTS["retry.max_delay"]
    multiplier: float = DEFAULTS["retry.multiplier"]
    jitter: Literal["none", "full", "equal"] = DEFAULTS["retry.jitter"]
    retry_on: frozenset[int] = frozenset(DEFAULTS["retry.retry_on"])
    dont_retry_on: frozenset[int] = frozenset(DEFAULTS["retry.dont_retry_on"])
    retry_after_max: int = DEFAULTS["retry.retry_after_max"]
    max_elapsed: int | None = DEFAULTS["retry.max_elapsed"]

    @staticmethod
    def of(values: Mapping[str, object]) -> RetryPolicy:
        """The policy of effective values by dotted key; those that are missing are the defaults."""
        given: dict[str, Any] = {  # by name: what a plan holds of a key has its type
            f.name: frozenset(value) if isinstance(value, list | tuple) else value
            for f in fields(RetryPolicy)
            if (value := values.get(f"retry.{f.name}")) is not None
        }
        return RetryPolicy(**given)

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
        """Milliseconds to wait after the `failed`-th failed attempt (from 1), before jitter: the
        formulas of `backoff`, exact and then rounded down, and never more than `max_delay`."""
        if self.backoff == "fixed":
            delay: int | Decimal = self.initial_delay
        elif self.backoff == "linear":
            delay = failed * self.initial_delay
        else:
            exact = Context(prec=60)  # whatever precision the application works with
            growth = exact.power(Decimal(repr(self.multiplier)), failed - 1)
            delay = exact.multiply(growth, Decimal(self.initial_delay))
        return int(min(delay, self.max_delay))

    def delay(self, failed: int, chance: float, asked: int | None = None) -> int:
        """Milliseconds until the next attempt may begin: the base delay with jitter, and at least
        what the receiver `asked` for (Retry-After).

        `chance` is a number in [0, 1) that the caller draws. `full` spreads over 0..base, `equal`
        over base/2..base (names after the AWS architecture blog, "Exponential Backoff And Jitter",
        2015).
        """
        base = self.base_delay(failed)
        spread = {"none": base, "equal": base / 2 + base / 2 * chance, "full": base * chance}
        return max(int(spread[self.jitter]), self.pause(asked))

    def pause(self, asked: int | None) -> int:
        """What is granted of the milliseconds that a receiver asked for."""
        return min(asked or 0, self.retry_after_max)

    @property
    def longest_delay(self) -> int:
        """No delay is longer, in milliseconds."""
        return max(self.max_delay, self.retry_after_max)

    def is_too_late(self, elapsed: int) -> bool:
        """Whether no attempt may begin so many milliseconds after the first one began."""
        return self.max_elapsed is not None and elapsed > self.max_elapsed

    def base_delays(self) -> tuple[int, ...]:
        """The base delays between all attempts, in milliseconds."""
        return tuple(self.base_delay(n) for n in range(1, self.max_attempts))


def effective(node: PlanNode, endpoint: Endpoint | None) -> Policies:
    """The policies that an action goes by: the one place that decides it, for every key alike.

    `node` is the action in the plan that its run started with, `endpoint` the one it names, as it
    is now. What is nearer than an endpoint (action, observer) stays;
    everything else is as the endpoint has it now, with its project's defaults. Batches are no
    matter of an endpoint.
    """
    if endpoint is None:
        return node.policies
    near = {
        key: setting
        for key, setting in node.policies.items()
        if is_near(setting) or is_of_batches(key)
    }
    return laid_over(
        (near, {k: s for k, s in endpoint.policies.items() if not is_of_batches(k)}),
    )


def is_near(setting: Setting) -> bool:
    """Whether a setting of an action wins over what its endpoint says."""
    return setting.origin.nearer_than_endpoint


def effective_value(node: PlanNode, endpoint: Endpoint | None, key: str) -> object:
    """The same for one key that neither belongs to batches nor closes a group: its value, with the
    built-in default."""
    setting = node.policies.get(key)
    if endpoint is not None and (setting is None or not is_near(setting)):
        return value_of(endpoint.policies, key)
    return value_of(node.policies, key)


def value_of(policies: Mapping[str, Setting], key: str) -> object:
    """The effective value of a policy, with the built-in default; None when switched off."""
    setting = policies.get(key)
    return DEFAULTS.get(key) if setting is None else setting.value


def number_of(policies: Mapping[str, Setting], key: str) -> float | None:
    """The same of a key that holds a number, as a number of any kind. Raises TypeError."""
    value = value_of(policies, key)
    return value if value is None or isinstance(value, int) else as_a(float, value)


def whole_of(policies: Mapping[str, Setting], key: str) -> int | None:
    """The same of a key that holds a whole number, milliseconds, bytes or a count. Raises
    TypeError."""
    value = value_of(policies, key)
    return None if value is None else as_a(int, value)


def header_scheme(named: bool) -> str:
    """How requests are signed where no scheme is given; `named`: a header of the signature is,
    which means the wire format that has one."""
    return "fraiseql" if named else str(POLICIES["signing.scheme"].built_in)


def retry_policy(policies: Mapping[str, Setting]) -> RetryPolicy:
    """The retry policy of effective settings."""
    return RetryPolicy.of({key: setting.value for key, setting in policies.items()})
