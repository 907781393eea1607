"""Threads for functions that do not await: bounded, and never in the way of the process's end.

A thread cannot be killed. One whose function outlives its timeout runs on, is counted, and takes
a place until the function returns; what it returns then is ignored. While all places are taken,
calls wait: nothing is started that could not be.
"""

from __future__ import annotations

import asyncio
import contextvars
import threading
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

MOST_THREADS = 64
"""Functions that run at the same time in one process, those past their timeout included."""


class Ran(NamedTuple):
    """What a function came to: its value, or what it raised."""

    value: object = None
    raised: BaseException | None = None


class NoThread(Exception):
    """All places were taken until the deadline; the function was not called."""


class Threads:
    """The threads of one event loop. `late` hears of functions that return after their timeout,
    with the seconds they took."""

    def __init__(self, late: Callable[[str, float], None], most: int = MOST_THREADS) -> None:
        self._late = late
        self._most = most
        self._places = asyncio.Semaphore(most)
        self.overdue = 0

    async def run(self, name: str, function: Callable[[], object], deadline: float) -> Ran:
        """Call a function in a thread of its own. `deadline` is a time of the event loop. Raises
        NoThread, and TimeoutError when the function has not returned by then."""
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout_at(deadline):
                await self._places.acquire()
        except TimeoutError:
            raise NoThread from None
        done: asyncio.Future[Ran] = loop.create_future()
        context = contextvars.copy_context()
        started = loop.time()
        landed = partial(self._landed, done, name, started)
        work = partial(context.run, _work, function, loop, landed)
        threading.Thread(target=work, name=f"fql call {name}", daemon=True).start()
        try:
            async with asyncio.timeout_at(deadline):
                return await asyncio.shield(done)
        except TimeoutError:
            if done.done():
                return done.result()
            self.overdue += 1
            raise
        finally:
            if not done.done():
                done.cancel()

    def _landed(self, done: asyncio.Future[Ran], name: str, started: float, ran: Ran) -> None:
        """On the loop: the thread is over, so its place is free."""
        self._places.release()
        if not done.done():
            done.set_result(ran)
            return
        self.overdue = max(0, self.overdue - 1)
        self._late(name, asyncio.get_running_loop().time() - started)


def _work(
    function: Callable[[], object], loop: asyncio.AbstractEventLoop, landed: Callable[[Ran], None]
) -> None:
    try:
        ran = Ran(function())
    except BaseException as problem:  # noqa: BLE001 - whatever the application raises is an outcome
        ran = Ran(raised=problem)
    try:
        loop.call_soon_threadsafe(landed, ran)
    except RuntimeError:
        return  # the loop has ended: nobody waits for it any more
