"""Values of policies as people write them, and when the attempts of a retry policy are made."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from fql.plan.policies import RetryPolicy
from fql.plan.policy.keys import Kind
from fql.plan.policy.table import DEFAULTS, POLICIES
from fqlc.emit.picture import condition_text


def value_text(key: str, value: object) -> str:
    """The value of a policy, durations and sizes with units; texts keep their `${NAME}`."""
    found = POLICIES.get(key)
    if found and found.kind in (Kind.DURATION, Kind.SIZE) and isinstance(value, int):
        return found.kind.written(value)
    if isinstance(value, dict) and "op" in value:
        return condition_text(value)
    if isinstance(value, list):
        return f"[{', '.join(_items(key, value))}]"
    if value is None:
        default = DEFAULTS.get(key)
        return "not set" if default is None else f"{value_text(key, default)} (the default)"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).lower() if isinstance(value, bool) else str(value)


def _items(key: str, values: Sequence[object]) -> Iterator[str]:
    """The items of a list; three or more whole numbers in a row as `500..599`."""
    for _, group in groupby(enumerate(values), key=lambda at: _consecutive_key(*at)):
        row = [value for _, value in group]
        if len(row) > 2 and isinstance(row[0], int):
            yield f"{row[0]}..{row[-1]}"
        else:
            yield from (value_text(key, item) for item in row)


def _consecutive_key(at: int, value: object) -> object:
    """The same for whole numbers that follow each other, another for anything else."""
    return value - at if isinstance(value, int) and not isinstance(value, bool) else (at,)


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
