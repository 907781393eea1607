"""A shop on PostgreSQL to which everything happens: nothing is lost, invented or out of order."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.postgresql.story import story

MINUTES = float(os.environ.get("FQL_POSTGRES_MINUTES", "10"))
SECONDS_EACH = 8
"""What a thing that happens takes in the long story, with an engine stopped for 14 s."""


def tell(folder: Path, seed: int, happenings: int, long: float, clients: int) -> None:
    """The story, then calm, and the ledger."""
    with story(folder, seed, long) as told:
        try:
            with told.world.application.writing(clients, pause=0.1):
                told.go(happenings)
            told.world.check()
        except AssertionError as wrong:
            wrong.add_note(f"seed {seed}: {', '.join(told.said)}")
            raise


@pytest.mark.timeout(300)
def test_a_short_story(tmp_path: Path) -> None:
    tell(tmp_path, seed=1, happenings=8, long=1.0, clients=10)


@pytest.mark.soak
@pytest.mark.timeout(5400)
def test_a_long_story(tmp_path: Path) -> None:
    """Ten minutes, or FQL_POSTGRES_MINUTES."""
    happenings = int(MINUTES * 60 / SECONDS_EACH)
    tell(tmp_path, seed=7, happenings=happenings, long=14.0, clients=10)
