"""Example 07 under load from ten processes, while everything happens to it: nothing is lost,
invented or out of order, and each repetition has its key and its reason."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.postgresql.story import Story, story

MINUTES = float(os.environ.get("FQL_POSTGRES_MINUTES", "10"))
CLIENTS = 10


@contextmanager
def told(folder: Path, seed: int, long: float, calm: float = 0.0) -> Iterator[Story]:
    """A story while ten processes write; then calm, and the ledger."""
    with story(folder, seed, long, calm) as one:
        try:
            with one.world.application.writing(CLIENTS, pause=0.1):
                one.start()
                yield one
            one.world.check()
        except AssertionError as wrong:
            what = ", ".join(happening.name for happening in one.world.happenings)
            wrong.add_note(f"seed {seed}: {what}\n{one.world.said()}")
            raise


@pytest.mark.timeout(300)
def test_a_short_story(tmp_path: Path) -> None:
    """The engine is killed, the new one is stopped, the server is restarted and fails over."""
    with told(tmp_path, seed=1, long=1.0) as one:
        one.go(
            one.kill_the_engine, one.stop_the_engine, one.restart, one.restart_at_once,
            one.fail_over, one.meddle, one.silence,
        )  # fmt: skip


@pytest.mark.soak
@pytest.mark.timeout(5400)
def test_a_long_story(tmp_path: Path) -> None:
    """Ten minutes, or FQL_POSTGRES_MINUTES. It begins with what is promised, one after another."""
    until = time.monotonic() + MINUTES * 60
    with told(tmp_path, seed=7, long=14.0, calm=20.0) as one:
        one.go(
            one.kill_the_engine, one.stop_the_engine, one.restart, one.restart_at_once,
            one.fail_over,
        )  # fmt: skip
        one.go_on(until, *one.anything)


@pytest.mark.soak
@pytest.mark.timeout(5400)
def test_a_long_story_behind_a_pooler(tmp_path: Path) -> None:
    """Engines are killed and stopped for a third of the time; each next one waits for a lease."""
    until = time.monotonic() + MINUTES * 20
    with told(tmp_path, seed=8, long=14.0, calm=5.0) as one:
        one.proxy.pools = True
        one.go_on(until, one.kill_the_engine, one.kill_the_standby, one.stop_the_engine)
