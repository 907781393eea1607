"""When to look at a database again: at once when its files were written, rarely otherwise.

Linux tells of writes through inotify, reached by `ctypes` as the standard library has no name for
it. Elsewhere, and where the system has no watch left to give, the looks themselves come often.
"""

from __future__ import annotations

import asyncio
import ctypes
import os
import sqlite3
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

IN_MODIFY = 0x2
RARELY = 0.25
"""Seconds between two looks while the system watches: in case it misses something."""
OFTEN = 0.008
"""Seconds between two looks, at most, where nobody watches."""
BUFFER = 65_536


class Lookout:
    """Asks `changed` until it says yes. Two looks are at least `poll` seconds apart.

    A write is seen before its transaction is: SQLite writes, syncs and only then publishes. So the
    looks after a write come quickly at first, and less and less often.
    """

    def __init__(self, changed: Callable[[], bool], paths: Sequence[Path], poll: float) -> None:
        self._changed = changed
        self._paths = tuple(paths)
        self._poll = poll
        self._watch: int | None = None
        self._over: asyncio.Future[bool] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._end = self._looked = self._stirred = 0.0

    @property
    def watches(self) -> bool:
        """Whether the system tells of writes."""
        return self._watch is not None

    def open(self) -> None:
        """Ask the system to watch those of the files that exist."""
        if self._watch is None:
            self._watch = watch_files([path for path in self._paths if path.exists()])

    async def wait(self, timeout: float) -> bool:  # noqa: ASYNC109  (the port's own word)
        """Until `changed` says yes, or so many seconds are over; gives whether it did. It ends a
        little later even if a look is lost, and that counts as a yes."""
        loop = asyncio.get_running_loop()
        over = self._over = loop.create_future()
        self._end = loop.time() + timeout
        self._schedule(self._looked + self._poll)
        try:
            await asyncio.wait({over}, timeout=timeout + RARELY)
            return not over.done() or over.result()
        finally:
            self._over = None
            self._rest()

    def close(self) -> None:
        """Give the watch back."""
        self._rest()
        if self._watch is not None:
            os.close(self._watch)
            self._watch = None

    def _rest(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._watch is not None:
            asyncio.get_running_loop().remove_reader(self._watch)

    def _schedule(self, at: float) -> None:
        loop = asyncio.get_running_loop()
        self._timer = loop.call_at(min(at, self._end), self._look)
        if self._watch is not None and at > loop.time() + 2 * self._poll:
            loop.add_reader(self._watch, self._stir)

    def _look(self) -> None:
        self._looked = asyncio.get_running_loop().time()
        if self._over is None or self._over.done():
            return
        if self._has_changed():
            self._stirred = self._looked
            self._over.set_result(True)
            return
        if self._looked >= self._end:
            self._over.set_result(False)
            return
        self._schedule(self._looked + self._pause(self._looked - self._stirred))

    def _has_changed(self) -> bool:
        """A look that fails counts as news: whoever waits will read, and learn what is wrong."""
        try:
            return self._changed()
        except (sqlite3.Error, OSError):
            return True

    def _pause(self, calm: float) -> float:
        """Seconds to the next look when the last sign of life is `calm` seconds old."""
        longest = OFTEN if self._watch is None else RARELY
        return max(self._poll, min(calm / 4, longest))

    def _stir(self) -> None:
        """The files were written. Nobody listens again before the next look, so that a busy
        writer wakes us no more often than we look."""
        if self._watch is None:
            return
        os.read(self._watch, BUFFER)
        self._rest()
        self._stirred = asyncio.get_running_loop().time()
        self._schedule(max(self._stirred, self._looked + self._poll))


def watch_files(paths: Sequence[Path]) -> int | None:
    """A descriptor that is readable once one of these files was written; None where the system
    cannot do that. Linux, inotify(7)."""
    if sys.platform != "linux":
        return None
    libc = ctypes.CDLL(None, use_errno=True)
    descriptor = int(libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC))
    if descriptor < 0:
        return None
    watched = [libc.inotify_add_watch(descriptor, os.fsencode(path), IN_MODIFY) for path in paths]
    if not watched or min(watched) < 0:
        os.close(descriptor)
        return None
    return descriptor
