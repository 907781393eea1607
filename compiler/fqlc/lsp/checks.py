"""The thread of checks.

A check makes way for answers, and is given up when its texts have moved on. While nobody wants
another one, the names of what it found are read, before somebody asks for them.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from queue import SimpleQueue
from threading import Event, Thread

from fql.collector import kept_for_good
from fqlc.lsp.documents import Document
from fqlc.lsp.projects import Checkup, Project, check
from fqlc.services.snapshot import Snapshot

_LOOK_AGAIN = 50
"""After so many checks the collector looks at everything, for what libraries have left behind."""


class Superseded(Exception):
    """The check works on texts that have moved on."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A check that somebody wants. `done` is told what it found or raised; when `stale` is set,
    nobody wants it any more."""

    project: Project
    texts: Mapping[str, Document]
    before: Snapshot | None
    stale: Event
    done: Callable[[Checkup | Exception], None]


class Checks:
    """Checks, one after the other. `wait` returns when nobody waits for an answer."""

    def __init__(self, wait: Callable[[], None]) -> None:
        self._wait = wait
        self._queue: SimpleQueue[Asked] = SimpleQueue()
        self._thread: Thread | None = None
        self._count = 1

    def put(self, asked: Asked) -> None:
        """Check this next."""
        self._queue.put(asked)
        if self._thread is None:
            self._thread = Thread(target=self._run, daemon=True)
            self._thread.start()

    def _run(self) -> None:
        while True:
            self._serve(self._queue.get())

    def _serve(self, asked: Asked) -> None:
        """Check. What that raises is given to whoever asked."""
        try:
            found: Checkup | Exception = self._check(asked)
        except Exception as error:  # noqa: BLE001 - the loop turns it into FQL901
            found = error
        asked.done(found)
        if isinstance(found, Checkup):
            self._read_names(found.snapshot)

    def _check(self, asked: Asked) -> Checkup:
        """A check makes next to no rings, so what it makes is not looked at by the collector, which
        would keep everybody waiting while it looks at all of a large project."""

        def pause() -> None:
            if asked.stale.is_set():
                raise Superseded
            self._wait()

        if self._count % _LOOK_AGAIN == 0:
            gc.unfreeze()
        self._count += 1
        gc.collect()
        with kept_for_good():
            return check(asked.project, asked.texts, asked.before, pause)

    def _read_names(self, snapshot: Snapshot) -> None:
        def pause() -> None:
            if not self._queue.empty():
                raise Superseded
            self._wait()

        try:
            with kept_for_good():
                snapshot.index.read_all(pause)
        except Exception:  # noqa: BLE001 - whoever asks for these names hears of a fault
            return
