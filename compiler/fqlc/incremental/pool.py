"""Jobs in other processes."""

from __future__ import annotations

import gc
import multiprocessing
import os
import signal
import sys
from collections.abc import Sequence

from fqlc.incremental.answer import Answer, answer
from fqlc.incremental.job import Job


def processes() -> int:
    """How many processes can work side by side on this machine."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def run(jobs: Sequence[Job]) -> list[Answer | None]:
    """The answers in the order of the jobs, each job in a process of its own; a single one here.
    As soon as an answer is None the others are given up."""
    if len(jobs) == 1:
        return [answer(jobs[0])]
    found: list[Answer | None] = []
    # A child of a fork has the compiler imported; elsewhere than on Linux forks are not safe.
    start = "fork" if sys.platform == "linux" else "spawn"
    count = min(len(jobs), processes())
    with multiprocessing.get_context(start).Pool(count, _begin) as pool:
        for one in pool.imap(answer, jobs):
            found.append(one)
            if one is None:
                break
    return found


def _begin() -> None:
    """A child makes trees and ends with them: no collector. An interrupt is the parent's matter."""
    gc.disable()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
