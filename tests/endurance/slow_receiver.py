"""A receiver in a process of its own that is slower than what it is fed.

    python -m tests.endurance.slow_receiver RATE

`/slow` answers at most RATE requests a second and lets the others wait, everything else at once.
Bodies are JSON with `n`, the number of the event, and `at`, the Unix time at which it was emitted.
It prints its port, and for each line that it reads what came by path since the last one.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections import defaultdict, deque
from dataclasses import dataclass, field
from typing import cast

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"


@dataclass(slots=True)
class Arrived:
    """What came at one path. `passed` is by how many younger events one was overtaken at most."""

    count: int = 0
    highest: int = 0
    passed: int = 0
    waits: list[float] = field(default_factory=list)

    def take(self, number: int, at: float) -> None:
        self.count += 1
        self.passed = max(self.passed, self.highest - number)
        self.highest = max(self.highest, number)
        self.waits.append((time.time() - at) * 1000)

    def told(self) -> dict[str, float]:
        """Milliseconds from `emit` to here since the last time it was asked."""
        waits, self.waits = sorted(self.waits), []
        if not waits:
            return {"count": self.count, "passed": self.passed}
        return {
            "count": self.count, "passed": self.passed, "p50": waits[len(waits) // 2],
            "p99": waits[len(waits) * 99 // 100], "max": waits[-1],
        }  # fmt: skip


class Receiver:
    """What arrived by path, and who waits for an answer."""

    def __init__(self, rate: float) -> None:
        self.rate = rate
        self.waiting: deque[asyncio.Transport] = deque()
        self.arrived: dict[str, Arrived] = defaultdict(Arrived)

    def take(self, path: str, body: bytes, transport: asyncio.Transport) -> None:
        told = json.loads(body)
        self.arrived[path].take(int(told["n"]), float(told["at"]))
        if path == "/slow":
            self.waiting.append(transport)
        else:
            transport.write(ANSWER)

    async def answer(self) -> None:
        """What waits, at the rate."""
        begun, answered = time.monotonic(), 0
        while True:
            await asyncio.sleep(0.02)
            due = int((time.monotonic() - begun) * self.rate)
            for _ in range(min(due - answered, len(self.waiting))):
                self.waiting.popleft().write(ANSWER)
            answered = due


class Connection(asyncio.Protocol):
    """The least HTTP/1.1 that a well-behaved sender needs; requests carry Content-Length."""

    def __init__(self, receiver: Receiver) -> None:
        self._receiver = receiver
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while (end := self._buffer.find(b"\r\n\r\n")) >= 0:
            head = self._buffer[:end].lower()
            length = int(head.split(b"content-length:", 1)[1].split(b"\r\n", 1)[0])
            if len(self._buffer) < end + 4 + length:
                return
            body = self._buffer[end + 4 : end + 4 + length]
            self._buffer = self._buffer[end + 4 + length :]
            self._receiver.take(head.split(b" ", 2)[1].decode(), body, self._transport)


async def serve(rate: float) -> None:
    receiver = Receiver(rate)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Connection(receiver), "127.0.0.1", 0, backlog=1024)
    answering = loop.create_task(receiver.answer())
    print(server.sockets[0].getsockname()[1], flush=True)
    reader = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while await reader.readline():
        print(json.dumps({path: one.told() for path, one in receiver.arrived.items()}), flush=True)
    answering.cancel()


if __name__ == "__main__":
    asyncio.run(serve(float(sys.argv[1])))
