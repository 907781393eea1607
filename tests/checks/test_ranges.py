"""Every bound of every key is judged exactly: the bound itself fits, the next value does not."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import pytest

from fql.plan.policy.keys import Key, Kind
from fqlc.checks.table.blocks import BLOCKS
from tests.checks.harness import reports

UNITS = {Kind.DURATION: "ms", Kind.SIZE: "B"}
STEPS = {Kind.NUMBER: Decimal("0.0000000000000000001")}


def bounded(keys: tuple[Key, ...]) -> Iterator[Key]:
    """All keys with a range, those of objects too."""
    for key in keys:
        yield from bounded(key.keys)
        if key.least is not None and key.most is not None:
            yield key


def cases() -> Iterator[tuple[Key | None, Key]]:
    """The keys of an endpoint with a range, each with the key that it is under."""
    for key in BLOCKS["endpoint"].keys:
        yield from ((None, one) for one in bounded((key,)) if one is key)
        yield from ((key, one) for one in bounded(key.keys))


CASES = {key.name: (under, key) for under, key in cases()}


def out_of_range(under: Key | None, key: Key, value: Decimal) -> bool:
    """True when a value of the key is reported as out of range."""
    written = f"{key.name}: {value:f}{UNITS.get(key.kind, '')}"
    if under is not None:
        others = {"max_per_second": "", "burst": "max_per_second: 5, "}.get(key.name, "")
        written = f"{under.name}: {{ {others}{written} }}"
    text = f'endpoint e {{ url: "https://x.example.com" {written} }}'
    return any("is out of range" in d.message for d in reports(text))


@pytest.mark.parametrize("name", sorted(CASES))
def test_bounds(name: str) -> None:
    under, key = CASES[name]
    assert key.least is not None
    assert key.most is not None
    least, most = Decimal(key.least), Decimal(key.most)
    step = STEPS.get(key.kind, Decimal(1))
    assert not out_of_range(under, key, least)
    assert not out_of_range(under, key, most)
    assert out_of_range(under, key, most + step)
    if least > 0:
        assert out_of_range(under, key, least - step)
