"""The yardstick: the same design in as few lines as it takes, and nothing of the product.

Events are emitted by many callers at once and committed in groups with `synchronous=FULL`; each is
sent once its group is durable, as a POST of 1 KB on a connection that is kept, and what has come
back is committed with the next group; what failed is sent again. No condition, template, signature,
deadline, history or check of what is sent or of where it goes, and of an answer the status is read.

    python -m tests.benchmarks.prototype [COUNT]               both sides, in turns
    python -m tests.benchmarks.prototype DATABASE PORT COUNT   this side alone
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import cast

from fql.cli.running.loops import on_fast_loop
from tests.benchmarks.deliveries import finish, make_plan, start
from tests.benchmarks.our_side import CALLERS, cpu_seconds
from tests.benchmarks.our_side import row as made_row
from tests.benchmarks.receiver import Receiver, receiver

IN_FLIGHT = 256


class Wire(asyncio.Protocol):
    """One connection: a request at a time, whose answer ends it."""

    def __init__(self, prototype: Prototype) -> None:
        self.prototype, self.sent = prototype, (0, b"")

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)

    def send(self, number: int, body: bytes) -> None:
        self.sent = number, body
        self.transport.write(self.prototype.head % (number, len(body)) + body)

    def data_received(self, data: bytes) -> None:
        self.prototype.ended(self, ok=data[9:10] == b"2")


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
        self.done: list[tuple[int]] = []
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

    def ended(self, wire: Wire, *, ok: bool) -> None:
        self.idle.append(wire)
        if ok:
            self.done.append((wire.sent[0],))
        else:
            self.ready.append(wire.sent)
        self.news.set()

    def commit(self, new: list[tuple[int, str]], done: list[tuple[int]]) -> None:
        self.db.execute("BEGIN IMMEDIATE")
        self.db.executemany("INSERT INTO event VALUES(?, ?, 0)", new)
        self.db.executemany("UPDATE event SET done = 1 WHERE id = ?", done)
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


async def side(database: str, port: int, count: int) -> None:
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


def prototyped(target: Receiver, database: Path, count: int) -> dict[str, float]:
    """So many deliveries of the prototype in a process of its own."""
    command = [sys.executable, "-m", "tests.benchmarks.prototype"]
    process = subprocess.Popen(
        [*command, str(database), str(target.port), str(count)], stdout=subprocess.PIPE, text=True
    )
    return finish(process)


def main(count: int = 8_000, rounds: int = 4) -> None:
    """Both sides in turns. CPU is the steadier figure, and the least of several turns of that."""
    ours: list[float] = []
    theirs: list[float] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        plan = make_plan(folder)
        for turn in range(rounds):
            with receiver() as target:
                store = f"sqlite:///{folder}/ours{turn}.db"
                ours.append(finish(start(target, "load", str(plan), store, str(count)))["cpu_us"])
                assert target.count() >= count, "not every event reached the receiver"
            with receiver() as target:
                database = folder / f"prototype{turn}.db"
                theirs.append(prototyped(target, database, count)["cpu_us"])
                assert target.count() == count
    for who, cpu in (("fqlc", ours), ("prototype", theirs)):
        print(f"{who:9}  {min(cpu):6.0f} us CPU each ({', '.join(f'{one:.0f}' for one in cpu)})")
    print(f"ratio      {min(ours) / min(theirs):6.1f}")


if __name__ == "__main__":
    if len(sys.argv) > 2:
        on_fast_loop(side(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
    else:
        main(*(int(a) for a in sys.argv[1:2]))
