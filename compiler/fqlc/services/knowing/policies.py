"""The policies that hold at a place, as hover texts and hints show them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from fql.plan.language.units import spoken_duration
from fql.plan.origin import BUILT_IN
from fql.plan.policies import RetryPolicy
from fql.plan.policy.table import DEFAULTS, OF_KINDS, OF_STATUSES, POLICIES
from fqlc.checks.levels import Given, merged
from fqlc.checks.model import Program
from fqlc.checks.reading.settings import HeaderGiven
from fqlc.checks.table.keys import Mark
from fqlc.emit.policy_text import schedule_of, value_text
from fqlc.lower.policies import stored_value

Effective = Mapping[str, Given]
"""Policies by dotted key, without the built-in defaults."""


def of_action(program: Program, observer: str, action: str) -> Effective | None:
    """The policies of an action; None where it could not be read."""
    for model in program.observers:
        found = model.action(action) if model.name == observer else None
        if found is not None:
            return program.effective(model, found)
    return None


def of_endpoint(program: Program, name: str) -> Effective | None:
    """The policies of an endpoint by itself."""
    endpoint = program.endpoints.get(name)
    return None if endpoint is None else program.effective_at(endpoint)


def of_observer(program: Program, name: str) -> Effective | None:
    """The policies that an observer gives its actions, before their receivers have a say."""
    for model in program.observers:
        if model.name == name:
            return merged((model.settings, program.defaults, program.surroundings.policies))
    return None


def of_retry(program: Program, name: str) -> Effective | None:
    """The policies of a `retry` block."""
    return program.retries.get(name)


def lines(effective: Effective, kind: str = "webhook", only: str = "") -> Iterator[str]:
    """One line a policy, in the order of the table: its value and where that comes from. `only`
    those of one key."""
    taken = OF_KINDS[kind]
    for key in POLICIES:
        if only and key.partition(".")[0] != only:
            continue
        line = "" if key.partition(".")[0] not in taken else _line(key, effective, kind)
        if line:
            yield line
    yield from (_header(g) for k, g in sorted(effective.items()) if _is_shown_header(k, g, only))


def _line(key: str, effective: Effective, kind: str) -> str:
    given = effective.get(key)
    if given is not None and isinstance(given.value, Mark):
        return ""
    if given is None and (DEFAULTS.get(key) is None or (kind != "webhook" and key in OF_STATUSES)):
        return ""
    value = DEFAULTS[key] if given is None else stored_value(given.value)
    origin = BUILT_IN if given is None else given.origin
    return f"`{key}: {value_text(key, value)}` ({origin})"


def _is_shown_header(key: str, given: Given, only: str) -> bool:
    header = key.startswith("headers.") and isinstance(given.value, HeaderGiven)
    return header and only in ("", "headers")


def _header(given: Given) -> str:
    name = given.value.name if isinstance(given.value, HeaderGiven) else ""
    return f"`headers.{name}` ({given.origin})"


def schedule_line(effective: Effective) -> str:
    """The schedule of retries in a line: `5 attempts, up to 1m 2s`."""
    values = {k: g.value for k, g in effective.items() if not isinstance(g.value, Mark)}
    policy = RetryPolicy.of(values)
    timeout = values.get("timeout", DEFAULTS["timeout"])
    schedule = schedule_of(policy, timeout if isinstance(timeout, int) else DEFAULTS["timeout"])
    if schedule.attempts == 1:
        return "1 attempt"
    return f"{schedule.attempts} attempts, up to {spoken_duration(schedule.fastest)}"
