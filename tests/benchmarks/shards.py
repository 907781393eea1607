"""Two workers against one on a PostgreSQL store, with receivers that take 100 ms.

    python -m tests.benchmarks.shards [COUNT] [--rounds N]

Each worker is a process with 32 requests under way at most, so that those are scarce and not the
cores. It hands in its part of COUNT events and works until all engines are idle. One and two take
turns, each in a database of its own; the server's files are on disk, with fsync. CPU is that of the
workers, and of all processes of the server.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

from fql import Runtime, load_plan
from fql.cli.running.loops import on_fast_loop
from fql.settings.reading import read_settings
from fql.store.sharing.homes import fair_share
from tests.benchmarks.deliveries import make_plan
from tests.benchmarks.our_side import SETTINGS, cpu_seconds, load
from tests.benchmarks.postgresql.__main__ import cpu_of
from tests.benchmarks.receiver import ANSWER, Connection, Counter
from tests.servers import postgresql
from tests.servers.postgresql import Server

TAKES = 0.1
"""Seconds of a request at the receiver."""
UNDER_WAY = 32
SHARDS = 64


Popen = subprocess.Popen[str]


class Figures(NamedTuple):
    """Of one round. CPU in microseconds of a delivery."""

    rate: float
    cpu: float
    server: float


class Slow(Connection):
    """Answers after a while."""

    def _count(self, head: bytes) -> None:
        self.counter.count += 1
        asyncio.get_running_loop().call_later(TAKES, self.transport.write, ANSWER)


async def receive() -> None:
    """The receiving process: tells its port, serves until it is ended."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Slow(Counter()), "127.0.0.1", 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


async def work(plan: str, store: str, workers: int, count: int) -> None:
    """One worker: ready once all are there, begins when it is told."""
    text = f"{SETTINGS}[webhooks.dispatch]\nmax_in_flight = {UNDER_WAY}\n"
    settings = read_settings(text, "benchmark")
    async with Runtime(load_plan(plan), store=store, settings=settings) as runtime:
        state = runtime.engine.state
        while len(state.shards.mine) > fair_share(SHARDS, workers) or state.shards.live != workers:
            await asyncio.sleep(0.05)
        print("ready", flush=True)
        await asyncio.to_thread(sys.stdin.readline)
        cpu = cpu_seconds()
        await load(runtime, count)
        print(json.dumps({"cpu": cpu_seconds() - cpu}), flush=True)
        await asyncio.to_thread(sys.stdin.readline)


@contextmanager
def process(*arguments: str, **environment: str) -> Iterator[Popen]:
    """This module once more, with one of the parts above."""
    made = subprocess.Popen(
        [sys.executable, "-m", "tests.benchmarks.shards", *arguments], text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=os.environ | environment,
    )  # fmt: skip
    try:
        yield made
    finally:
        made.kill()
        made.wait()


def line(of: Popen) -> str:
    assert of.stdout is not None
    return of.stdout.readline().strip()


def go(one: Popen) -> None:
    assert one.stdin is not None
    one.stdin.write("\n")
    one.stdin.flush()


@contextmanager
def started(server: Server, plan: Path, workers: int, each: int) -> Iterator[list[Popen]]:
    """So many workers that are ready, and a receiver."""
    with ExitStack() as stack:
        receiver = stack.enter_context(process("receive"))
        url = stack.enter_context(server.database())
        port, database = line(receiver), url.split("?")[0].rpartition("/")[2]
        target = server.url(database, tcp=True)
        secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
        running = [
            stack.enter_context(
                process("work", str(plan), target, str(workers), str(each), BENCH_SECRET=secret,
                        RECEIVER=f"http://127.0.0.1:{port}")
            )
            for _ in range(workers)
        ]  # fmt: skip
        assert all(line(one) == "ready" for one in running)
        yield running


def measure(server: Server, plan: Path, workers: int, count: int) -> Figures:
    """One round with so many workers."""
    with started(server, plan, workers, count // workers) as running:
        used, began = cpu_of(server), time.perf_counter()
        for one in running:
            go(one)
        cpu = sum(json.loads(line(one))["cpu"] for one in running)
        seconds = time.perf_counter() - began
        used = cpu_of(server) - used
    return Figures(count / seconds, cpu / count * 1e6, used / count * 1e6)


def table(found: dict[int, list[Figures]]) -> None:
    """Medians, from least to most, and how many times two are one."""
    print("workers      deliveries/s            CPU us         server us")
    for workers, rounds in found.items():
        columns = [sorted(column) for column in zip(*rounds, strict=True)]
        cells = [f"{statistics.median(c):,.0f} ({c[0]:,.0f}-{c[-1]:,.0f})" for c in columns]
        print(f"{workers:7}", "  ".join(f"{cell:>16}" for cell in cells))
    one, two = (statistics.median(each.rate for each in found[number]) for number in (1, 2))
    print(f"two do {two / one:.2f} times the work of one")


def main(arguments: Sequence[str] = ()) -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("count", type=int, nargs="?", default=3000)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args(arguments)
    found: dict[int, list[Figures]] = {1: [], 2: []}
    with (
        tempfile.TemporaryDirectory() as name,
        postgresql.running({"fsync": "on", "shared_buffers": "128MB"}, on_disk=True) as server,
    ):
        plan = make_plan(Path(name))
        for number in range(given.rounds):
            for workers in (1, 2):
                found[workers].append(measure(server, plan, workers, given.count))
                print(f"round {number + 1}, load {os.getloadavg()[0]:.1f}: {workers} worker(s) "
                      f"{found[workers][-1]}", flush=True)  # fmt: skip
    table(found)


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["receive"]:
            on_fast_loop(receive())
        case ["work", plan, store, workers, count]:
            on_fast_loop(work(plan, store, int(workers), int(count)))
        case rest:
            main(rest)
