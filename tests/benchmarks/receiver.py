"""A receiver that costs next to nothing: answers 200 to every POST and counts.

Runs in a process of its own, so that its CPU is not the sender's. It prints its port, and on
every line read from standard input the number of requests and the time of the latest one.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast

BODY = b'{"status":"accepted","reference":"r-1234567890","received":"%s"}' % (b"x" * 200)
ANSWER = (
    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(BODY)
) + BODY
"""Receivers answer with something, and senders have to read it."""


class Counter:
    """What arrived: how many, and per `webhook-id` when the first one came."""

    def __init__(self) -> None:
        self.count = 0
        self.latest = 0.0
        self.first: dict[str, float] = {}


class Connection(asyncio.Protocol):
    """The least HTTP/1.1 that a well-behaved sender needs; requests carry Content-Length."""

    def __init__(self, counter: Counter) -> None:
        self.counter = counter
        self.buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        while (end := self.buffer.find(b"\r\n\r\n")) >= 0:
            head = self.buffer[:end].lower()
            start = head.find(b"content-length:")
            length = int(head[start + 15 :].split(b"\r\n", 1)[0]) if start >= 0 else 0
            if len(self.buffer) < end + 4 + length:
                return
            self.buffer = self.buffer[end + 4 + length :]
            self._count(head)

    def _count(self, head: bytes) -> None:
        counter = self.counter
        counter.count += 1
        counter.latest = time.time()
        start = head.find(b"webhook-id:")
        if start >= 0:
            key = head[start + 11 :].split(b"\r\n", 1)[0].strip().decode()
            counter.first.setdefault(key, counter.latest)
        self.transport.write(ANSWER)


async def serve() -> None:
    counter = Counter()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Connection(counter), "127.0.0.1", 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    reader = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := await reader.readline():
        answer: dict[str, object] = {"count": counter.count, "latest": counter.latest}
        if line.strip() == b"keys":
            answer["first"] = counter.first
        print(json.dumps(answer), flush=True)


class Receiver:
    """The receiver as its starter sees it."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        assert process.stdout is not None
        self.port = int(process.stdout.readline())
        self.url = f"http://127.0.0.1:{self.port}"

    def ask(self, question: str = "count") -> dict[str, object]:
        """`count`: how many requests came; `keys`: also when each key came first."""
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.write(question + "\n")
        self.process.stdin.flush()
        answer: dict[str, object] = json.loads(self.process.stdout.readline())
        return answer

    def count(self) -> int:
        count = self.ask()["count"]
        assert isinstance(count, int)
        return count


@contextmanager
def receiver() -> Iterator[Receiver]:
    """Start a receiver process and end it afterwards."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.benchmarks.receiver"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        yield Receiver(process)
    finally:
        process.kill()
        process.wait()


if __name__ == "__main__":
    try:
        import uvloop
    except ImportError:
        asyncio.run(serve())
    else:
        uvloop.run(serve())
