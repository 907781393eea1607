"""When and where a runtime may be used: from its start to its end, in the process and on the event
loop that started it. A call out of season is told so at once; it would wait for ever."""

from __future__ import annotations

import asyncio
import os
from typing import Literal

from fql.errors import UsageError

Stage = Literal["new", "started", "ended"]


class Season:
    """One use of a runtime."""

    def __init__(self) -> None:
        self._stage: Stage = "new"
        self._process = 0
        self._loop: asyncio.AbstractEventLoop | None = None

    def begin(self) -> None:
        """Start here and now. Raises UsageError for what has been started before."""
        if self._stage == "started":
            raise UsageError(
                "this runtime has been started already", hint="use one `with` for each runtime"
            )
        if self._stage == "ended":
            raise _ended()
        self._loop = _running()
        self._process = os.getpid()
        self._stage = "started"

    def undo(self) -> None:
        """The start has failed and left nothing behind: it may be tried again."""
        self._stage = "new"

    def end(self) -> None:
        """It is over."""
        self._stage = "ended"

    def check(self) -> None:
        """Raises UsageError out of season."""
        if self._stage == "started" and self._loop is _running_or_none():
            return  # no forked child runs the loop of its parent
        if self._stage == "new":
            raise UsageError("this runtime has not been started", hint="use `async with`")
        if self.is_inherited():
            raise UsageError(
                "this runtime was started in another process",
                hint="start it after fork(), in each process of its own",
            )
        if self._stage == "ended":
            raise _ended()
        if self._loop is not _running():
            raise UsageError(
                "this runtime was started on another event loop",
                hint="use `fql.blocking.Runtime`, or `asyncio.run_coroutine_threadsafe` with its"
                " loop",
            )

    def is_inherited(self) -> bool:
        """Whether it is the parent's, seen from a forked child."""
        return self._process != os.getpid()


def _ended() -> UsageError:
    return UsageError("this runtime has ended", hint="start another one on the same store")


def _running_or_none() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


def _running() -> asyncio.AbstractEventLoop:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        raise UsageError(
            "a runtime needs an asyncio event loop",
            hint="use `fql.blocking.Runtime` in programs without one",
        ) from None
