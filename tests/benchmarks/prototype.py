"""The yardstick: the same design in as few lines as it takes, and nothing of the product.

Events are emitted by many callers at once and committed in groups with `synchronous=FULL`; each is
sent once its group is durable, as a POST of 1 KB on a connection that is kept, and what has come
back is committed with the next group. No condition, no signature, no retry, no history, no check of
what is sent or of where it goes, and an answer is read by its first twelve bytes.

    python -m tests.benchmarks.prototype DATABASE PORT COUNT
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
import sys
import time
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from typing import cast

from tests.benchmarks.our_side import CALLERS, cpu_seconds, run_quickly
from tests.benchmarks.our_side import row as made_row

IN_FLIGHT = 256


class Wire(asyncio.Protocol):
    """One connection: a request at a time, whose answer ends it."""

    def __init__(self, prototype: Prototype) -> None:
        self.prototype, self.number = prototype, 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)

    def send(self, number: int, body: bytes) -> None:
        self.number = number
        self.transport.write(self.prototype.head % (number, len(body)) + body)

    def data_received(self, data: bytes) -> None:
        self.prototype.ended(self, self.number, ok=data[9:12] == b"200")


class Prototype:
    """The engine: one commit a cycle, and only then the sends."""

    def __init__(self, database: str, port: int) -> None:
        self.head = (b"POST /orders/%%d HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nContent-Type: "
                     b"application/json\r\nContent-Length: %%d\r\n\r\n" % port)  # fmt: skip
        self.port, self.numbers = port, 0
        self.thread = ThreadPoolExecutor(1)
        self.db = sqlite3.connect(database, isolation_level=None, check_same_thread=False)
        self.db.executescript(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
            "CREATE TABLE event(id INTEGER PRIMARY KEY, body TEXT, done INT)"
        )
        self.waiting: list[tuple[int, bytes, asyncio.Future[None]]] = []
        self.done: list[tuple[bool, int]] = []
        self.ready: deque[tuple[int, bytes]] = deque()
        self.idle: list[Wire] = []
        self.news, self.left = asyncio.Event(), 0

    async def emit(self, row: dict[str, object]) -> None:
        """Durable on return."""
        self.numbers += 1
        stored = asyncio.get_running_loop().create_future()
        self.waiting.append((self.numbers, json.dumps(row).encode(), stored))
        self.left += 1
        self.news.set()
        await stored

    def ended(self, wire: Wire, number: int, *, ok: bool) -> None:
        self.idle.append(wire)
        self.done.append((ok, number))
        self.news.set()

    def commit(self, new: list[tuple[int, str]], done: list[tuple[bool, int]]) -> None:
        self.db.execute("BEGIN IMMEDIATE")
        self.db.executemany("INSERT INTO event VALUES(?, ?, 0)", new)
        self.db.executemany("UPDATE event SET done = ? WHERE id = ?", done)
        self.db.execute("COMMIT")

    async def work(self) -> None:
        """Until all that was emitted has been delivered."""
        loop = asyncio.get_running_loop()
        for _ in range(IN_FLIGHT):
            _, wire = await loop.create_connection(lambda: Wire(self), "127.0.0.1", self.port)
            self.idle.append(wire)
        while True:
            await self.news.wait()
            self.news.clear()
            await asyncio.sleep(0)
            new, self.waiting, done, self.done = self.waiting, [], self.done, []
            rows = [(number, body.decode()) for number, body, _ in new]
            await loop.run_in_executor(self.thread, self.commit, rows, done)
            for number, body, stored in new:
                self.ready.append((number, body))
                stored.set_result(None)
            self.left -= len(done)
            while self.ready and self.idle:
                self.idle.pop().send(*self.ready.popleft())


async def main(database: str, port: int, count: int) -> None:
    prototype, numbers = Prototype(database, port), iter(range(count))
    work = asyncio.create_task(prototype.work())

    async def caller() -> None:
        for number in numbers:
            await prototype.emit(made_row(number))

    begin, cpu = time.perf_counter(), cpu_seconds()
    await asyncio.gather(*(caller() for _ in range(CALLERS)))
    while prototype.left:
        await asyncio.sleep(0.005)
    seconds, cpu = time.perf_counter() - begin, cpu_seconds() - cpu
    print(json.dumps({"seconds": seconds, "cpu_us": cpu / count * 1e6}), flush=True)
    work.cancel()


if __name__ == "__main__":
    run_quickly(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
