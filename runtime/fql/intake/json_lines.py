"""Event envelopes from a file or standard input, one JSON object a line."""

from __future__ import annotations

import asyncio
import queue
import sys
import threading
import uuid
from collections.abc import Container, Sequence
from pathlib import Path
from typing import BinaryIO

from fql.errors import FqlError
from fql.exact.reading import read_foreign
from fql.intake.port import Arrival, Consumer, PlainSource
from fql.plan.model import Plan

MAX_LINE = 16_000_000
"""Bytes of one line; a longer one is no event."""

READ_AHEAD = 1_000
"""Lines held in memory before the engine has asked for them."""


class JsonLines(PlainSource):
    """Reads a file to its end, or standard input (`-`) as it comes.

    Each opening is an incarnation of its own: a file that is given again is told apart by the
    `key` or `id` of its events, so events with one of them may be repeated after a crash.
    """

    supplies_old: bool | Container[str] = True

    def __init__(self, path: str, *, stream: BinaryIO | None = None) -> None:
        self.name = "stdin" if path == "-" else path
        self.incarnation = uuid.uuid4().hex
        self.ended = False
        self._path = path
        self._stream = stream
        self._line = 0
        self._open: dict[str, Arrival] = {}
        self._lines: queue.Queue[bytes] = queue.Queue(READ_AHEAD)
        self._more = asyncio.Event()
        self._closed = False

    async def open(self, plan: Plan, consumer: Consumer | None = None) -> None:  # noqa: ARG002  (any will do)
        """Start reading. Raises FqlError when the file cannot be read."""
        if self._stream is None:
            self._stream = self._opened()
        # A daemon: a read of standard input cannot be interrupted and must not hold up the exit.
        threading.Thread(
            target=self._read, args=(self._stream, asyncio.get_running_loop()), daemon=True
        ).start()

    def _opened(self) -> BinaryIO:
        if self._path == "-":
            return sys.stdin.buffer
        try:
            return Path(self._path).open("rb")
        except OSError as error:
            reason = error.strerror or str(error)
            raise FqlError(f"the events file {self._path} cannot be read: {reason}") from error

    def _read(self, stream: BinaryIO, loop: asyncio.AbstractEventLoop) -> None:
        """The reading thread: lines into the queue, an empty one at the end."""
        line = b"\n"
        while line and not self._closed:
            line = stream.readline(MAX_LINE)
            self._lines.put(line)
            if not self._closed:
                loop.call_soon_threadsafe(self._more.set)

    async def fetch(self, limit: int) -> list[Arrival]:
        """The lines read and not done yet, oldest first."""
        while len(self._open) < limit and not self._lines.empty():
            self._take(self._lines.get_nowait())
        if self._lines.empty():
            self._more.clear()
        return list(self._open.values())[:limit]

    def _take(self, line: bytes) -> None:
        self._line += 1
        self.ended = not line
        if line.strip():
            self._open[str(self._line)] = arrival(line, self._line)

    async def done(self, arrivals: Sequence[Arrival]) -> None:
        """Forget these lines."""
        for item in arrivals:
            self._open.pop(item.position, None)

    async def wait(self, timeout: float) -> None:  # noqa: ASYNC109  (the port's own word)
        """Until a line has come, or the time is over (seconds)."""
        waiting = asyncio.ensure_future(self._more.wait())
        await asyncio.wait({waiting}, timeout=timeout)
        waiting.cancel()

    async def close(self) -> None:
        """Stop reading and close the file; standard input stays open."""
        self._closed = True
        while not self._lines.empty():
            self._lines.get_nowait()
        if self._stream is not None and self._path != "-":
            self._stream.close()


def arrival(line: bytes, number: int) -> Arrival:
    """One line as an arrival; what is no JSON object has a `problem`."""
    try:
        envelope = read_foreign(line)
    except ValueError as error:
        return _unreadable(line, number, f"line {number} is not JSON: {error}")
    if not isinstance(envelope, dict):
        return _unreadable(line, number, f"line {number} is not a JSON object")
    return Arrival(envelope, str(number))


def _unreadable(line: bytes, number: int, problem: str) -> Arrival:
    text = line[:10_000].decode("utf-8", "replace").rstrip("\r\n")
    return Arrival({"line": number, "text": text}, str(number), None, problem)
