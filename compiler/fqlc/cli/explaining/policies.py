"""The effective policies of actions with their origins, and the schedule of retries."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import click

from fql.exact.kinds import as_a
from fql.plan.language.units import spoken_duration
from fql.plan.model import Observer, PlanNode, Policies, Setting
from fql.plan.origin import BUILT_IN
from fql.plan.policies import retry_policy, whole_of
from fql.plan.policy.table import DEFAULTS, OF_KINDS, OF_STATUSES, POLICIES
from fql.terminal.lines import json_line, prose
from fql.terminal.words import counted
from fqlc.emit.policy_text import Schedule, schedule_of, value_text


def explain_policies(pairs: Sequence[tuple[Observer, PlanNode]], form: str) -> None:
    """Print the policies of each action."""
    for observer, node in pairs:
        if form == "json":
            json_line(_as_json(observer, node))
        else:
            for line in _lines(observer, node):
                prose(line)


def _schedule(policies: Policies) -> Schedule:
    return schedule_of(retry_policy(policies), as_a(int, whole_of(policies, "timeout")))


def _effective(node: PlanNode) -> dict[str, Setting]:
    """With the built-in defaults, in the order of the table: what means something for its kind."""
    policies, taken = node.policies, OF_KINDS[node.kind]
    defaults = {k: Setting(value=v, origin=BUILT_IN) for k, v in DEFAULTS.items() if v is not None}
    found = {**defaults, **policies}
    without = () if node.kind == "webhook" else OF_STATUSES
    return {
        key: found[key]
        for key in POLICIES
        if key in found and key.partition(".")[0] in taken and key not in without
    }


def _as_json(observer: Observer, node: PlanNode) -> dict[str, object]:
    schedule = _schedule(node.policies)
    return {
        "observer": observer.name,
        "action": node.name,
        "policies": {k: s.model_dump() for k, s in _effective(node).items()},
        "schedule": {
            "attempts": schedule.attempts,
            "delays_ms": list(schedule.delays),
            "fastest_ms": schedule.fastest,
            "worst_ms": schedule.worst,
        },
    }


def _lines(observer: Observer, node: PlanNode) -> Iterator[str]:
    yield click.style(f"{observer.name}.{node.name}", bold=True)
    effective = _effective(node)
    rows = [(k, value_text(k, s.value), str(s.origin)) for k, s in effective.items()]
    wide = max(len(key) for key, _, _ in rows)
    long = max(len(value) for _, value, _ in rows)
    for key, value, origin in rows:
        yield f"  {key.ljust(wide)}  {value.ljust(long)}  ({origin})"
    yield from _schedule_lines(node.policies)


def _schedule_lines(policies: Policies) -> Iterator[str]:
    schedule, policy = _schedule(policies), retry_policy(policies)
    yield f"  schedule: {counted(schedule.attempts, 'attempt')}"
    elapsed = 0
    for number, delay in enumerate(schedule.delays, 2):
        elapsed += delay
        after, since = spoken_duration(delay), spoken_duration(elapsed)
        yield f"    attempt {number} after {after}, {since} after the first"
    if policy.jitter != "none" and schedule.delays:
        part = "any shorter time" if policy.jitter == "full" else "down to half of it"
        yield f"    jitter {policy.jitter}: each delay may be {part}"
    timeout = spoken_duration(as_a(int, whole_of(policies, "timeout")))
    why = f"every attempt takes its timeout of {timeout}"
    if policy.max_elapsed is not None:
        why = f"no attempt begins after `max_elapsed`, and the last takes its timeout of {timeout}"
    yield f"    given up after at most {spoken_duration(schedule.worst)}: {why}"
    yield (
        "    a Retry-After from the receiver may lengthen each delay, up to "
        f"{spoken_duration(policy.retry_after_max)}"
    )
