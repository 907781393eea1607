"""What a plan may say in its settings is what the compiler lets pass, no more and no less."""

from __future__ import annotations

import pytest

from fql.plan.verifying import policies
from fqlc.checks.table.keys import Key, Kind
from fqlc.checks.table.policy_keys import BATCH, RECEIVING, SENDING

WHOLE = {Kind.INT, Kind.DURATION, Kind.SIZE}
TEXTS = {
    Kind.BOOLEAN: policies.is_switch,
    Kind.STATUSES: policies.is_statuses,
    Kind.NAMES: policies.is_names,
    Kind.SECRETS: policies.is_secrets,
    Kind.TEXT: policies.is_text,
}


def flat(key: Key, prefix: str = "") -> dict[str, Key]:
    """The keys below a key, dotted; headers are no policies of a plan."""
    if key.kind is Kind.HEADERS:
        return {}
    if not key.keys:
        return {prefix + key.name: key}
    return {name: k for sub in key.keys for name, k in flat(sub, f"{prefix}{key.name}.").items()}


KEYS = {name: key for top in (*SENDING, *RECEIVING, BATCH) for name, key in flat(top).items()}


def test_both_know_the_same_policies() -> None:
    assert set(KEYS) == set(policies.CHECKS)


@pytest.mark.parametrize("name", KEYS)
def test_both_allow_the_same_values(name: str) -> None:
    key, check = KEYS[name], policies.CHECKS[name]
    if key.kind is Kind.WORD:
        assert isinstance(check, policies.OneOf)
        assert sorted(check.words) == sorted(key.words)
    elif key.kind in WHOLE or key.kind is Kind.NUMBER:
        assert key.least is not None
        assert key.most is not None
        assert check == policies.Range(float(key.least), float(key.most), whole=key.kind in WHOLE)
    else:
        assert check is TEXTS[key.kind]
