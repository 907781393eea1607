"""Memory and rate of intake while events wait for a receiver that is dead.

    python -m tests.benchmarks.backlog [COUNT]

Each tenth of the events is timed by itself: the rate must not fall as the backlog grows. Memory
is the resident size of the process, which emits, keeps the store and tries the receiver.
"""

from __future__ import annotations

import asyncio
import os
import socket
import sys
import tempfile
import time
from pathlib import Path

import psutil

from fql import Runtime, load_plan
from fql.settings.reading import read_settings
from tests.benchmarks.deliveries import make_plan
from tests.benchmarks.our_side import SETTINGS, row

CALLERS = 256


async def emit_some(runtime: Runtime, count: int) -> float:
    """Seconds until `count` events were durable."""
    numbers = iter(range(count))

    async def caller() -> None:
        for number in numbers:
            await runtime.emit("Order.insert", new=row(number))

    began = time.perf_counter()
    await asyncio.gather(*(caller() for _ in range(CALLERS)))
    return time.perf_counter() - began


async def fill(plan: Path, store: str, count: int) -> None:
    """Ten tenths, each with its rate and the memory after it."""
    settings = read_settings(SETTINGS, "benchmark")
    process = psutil.Process()
    async with Runtime(load_plan(plan), store=store, settings=settings) as runtime:
        before = process.memory_info().rss
        for tenth in range(1, 11):
            seconds = await emit_some(runtime, count // 10)
            now = process.memory_info().rss
            print(f"{tenth * count // 10:>9,} waiting   {count // 10 / seconds:7,.0f}/s   "
                  f"{now / 1e6:5.0f} MB ({(now - before) / 1e6:+.0f} MB)", flush=True)  # fmt: skip


def main(count: int = 200_000) -> None:
    with tempfile.TemporaryDirectory() as name, socket.socket() as dead:
        dead.bind(("127.0.0.1", 0))  # bound and not listening: every connection is refused
        os.environ["RECEIVER"] = f"http://127.0.0.1:{dead.getsockname()[1]}"
        os.environ["BENCH_SECRET"] = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
        asyncio.run(fill(make_plan(Path(name)), f"sqlite:///{name}/backlog.db", count))


if __name__ == "__main__":
    main(*(int(a) for a in sys.argv[1:2]))
