"""A TCP proxy between sender and receiver that makes the troubles of real networks."""

from __future__ import annotations

import asyncio
import random
import socket
import struct
import threading
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Literal, Self

Kind = Literal["none", "delay", "drip", "reset", "cut", "half_close", "swallow", "black_hole"]
CHUNK = 65_536
AT_ONCE = struct.pack("ii", 1, 0)
"""SO_LINGER with no time: closing sends RST."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """What happens to one connection, once `after` bytes of answers have passed.

    `delay` holds each piece back for some seconds, `drip` lets a byte through every so often;
    `reset` sends RST, `cut` closes, `half_close` ends the answers and goes on listening, `swallow`
    lets no more answers through. A `black_hole` takes the connection and does nothing at all.
    """

    kind: Kind = "none"
    after: int = 0
    seconds: float = 0.0


NONE = Trouble()
Choose = Callable[[], Trouble]


def drawn(rng: random.Random, rate: float, longest: float) -> Choose:
    """Troubles drawn for a share of the connections; they come in the middle of some answer."""
    kinds: tuple[Kind, ...] = (
        "delay", "drip", "reset", "cut", "half_close", "swallow", "black_hole",
    )  # fmt: skip

    def choose() -> Trouble:
        if rng.random() >= rate:
            return NONE
        return Trouble(rng.choice(kinds), rng.randrange(600), rng.uniform(0, longest))

    return choose


class FaultProxy:
    """Listens on a free port of loopback, on a thread of its own, and hands everything on to
    `port`. `choose` is asked once for each connection; `met` counts what it said."""

    def __init__(self, port: int, choose: Choose) -> None:
        self._target = port
        self._choose = choose
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._main()))
        self._tasks: set[asyncio.Task[None]] = set()
        self.met: Counter[str] = Counter()
        self.port = 0

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._ready.wait(10)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()

    @property
    def url(self) -> str:
        """Where senders go instead of the receiver."""
        return f"http://127.0.0.1:{self.port}"

    async def _main(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        await self._stop.wait()
        server.close()
        while self._tasks:
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.sleep(0)  # what was aborted closes in the next round of the loop

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.get_running_loop().create_task(self._serve(reader, writer))
        self._tasks.add(task)

        def over(_: asyncio.Task[None]) -> None:
            self._tasks.discard(task)
            writer.transport.abort()

        task.add_done_callback(over)
        if self._stop.is_set():
            task.cancel()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        trouble = self._choose()
        self.met[trouble.kind] += 1
        if trouble.kind == "black_hole":
            await asyncio.Event().wait()
        await self._join(reader, writer, trouble)

    async def _join(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, trouble: Trouble
    ) -> None:
        """Hand both directions on until one of them is over."""
        answers, requests = await asyncio.open_connection("127.0.0.1", self._target)
        both = [
            asyncio.create_task(_hand_on(reader, requests)),
            asyncio.create_task(_answer(answers, writer, trouble)),
        ]
        try:
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in both:
                task.cancel()
            await asyncio.gather(*both, return_exceptions=True)
            requests.transport.abort()


async def _hand_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while data := await reader.read(CHUNK):
            writer.write(data)
            await writer.drain()


async def _answer(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, trouble: Trouble
) -> None:
    """Pass `after` bytes on as they come, then make trouble."""
    left = trouble.after if trouble.kind != "none" else None
    with suppress(ConnectionError):
        while data := await reader.read(CHUNK):
            passed = data if left is None else data[:left]
            writer.write(passed)
            await writer.drain()
            if left is not None:
                left -= len(passed)
            if len(passed) < len(data):
                await _trouble(reader, writer, trouble, data[len(passed) :])
                return


async def _trouble(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, trouble: Trouble, rest: bytes
) -> None:
    match trouble.kind:
        case "reset":
            raw: socket.socket = writer.get_extra_info("socket")
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, AT_ONCE)
        case "half_close":
            writer.write_eof()
            await asyncio.Event().wait()
        case "swallow":
            await asyncio.Event().wait()
        case "delay" | "drip":
            await _slowly(reader, writer, trouble, rest)


async def _slowly(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, trouble: Trouble, rest: bytes
) -> None:
    size = 1 if trouble.kind == "drip" else CHUNK
    while rest:
        for begin in range(0, len(rest), size):
            await asyncio.sleep(trouble.seconds)
            writer.write(rest[begin : begin + size])
            await writer.drain()
        rest = await reader.read(CHUNK)
