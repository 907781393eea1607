"""Jobs in other processes."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator, Sequence
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess

from fql.collector import end_collector
from fqlc.incremental.answer import answer
from fqlc.incremental.job import Job
from fqlc.incremental.result import Answer


def processes() -> int:
    """How many processes can work side by side on this machine."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def run(jobs: Sequence[Job]) -> list[Answer | None]:
    """The answers in the order of the jobs; a single one is done here, several each in a process of
    its own, as many at a time as can work side by side. As soon as an answer is None the others
    are given up; it is None as well where a process ended without one, or could not be started."""
    if len(jobs) == 1:
        return [answer(jobs[0])]
    with _Children() as children:
        found = _all_answers(jobs, children)
    done = (found[number] for number in range(len(jobs)) if number in found)
    return [a for a in done if a is not None] + [None] * (None in found.values())


def _all_answers(jobs: Sequence[Job], children: _Children) -> dict[int, Answer | None]:
    """The answers by the number of their job, up to the first that is None."""
    waiting = list(enumerate(jobs))[::-1]
    found: dict[int, Answer | None] = {}
    while waiting or children:
        while waiting and len(children) < processes():
            number, job = waiting.pop()
            if not children.start(number, job):
                return {**found, number: None}
        for number, received in children.ended():
            found[number] = received
            if received is None:
                return found
    return found


class _Children:
    """The processes at work. None of them outlives the context."""

    def __init__(self) -> None:
        self._working: dict[Connection, tuple[int, BaseProcess]] = {}

    def __enter__(self) -> _Children:
        return self

    def __exit__(self, *_: object) -> None:
        for end in list(self._working):
            self._over(end)

    def __len__(self) -> int:
        return len(self._working)

    def start(self, number: int, job: Job) -> bool:
        """Have a job done; False where no process can be started."""
        try:
            process, end = _started(job)
        except OSError:
            return False
        self._working[end] = number, process
        return True

    def ended(self) -> Iterator[tuple[int, Answer | None]]:
        """The answers that have come, after waiting for at least one."""
        for end in wait(list(self._working)):
            if isinstance(end, Connection):
                number, received = self._working[end][0], _received(end)
                self._over(end)
                yield number, received

    def _over(self, end: Connection) -> None:
        _, process = self._working.pop(end)
        process.kill()
        process.join()
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


def _received(child: Connection) -> Answer | None:
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
