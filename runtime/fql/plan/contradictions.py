"""How a retry policy can contradict itself: one judgement, and one set of sentences, for sources
(FQL341) and for `fql.toml`."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field

from fql.plan.language.units import show_duration
from fql.plan.policies import RetryPolicy

_LISTED = 5
"""So many statuses of a list are named at the most."""


@dataclass(frozen=True, slots=True)
class Contradiction:
    """One of them. `message` says it; `keys` are those of `retry` to be looked at, the likeliest
    first, `label` what is wrong there, `labels` what the other keys say; `help` is what to do."""

    message: str
    keys: tuple[str, ...]
    label: str
    help: str
    labels: Mapping[str, str] = field(default_factory=dict)


def contradictions(policy: RetryPolicy, written: Collection[str]) -> Iterator[Contradiction]:
    """Those of a policy. `written` are its keys that somebody wrote: a built-in default gives way,
    so that only what was written can contradict."""
    if {"retry_on", "dont_retry_on"} <= set(written):
        yield from _both(policy)
    for key in ("retry_on", "dont_retry_on"):
        if key in written:
            yield from _success(key, getattr(policy, key))
    if "initial_delay" in written or "max_delay" in written:
        yield from _low_cap(policy)


def _both(policy: RetryPolicy) -> Iterator[Contradiction]:
    both = sorted(policy.retry_on & policy.dont_retry_on)
    if both:
        listed = ", ".join(map(str, both[:_LISTED]))
        yield Contradiction(
            f"the status {listed} is in both `retry_on` and `dont_retry_on`",
            ("dont_retry_on",),
            "fails at once here",
            "keep it in one of the lists",
            {"retry_on": "tried again here"},
        )


def _success(key: str, statuses: Collection[int]) -> Iterator[Contradiction]:
    good = min((status for status in statuses if 200 <= status <= 299), default=None)
    if good is not None:
        yield Contradiction(
            f"{good} is a success, which is neither tried again nor a failure",
            (key,),
            f"`{key}` holds a success",
            "remove the statuses from 200 to 299",
        )


def _low_cap(policy: RetryPolicy) -> Iterator[Contradiction]:
    first, cap = policy.initial_delay, policy.max_delay
    if cap < first:
        yield Contradiction(
            f"the cap `{show_duration(cap)}` is below the first delay `{show_duration(first)}`",
            ("max_delay", "initial_delay"),
            "no delay is ever longer than the cap",
            "raise `max_delay`, or lower `initial_delay`",
            {"initial_delay": "the first delay", "max_delay": "the cap"},
        )
