"""Durable deliveries on PostgreSQL beside Procrastinate, pgqueuer and DBOS, on one server.

    python -m tests.benchmarks.postgresql [COUNT] [--rounds N] [--beside PYTHON]

PYTHON is that of an environment with `requirements.txt`; without it our side runs alone. The sides
take turns, each in a database of its own, so that what else the machine does meets all of them. The
server's files are on disk, with fsync. CPU of the server is that of all its processes.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import psutil

from tests.benchmarks.deliveries import finish, make_plan, start
from tests.benchmarks.receiver import Receiver, receiver
from tests.servers import postgresql
from tests.servers.postgresql import Server

BESIDE = Path(__file__).with_name("beside.py")
OTHERS = ("procrastinate", "pgqueuer", "dbos")
PACED = 300


class Figures(NamedTuple):
    """Of one side in one round. Times in milliseconds, CPU in microseconds of a delivery."""

    rate: float
    cpu: float
    server: float
    p50: float
    p99: float


def cpu_of(server: Server) -> float:
    """Seconds of all processes of the server so far, those that have ended too."""
    assert server.process is not None
    time.sleep(1)  # who is just ending is counted by neither
    main = psutil.Process(server.process.pid)
    total = sum(main.cpu_times()[:4])
    for child in main.children():
        try:
            total += sum(child.cpu_times()[:2])
        except psutil.NoSuchProcess:
            continue
    return float(total)


class Bench:
    """One server, and a plan of ours."""

    def __init__(self, server: Server, folder: Path, beside: str | None) -> None:
        self.server, self.beside = server, beside
        self.plan = str(make_plan(folder))

    def run(
        self, name: str, mode: str, database: str, target: Receiver, count: int
    ) -> dict[str, Any]:
        """One side, in a process of its own."""
        if name == "fqlc":
            return finish(start(target, mode, self.plan, database, str(count)))
        assert self.beside is not None
        command = [self.beside, str(BESIDE), name, mode, database, target.url, str(count)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
        assert done.returncode == 0, done.stderr
        result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        return result

    def figures(self, name: str, count: int) -> Figures:
        """A load, then a steady trickle."""
        with self.server.database() as url, receiver() as target:
            before = cpu_of(self.server)
            load = self.run(name, "load", self._over_tcp(url), target, count)
            used = cpu_of(self.server) - before
            assert target.count() >= count, "not every job reached the receiver"
        with self.server.database() as url, receiver() as target:
            times = self.run(name, "paced", self._over_tcp(url), target, PACED)["times"]
            first = target.ask("keys")["first"]
        assert isinstance(first, dict) and len(first) == PACED, "each job has a key of its own"
        waits = sorted(
            (came - sent) * 1000 for came, sent in zip(sorted(first.values()), times, strict=True)
        )
        return Figures(
            count / load["seconds"], load["cpu_us"], used / count * 1e6,
            statistics.median(waits), waits[int(len(waits) * 0.99)],
        )  # fmt: skip

    def _over_tcp(self, url: str) -> str:
        return self.server.url(url.split("?")[0].rpartition("/")[2], tcp=True)


def table(found: dict[str, list[Figures]]) -> None:
    """Medians, and from least to most."""
    print(
        "                 deliveries/s        CPU us       server us         p50 ms         p99 ms"
    )
    for name, rounds in found.items():
        columns = [sorted(column) for column in zip(*rounds, strict=True)]
        cells = [
            f"{statistics.median(one):,.{digits}f} ({one[0]:,.{digits}f}-{one[-1]:,.{digits}f})"
            for one, digits in zip(columns, (0, 0, 0, 1, 1), strict=True)
        ]
        print(f"{name:14}", "  ".join(f"{cell:>20}" for cell in cells))


def main(arguments: Sequence[str] = ()) -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("count", type=int, nargs="?", default=4000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--beside", default=os.environ.get("FQL_BENCH_PYTHON"))
    given = parser.parse_args(arguments)
    names = ("fqlc", *(OTHERS if given.beside else ()))
    found: dict[str, list[Figures]] = defaultdict(list)
    with (
        tempfile.TemporaryDirectory() as name,
        postgresql.running({"fsync": "on", "shared_buffers": "128MB"}, on_disk=True) as server,
    ):
        bench = Bench(server, Path(name), given.beside)
        for number in range(given.rounds):
            for side in names[number % len(names) :] + names[: number % len(names)]:
                found[side].append(bench.figures(side, given.count))
                print(f"round {number + 1}, load {os.getloadavg()[0]:.1f}: {side} "
                      f"{found[side][-1]}", flush=True)  # fmt: skip
    table(found)


if __name__ == "__main__":
    main(sys.argv[1:])
