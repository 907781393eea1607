"""Overload and faults with real engines, stores and servers: FQL_SOAK_SECONDS of each, 600 by
default, in `make soak`. What is short of both is in `test_virtual_time.py` and `tests/kills`."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.endurance.soak import faults, overload
from tests.kills.places import KINDS, place_of

SECONDS = float(os.environ.get("FQL_SOAK_SECONDS", "600"))


@pytest.mark.soak
@pytest.mark.timeout(SECONDS + 3000)
@pytest.mark.parametrize("kind", KINDS)
def test_long_overload(tmp_path: Path, kind: str) -> None:
    with place_of(kind) as place:
        print(overload(tmp_path, place, SECONDS).summary(f"overload, {kind}"))


@pytest.mark.soak
@pytest.mark.timeout(SECONDS + 3000)
@pytest.mark.parametrize("kind", KINDS)
def test_long_faults(tmp_path: Path, kind: str) -> None:
    with place_of(kind) as place:
        print(faults(tmp_path, place, SECONDS, seed=1).summary(f"faults, {kind}"))
