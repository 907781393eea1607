"""Durable deliveries in one process: throughput and CPU, latency at 100 a second, and how long
work in flight waits after `kill -9`. Beside others: `tests.benchmarks.peers`.

python -m tests.benchmarks.deliveries [COUNT]
"""

from __future__ import annotations

import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import fqlc
from tests.benchmarks.receiver import Receiver, receiver

HERE = Path(__file__).parent


def make_plan(folder: Path) -> Path:
    """Compile the benchmark's observer."""
    compilation = fqlc.compile_paths([str(HERE / "shop.fql")])
    assert compilation.plan is not None, compilation.diagnostics
    path = folder / "plan.json"
    path.write_bytes(compilation.plan)
    return path


def start(target: Receiver, *arguments: str) -> subprocess.Popen[str]:
    """Start our side in a process of its own."""
    environment = os.environ | {
        "RECEIVER": target.url,
        "BENCH_SECRET": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    }
    return subprocess.Popen(
        [sys.executable, "-m", "tests.benchmarks.our_side", *arguments],
        stdout=subprocess.PIPE, text=True, env=environment,
    )  # fmt: skip


def finish(process: subprocess.Popen[str]) -> dict[str, float]:
    """The result line of a process that was started."""
    out, _ = process.communicate(timeout=300)
    result: dict[str, float] = json.loads(out.splitlines()[-1])
    return result


def throughput(folder: Path, count: int) -> None:
    """As many as it takes, from 512 callers in the same process."""
    plan = make_plan(folder)
    with receiver() as target:
        ours = finish(start(target, "load", str(plan), f"sqlite:///{folder}/ours.db", str(count)))
        assert target.count() >= count, "not every event reached the receiver"
    rate = count / ours["seconds"]
    print(f"durable deliveries      {rate:8,.0f}/s {ours['cpu_us']:6.0f} us CPU each")


def latency(folder: Path, count: int = 1000) -> None:
    """From the call of `emit` to the arrival at the receiver, 100 events a second."""
    plan = make_plan(folder)
    with receiver() as target:
        process = start(target, "paced", str(plan), f"sqlite:///{folder}/paced.db", str(count))
        out, _ = process.communicate(timeout=300)
        times = json.loads(out.splitlines()[-1])["times"]
        first = target.ask("keys")["first"]
        assert isinstance(first, dict) and len(first) == count, "each event has a key of its own"
    arrivals = sorted(first.values())
    waits = sorted((a - t) * 1000 for a, t in zip(arrivals, times, strict=True))
    print(f"latency at 100/s        p50 {statistics.median(waits):.2f} ms  "
          f"p99 {waits[int(len(waits) * 0.99)]:.2f} ms")  # fmt: skip


def recovery(folder: Path, count: int = 3000) -> None:
    """Kill in the middle of the load, start again, time until the first of the rest arrives."""
    plan = make_plan(folder)
    store = f"sqlite:///{folder}/killed.db"
    with receiver() as target:
        process = start(target, "load", str(plan), store, str(count))
        while target.count() < count // 3:
            time.sleep(0.005)
        process.send_signal(signal.SIGKILL)
        process.wait()
        time.sleep(0.2)
        before, restart = target.count(), time.time()
        process = start(target, "resume", str(plan), store)
        while target.count() == before and process.poll() is None:
            time.sleep(0.002)
        waited = time.time() - restart
        finish(process)
        print(f"after kill -9           sent again {waited * 1000:.0f} ms after the new process "
              f"was started (of {before} before, {target.count()} in all)")  # fmt: skip


def main(count: int = 20_000) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        throughput(folder, count)
        latency(folder)
        recovery(folder)


if __name__ == "__main__":
    main(*(int(a) for a in sys.argv[1:2]))
