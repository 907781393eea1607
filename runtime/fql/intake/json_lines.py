"""Event envelopes from a file or standard input, one JSON object per line."""

from __future__ import annotations

import asyncio
import logging
import queue
import sys
import threading
import uuid
from collections.abc import Container, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

from fql.errors import FqlError
from fql.exact.reading import read_foreign
from fql.intake.foreign import LONGEST_START, foreign_form, not_a_line, not_lines
from fql.intake.port import Arrival, Consumer, PlainSource
from fql.plan.model import Plan

logger = logging.getLogger("fql.intake.json_lines")

MAX_LINE = 16_000_000
"""Bytes of one line; a longer one is not an event."""

READ_AHEAD = 1_000
"""Lines held in memory before the engine has asked for them."""


class JsonLines(PlainSource):
    """Reads a file to its end, or standard input (`-`) as it comes.

    Each opening is an incarnation of its own: a file that is given again is distinguished by the
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
        self._pipe = False
        self._more = asyncio.Event()
        self._closed = False

    async def open(self, plan: Plan, consumer: Consumer | None = None) -> None:  # noqa: ARG002  (any will do)
        """Start reading. Raises FqlError when the file cannot be read."""
        if self._stream is None and not self._is_pipe():
            self._stream = self._opened()
        # A daemon: a read of standard input cannot be interrupted and must not hold up the exit.
        threading.Thread(
            target=self._read_in_thread, args=(asyncio.get_running_loop(),), daemon=True
        ).start()

    def _is_pipe(self) -> bool:
        """A named pipe is opened by the reading thread: that waits until somebody writes."""
        self._pipe = self._path != "-" and Path(self._path).is_fifo()
        return self._pipe

    def _opened(self) -> BinaryIO:
        if self._path == "-":
            return sys.stdin.buffer
        try:
            return Path(self._path).open("rb")
        except OSError as error:
            reason = error.strerror or str(error)
            raise FqlError(f"the events file {self._path} cannot be read: {reason}") from error

    def _read_in_thread(self, loop: asyncio.AbstractEventLoop) -> None:
        """The reading thread: lines into the queue, an empty one at the end."""
        try:
            self._read_lines(self._stream, loop)
        except (OSError, ValueError, FqlError) as error:  # ValueError: it was closed below us
            if not self._closed:
                logger.warning("%s cannot be read further: %s", self.name, error)
        self._put(b"", loop)

    def _read_lines(self, stream: BinaryIO | None, loop: asyncio.AbstractEventLoop) -> None:
        if stream is None:
            with self._opened() as pipe:
                self._read_lines(pipe, loop)
            return
        for line in lines(stream):
            if self._closed:
                return
            self._put(line, loop)

    def _put(self, line: bytes, loop: asyncio.AbstractEventLoop) -> None:
        self._lines.put(line)
        if not self._closed:
            loop.call_soon_threadsafe(self._more.set)

    async def fetch(self, limit: int) -> list[Arrival]:
        """The lines read and not done yet, oldest first."""
        while len(self._open) < limit and not self._lines.empty():
            self._take_line(self._lines.get_nowait())
        if self._lines.empty():
            self._more.clear()
        return list(self._open.values())[:limit]

    def _take_line(self, line: bytes) -> None:
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
        """Stop reading and close the file; standard input and pipes stay open, as a read of them
        may be under way."""
        self._closed = True
        while not self._lines.empty():
            self._lines.get_nowait()
        if self._stream is not None and self._path != "-" and not self._pipe:
            self._stream.close()


def lines(stream: BinaryIO) -> Iterator[bytes]:
    """The lines of a stream. Of one that is longer than MAX_LINE its beginning, still too long;
    of a file that has no lines of JSON its beginning alone."""
    most = MAX_LINE + len(b"\r\n")
    line = stream.readline(most)
    if not_lines(line[:LONGEST_START]):
        yield line
        return
    while line:
        rest = line
        while len(rest) == most and not rest.endswith(b"\n"):
            rest = stream.readline(most)
        yield line
        line = stream.readline(most)


def arrival(line: bytes, number: int) -> Arrival:
    """One line as an arrival; what is not JSON object has a `problem`."""
    if len(line.rstrip(b"\r\n")) > MAX_LINE:
        problem = f"line {number} is longer than {MAX_LINE // 1_000_000} MB"
        return _unreadable(line, number, problem)
    if number == 1 and (found := not_lines(line[:LONGEST_START])):
        return _unreadable(line, number, found)
    try:
        envelope = read_foreign(line)
    except ValueError as error:
        return _unreadable(line, number, f"line {number} is not JSON: {error}{_hint(line)}")
    if not isinstance(envelope, dict):
        return _unreadable(line, number, f"line {number} is not a JSON object{_hint(line)}")
    form = foreign_form(envelope)
    return Arrival(envelope, str(number), None, form and f"line {number}: {form}")


def _hint(line: bytes) -> str:
    hint = not_a_line(line)
    return hint and f"; {hint}"


def _unreadable(line: bytes, number: int, problem: str) -> Arrival:
    text = line[:10_000].decode("utf-8", "replace").rstrip("\r\n")
    return Arrival({"line": number, "text": text}, str(number), None, problem)
