"""Masking an answer costs the same for one secret and for a thousand."""

from __future__ import annotations

import json
from hashlib import sha256

import pytest

from fql.egress.sealing.secrets import MASK, Masker
from tests.growth.test_start import calls

ANSWER = json.dumps({"items": [{"id": n, "name": f"item number {n}"} for n in range(30)]})[:1000]


def _secret(number: int) -> str:
    return sha256(b"%d" % number).hexdigest()[:24]


def test_a_thousand_secrets_cost_what_one_costs() -> None:
    """Counted in calls of our own functions."""
    few, many = Masker([_secret(0)]), Masker(map(_secret, range(1_000)))
    assert many.text(ANSWER) == ANSWER
    assert calls(lambda: many.text(ANSWER)) <= calls(lambda: few.text(ANSWER)) + 12


@pytest.mark.parametrize("before", ["x", "é", "€", "😀", "x€é"])
@pytest.mark.parametrize("value", ["abcdefgh", "ab€defgh", "€z€z€z€z"])
def test_a_value_is_found_wherever_it_begins(before: str, value: str) -> None:
    masker = Masker([value])
    for count in range(9):
        assert masker.text(before * count + value + "x") == before * count + MASK + "x"
