"""Settings of a plan: known keys, values of their kind and within their range.

The ranges are those that the compiler allows; a test compares the two.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from fql.plan.expressions import Constant, Environment, Text
from fql.plan.limits import MOST_ENCRYPTED, MOST_SECRETS
from fql.plan.model import Policies
from fql.plan.policies import DEFAULTS
from fql.plan.verifying.expressions import loaded
from fql.plan.verifying.refusal import Refused, short, within

SECOND, HOUR, DAY = 1_000, 3_600_000, 86_400_000

_REFERENCE = re.compile(r"\$\{([^}]*)\}")

Names = frozenset[str]
Check = Callable[[object, Names], bool]


@dataclass(frozen=True, slots=True)
class Range:
    """Whole numbers, or numbers at all, from `least` to `most`."""

    least: float
    most: float
    whole: bool = True

    def __call__(self, value: object, _: Names) -> bool:
        """True for a value within it."""
        kinds = (int,) if self.whole else (int, float)
        if isinstance(value, bool) or not isinstance(value, kinds):
            return False
        return math.isfinite(value) and self.least <= value <= self.most


@dataclass(frozen=True, slots=True)
class OneOf:
    """One of a few words."""

    words: tuple[str, ...]

    def __call__(self, value: object, _: Names) -> bool:
        """True for one of them."""
        return isinstance(value, str) and value in self.words


def is_switch(value: object, _: Names) -> bool:
    """True or false."""
    return isinstance(value, bool)


def is_statuses(value: object, _: Names) -> bool:
    """HTTP statuses."""
    return (
        isinstance(value, list)
        and len(value) <= 500
        and all(isinstance(s, int) and not isinstance(s, bool) and 100 <= s <= 599 for s in value)
    )


def is_names(value: object, _: Names) -> bool:
    """Keys of a body."""
    return (
        isinstance(value, list)
        and len(value) <= MOST_ENCRYPTED
        and all(isinstance(name, str) for name in value)
    )


def is_text(value: object, names: Names) -> bool:
    """A plain text with `${NAME}`s, or an expression of literals and names. Raises Refused for a
    name that is not declared."""
    if isinstance(value, str):
        for name in _REFERENCE.findall(value):
            _declared(name, names)
        return True
    if not isinstance(value, Mapping):
        return False
    expression = loaded(value)
    if isinstance(expression, Constant):
        return isinstance(expression.value, str)
    return isinstance(expression, Text) and all(_is_fixed(part, names) for part in expression.parts)


def is_secrets(value: object, names: Names) -> bool:
    """A text, or a list of texts and of objects of a text and the dates of its use."""
    entries = value if isinstance(value, list) else [value]
    return len(entries) <= MOST_SECRETS and all(_is_secret(entry, names) for entry in entries)


def _is_secret(entry: object, names: Names) -> bool:
    if not isinstance(entry, Mapping) or "secret" not in entry:
        return is_text(entry, names)
    known = set(entry) <= {"secret", "not_before", "not_after"}
    dates = [entry[key] for key in ("not_before", "not_after") if entry.get(key) is not None]
    return known and is_text(entry["secret"], names) and all(map(_is_date, dates))


def _is_date(value: object) -> bool:
    try:
        return datetime.fromisoformat(str(value)).tzinfo is not None
    except ValueError:
        return False


def _is_fixed(part: object, names: Names) -> bool:
    if isinstance(part, Environment):
        _declared(part.name, names)
        return True
    return isinstance(part, str)


def _declared(name: str, names: Names) -> None:
    if name not in names:
        raise Refused(f"${{{short(name)}}} is not declared in `environment`")


CHECKS: Mapping[str, Check] = {
    "retry.max_attempts": Range(1, 1_000),
    "retry.backoff": OneOf(("exponential", "linear", "fixed")),
    "retry.initial_delay": Range(0, 7 * DAY),
    "retry.max_delay": Range(0, 30 * DAY),
    "retry.multiplier": Range(1, 100, whole=False),
    "retry.jitter": OneOf(("full", "equal", "none")),
    "retry.retry_on": is_statuses,
    "retry.dont_retry_on": is_statuses,
    "retry.retry_after_max": Range(0, 30 * DAY),
    "retry.max_elapsed": Range(1, 30 * DAY),
    "timeout": Range(1, HOUR),
    "max_age": Range(1, 365 * DAY),
    "max_body": Range(1, 100_000_000),
    "max_response": Range(1, 100_000_000),
    "concurrency": Range(1, 10_000),
    "circuit.failures": Range(1, 10_000),
    "circuit.open_for": Range(1, DAY),
    "circuit.probes": Range(1, 100),
    "rate_limit.max_per_second": Range(0.001, 1_000_000, whole=False),
    "rate_limit.burst": Range(1, 1_000_000),
    "batch.size": Range(1, 10_000),
    "batch.timeout": Range(1, DAY),
    "signing.enabled": is_switch,
    "signing.scheme": OneOf(("standard", "fraiseql", "stripe", "github")),
    "signing.secret": is_secrets,
    "signing.algorithm": OneOf(("sha256", "ed25519")),
    "signing.header": is_text,
    "signing.timestamp_header": is_text,
    "encryption.algorithm": OneOf(("AES-256-GCM",)),
    "encryption.key": is_text,
    "encryption.fields": is_names,
    "encryption.kid": is_text,
    "auth.type": OneOf(("bearer", "basic", "header", "oauth2", "mtls")),
    "auth.token": is_text,
    "auth.username": is_text,
    "auth.password": is_text,
    "auth.header": is_text,
    "auth.value": is_text,
    "auth.token_url": is_text,
    "auth.client_id": is_text,
    "auth.client_secret": is_text,
    "auth.scope": is_text,
    "auth.certificate": is_text,
    "auth.key": is_text,
    "auth.ca": is_text,
}
"""What each policy takes. Null takes back what a farther level gives, where nothing is the
built-in default."""


def verify_policies(policies: Policies, names: Names) -> None:
    """Refuse unknown keys, and values of another kind or beyond their range."""
    for key, setting in policies.items():
        with within(short(key)):
            check = CHECKS.get(key)
            if check is None:
                raise Refused("there is no such policy")
            if setting.value is None and DEFAULTS.get(key) is None:
                continue
            if not check(setting.value, names):
                raise Refused(f"{short(setting.value)} is not a value of it")
