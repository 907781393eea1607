"""When the attempts of a retry policy are made."""

from __future__ import annotations

from dataclasses import dataclass

from fql.plan.policies import RetryPolicy


@dataclass(frozen=True, slots=True)
class Schedule:
    """When attempts begin, in milliseconds from the first, jitter left out, each attempt taking
    no time; `worst` is when the last one ends at the latest, whatever time each takes."""

    delays: tuple[int, ...]
    fastest: int
    worst: int
    attempts: int


def schedule_of(policy: RetryPolicy, timeout: int) -> Schedule:
    """The schedule of a policy. `max_elapsed` ends it before the attempt that would be too late."""
    delays: list[int] = []
    elapsed = 0
    for delay in policy.base_delays():
        if policy.is_too_late(elapsed + delay):
            break
        delays.append(delay)
        elapsed += delay
    attempts = len(delays) + 1
    # None begins after max_elapsed, and the last one has its whole timeout.
    started = sum(policy.base_delays()) + (policy.max_attempts - 1) * timeout
    if policy.max_elapsed is not None:
        started = min(started, policy.max_elapsed)
    return Schedule(tuple(delays), elapsed, started + timeout, attempts)
