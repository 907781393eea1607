"""The same job with what a user of PostgreSQL in Python would pick instead.

    python beside.py NAME MODE DATABASE RECEIVER COUNT

It runs in an environment of its own (`requirements.txt`) and uses nothing of ours. NAME is
`procrastinate`, `pgqueuer` or `dbos`. COUNT jobs each POST 1 KB of JSON, with a retry on failure,
64 at a time. In the mode `load` they are put in first, in groups where there is such a call, and
then worked off; in `paced` 100 a second are put in while they are worked off. Prints one line of
JSON. The requests are made by the least client that keeps its connections.
"""

from __future__ import annotations

import asyncio
import http.client
import json
import logging
import os
import resource
import sys
import threading
import time
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlsplit

AT_ONCE = 64
GROUP = 256
NOTE = "x" * 850
Put = Callable[[range], Awaitable[None]]


def row(number: int) -> dict[str, object]:
    """An event of 1 KB."""
    return {"id": f"o{number}", "status": "shipped", "total": "100.00", "note": NOTE}


def cpu() -> float:
    """Seconds of this process."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


class Sender:
    """Posts with connections that are kept."""

    def __init__(self, url: str, count: int) -> None:
        self.host = urlsplit(url)
        self.left = count
        self.done = asyncio.Event()
        self._free: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []

    async def post(self, number: int, body: object) -> None:
        """One request, to its end."""
        text = json.dumps(body).encode()
        head = (
            f"POST /orders HTTP/1.1\r\nHost: {self.host.netloc}\r\nwebhook-id: {number}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(text)}\r\n\r\n"
        )
        if self._free:
            reader, writer = self._free.pop()
        else:
            reader, writer = await asyncio.open_connection(self.host.hostname, self.host.port)
        writer.write(head.encode() + text)
        answer = await reader.readuntil(b"\r\n\r\n")
        if not answer.startswith(b"HTTP/1.1 2"):
            raise RuntimeError(answer.decode())
        length = answer.lower().partition(b"content-length:")[2]
        await reader.readexactly(int(length.split(b"\r\n", 1)[0]))
        self._free.append((reader, writer))
        self.left -= 1
        if not self.left:
            self.done.set()


async def timed(mode: str, count: int, put: Put, work: Callable[[], Awaitable[object]],
                done: asyncio.Event) -> dict[str, object]:  # fmt: skip
    """Put the jobs in and have them worked off; says how long that took."""
    begin, used, times = time.perf_counter(), cpu(), list[float]()
    working: asyncio.Future[object] | None = None
    if mode == "load":
        for first in range(0, count, GROUP):
            await put(range(first, min(first + GROUP, count)))
    enqueued = time.perf_counter()
    working = asyncio.ensure_future(work())
    if mode == "paced":
        await asyncio.sleep(2)
        begin, used = time.perf_counter(), cpu()
        for number in range(count):
            times.append(time.time())
            await put(range(number, number + 1))
            await asyncio.sleep(max(0.0, begin + (number + 1) * 0.01 - time.perf_counter()))
    await done.wait()
    end = time.perf_counter()
    working.cancel()
    return {
        "seconds": end - begin, "enqueue": enqueued - begin, "times": times,
        "cpu_us": (cpu() - used) / count * 1e6,
    }  # fmt: skip


async def procrastinate(mode: str, database: str, sender: Sender, count: int) -> dict[str, object]:
    """Tasks of asyncio, woken by NOTIFY; jobs that succeeded are deleted."""
    import procrastinate as library

    app = library.App(connector=library.PsycopgConnector(conninfo=database, max_size=8))

    @app.task(queue="orders", retry=3)
    async def deliver(number: int, body: dict[str, object]) -> None:
        await sender.post(number, body)

    async def put(numbers: range) -> None:
        await deliver.batch_defer_async(*({"number": n, "body": row(n)} for n in numbers))

    async def work() -> None:
        await app.run_worker_async(
            concurrency=AT_ONCE, install_signal_handlers=False, delete_jobs="successful"
        )

    async with app.open_async():
        await app.schema_manager.apply_schema_async()
        return await timed(mode, count, put, work, sender.done)


async def pgqueuer(mode: str, database: str, sender: Sender, count: int) -> dict[str, object]:
    """Batches of 64 over asyncpg, its default driver."""
    import asyncpg
    from pgqueuer import AsyncpgDriver, PgQueuer, Queries

    queries = Queries(AsyncpgDriver(await asyncpg.connect(database)))
    await queries.install()
    app = PgQueuer(AsyncpgDriver(await asyncpg.connect(database)))

    @app.entrypoint("deliver")
    async def deliver(job: Any) -> None:
        body = json.loads(job.payload)
        await sender.post(int(body["id"][1:]), body)

    async def put(numbers: range) -> None:
        bodies: list[bytes | None] = [json.dumps(row(n)).encode() for n in numbers]
        await queries.enqueue(["deliver"] * len(bodies), bodies, [0] * len(bodies))

    return await timed(mode, count, put, lambda: app.run(batch_size=AT_ONCE), sender.done)


async def dbos(mode: str, database: str, sender: Sender, count: int) -> dict[str, object]:
    """A workflow of one step for each job, on a queue that is looked at each 50 ms."""
    from dbos import DBOS

    DBOS(config={"name": "bench", "system_database_url": database, "log_level": "CRITICAL"})
    local, lock, loop = threading.local(), threading.Lock(), asyncio.get_running_loop()

    @DBOS.step(retries_allowed=True, max_attempts=3)
    def post(number: int, body: dict[str, object]) -> None:
        if not hasattr(local, "client"):
            local.client = http.client.HTTPConnection(sender.host.hostname or "", sender.host.port)
        headers = {"Content-Type": "application/json", "webhook-id": str(number)}
        local.client.request("POST", "/orders", json.dumps(body), headers)
        answer = local.client.getresponse()
        answer.read()
        if answer.status >= 300:
            raise RuntimeError(f"status {answer.status}")
        with lock:
            sender.left -= 1
            if not sender.left:
                loop.call_soon_threadsafe(sender.done.set)

    @DBOS.workflow()
    def deliver(number: int, body: dict[str, object]) -> None:
        post(number, body)

    DBOS.launch()
    queue = await asyncio.to_thread(
        DBOS.register_queue, "orders", worker_concurrency=AT_ONCE, polling_interval_sec=0.05
    )

    def enqueue(numbers: range) -> None:
        for number in numbers:
            queue.enqueue(deliver, number, row(number))

    async def put(numbers: range) -> None:
        await asyncio.to_thread(enqueue, numbers)

    return await timed(mode, count, put, lambda: asyncio.sleep(0), sender.done)


async def main(name: str, mode: str, database: str, url: str, count: int) -> None:
    logging.disable(logging.CRITICAL)
    sides = {"procrastinate": procrastinate, "pgqueuer": pgqueuer, "dbos": dbos}
    result = await sides[name](mode, database, Sender(url, count), count)
    print(json.dumps(result), flush=True)
    os._exit(0)  # workers that wait are of no interest any more


if __name__ == "__main__":
    import uvloop

    name, mode, database, url, count = sys.argv[1:]
    uvloop.run(main(name, mode, database, url, int(count)))
