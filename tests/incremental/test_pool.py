"""Jobs in other processes: what goes wrong there costs time, never the answer."""

from __future__ import annotations

import os
import random
import signal
from collections.abc import Sequence

import pytest

from fqlc.checks.model import Surroundings
from fqlc.incremental import pool
from fqlc.incremental.answer import answer
from fqlc.incremental.job import Job, jobs_of
from fqlc.incremental.layout import lay_out
from tests.incremental.projects import Story


@pytest.fixture
def jobs() -> Sequence[Job]:
    """Three jobs of one project."""
    files = Story(random.Random(1)).files()
    layout = lay_out(["main.fql"], files.get, "")
    assert layout is not None
    every = range(len(layout.units))
    return jobs_of(layout, every, Surroundings(), with_plan=True, most=3, least=1)


def test_answers_come_in_the_order_of_the_jobs(jobs: Sequence[Job]) -> None:
    assert pool.run(jobs) == [answer(job) for job in jobs]


def test_more_jobs_than_processes_work_side_by_side(
    jobs: Sequence[Job], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pool, "processes", lambda: 1)
    assert pool.run(jobs) == [answer(job) for job in jobs]


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_process_that_is_killed_has_no_answer(
    jobs: Sequence[Job], monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    """As by a machine that is out of memory; nobody waits for it. That the application has a
    handler of its own changes nothing."""
    us, before = os.getpid(), signal.signal(signal.SIGTERM, lambda *_: None)

    def killed(job: Job) -> object:
        if os.getpid() != us:
            os.kill(os.getpid(), number)
        return answer(job)

    monkeypatch.setattr(pool, "answer", killed)
    try:
        assert pool.run(jobs)[-1] is None
    finally:
        signal.signal(signal.SIGTERM, before)


def test_a_fault_in_a_process_is_left_to_the_whole_compile(
    jobs: Sequence[Job], monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    us = os.getpid()

    def faulty(job: Job) -> object:
        if os.getpid() != us:
            raise ValueError("odd")
        return answer(job)

    monkeypatch.setattr(pool, "answer", faulty)
    assert pool.run(jobs)[-1] is None
    assert capfd.readouterr().err == ""


def test_where_no_process_can_be_started_there_is_no_answer(
    jobs: Sequence[Job], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(_: object) -> object:
        raise BlockingIOError("no more processes")

    monkeypatch.setattr(pool, "_started", refused)
    assert pool.run(jobs)[-1] is None
