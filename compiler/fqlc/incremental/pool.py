"""Jobs in other processes."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess

from fqlc.incremental.answer import Answer, answer
from fqlc.incremental.job import Job
from fqlc.source.collector import end_collector


def processes() -> int:
    """How many processes can work side by side on this machine."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def run(jobs: Sequence[Job]) -> list[Answer | None]:
    """The answers in the order of the jobs: the first one done here, the others each in a process
    of its own. As soon as an answer is None the others are given up; it is None as well where a
    process ended without one, or could not be started."""
    with _children(jobs[1:]) as children:
        found = [answer(jobs[0])]
        for child in children:
            if found[-1] is None:
                break
            found.append(_received(child))
    return found


@contextmanager
def _children(jobs: Sequence[Job]) -> Iterator[list[Connection | None]]:
    """Where the answers of the jobs will come from, None for a process that did not start. None
    of the processes outlives the context."""
    ends: list[Connection | None] = []
    started: list[BaseProcess] = []
    try:
        for job in jobs:
            try:
                process, end = _started(job)
            except OSError:
                ends.append(None)
            else:
                started.append(process)
                ends.append(end)
        yield ends
    finally:
        for process in started:
            process.kill()
            process.join()
        for end in filter(None, ends):
            end.close()


def _started(job: Job) -> tuple[BaseProcess, Connection]:
    # A child of a fork has the compiler imported; elsewhere than on Linux forks are not safe.
    context = get_context("fork") if sys.platform == "linux" else get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    try:
        # Only the child may hold the other end, or its death would go unnoticed.
        with theirs:
            process = context.Process(target=_work, args=(theirs, job), daemon=True)
            process.start()
    except OSError:
        ours.close()
        raise
    return process, ours


def _received(child: Connection | None) -> Answer | None:
    if child is None:
        return None
    try:
        found: Answer | None = child.recv()
    except EOFError:
        return None
    return found


def _work(out: Connection, job: Job) -> None:
    """A child makes trees and ends with them: no collector. An interrupt is the parent's matter,
    and so is a fault: the whole compile will tell it."""
    end_collector()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # What an application does on SIGTERM is its own matter: this process just ends.
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    sys.stderr = os.fdopen(os.open(os.devnull, os.O_WRONLY), "w")
    out.send(answer(job))
