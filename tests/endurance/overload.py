"""Hours of more work than receivers take, on a real engine, store and sockets. Prints each minute
what the healthy receiver, memory and the store are like.

    python -m tests.endurance.overload MINUTES [RATE]

One receiver answers RATE requests a second and is sent twice as many; one has a `rate_limit` of a
fifth of it and is sent twice as many; a healthy one gets a tenth. Then the feed ends.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fql.app import Runtime
from fql.engine.core.history.present import oldest_due
from fql.plan.model import Plan
from fql.plan.stored.codec import read_plan
from fql.settings.reading import read_settings
from fqlc import compile_text

PLAN = """
entity Order { id: ID @key, n: Int, at: String, note: String }
endpoint slow { url: "${RECEIVER}" }
endpoint limited { url: "${RECEIVER}" rate_limit: { max_per_second: %d, burst: 10 } }
endpoint quick { url: "${RECEIVER}" }
observer to_slow {
  on: Order.insert  when: note == "slow"
  webhook a { endpoint: slow path: "/slow" body: { n, at } }
}
observer to_limited {
  on: Order.insert  when: note == "limited"
  webhook b { endpoint: limited path: "/limited" body: { n, at } }
}
observer to_quick {
  on: Order.insert  when: note == "quick"
  webhook c { endpoint: quick path: "/quick" body: { n, at } }
}
"""
TICK = 0.05
"""Seconds between two bundles of events."""
BUNDLE = 200
"""Events at most in one: on a busy machine the feed falls back, and does not pile up callers."""
MINUTE = 60.0


class Feed:
    """Events at a steady rate, and how long each bundle took to be durable."""

    def __init__(self, runtime: Runtime, rate: float) -> None:
        self._runtime = runtime
        self._shares = {"slow": 2 * rate, "limited": 2 * rate / 5, "quick": rate / 10}
        self.emitted = dict.fromkeys(self._shares, 0)
        self.waits: list[float] = []

    async def run(self, seconds: float) -> None:
        begun = time.monotonic()
        while (past := time.monotonic() - begun) < seconds:
            due = [
                (kind, number)
                for kind, rate in self._shares.items()
                for number in range(self.emitted[kind], int(past * rate))
            ]
            asked = time.perf_counter()
            await asyncio.gather(*(self._emit(*one) for one in due[:BUNDLE]))
            self.waits.append((time.perf_counter() - asked) * 1000)
            await asyncio.sleep(TICK)

    async def _emit(self, kind: str, number: int) -> None:
        self.emitted[kind] += 1
        row = {"id": f"{kind}-{number}", "n": number, "at": repr(time.time()), "note": kind}
        await self._runtime.emit("Order.insert", new=row)


@contextmanager
def receiver(rate: float) -> Iterator[subprocess.Popen[str]]:
    """A process of `slow_receiver`, ended afterwards."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.endurance.slow_receiver", str(rate)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def asked(process: subprocess.Popen[str]) -> dict[str, dict[str, float]]:
    """What came since it was asked last."""
    assert process.stdin is not None and process.stdout is not None
    process.stdin.write("\n")
    process.stdin.flush()
    told: dict[str, dict[str, float]] = json.loads(process.stdout.readline())
    return told


def inside(running: Runtime, folder: Path) -> dict[str, float]:
    """Memory and what is in it; the store in megabytes; open files; load of the machine."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    state, now = running.engine.state, int(time.time() * 1000)
    return {
        "rss_mb": pages * os.sysconf("SC_PAGE_SIZE") / 1e6, "runs_in_memory": len(state.runs),
        "open_runs": state.tally.open_runs, "oldest_due_s": (now - oldest_due(state, now)) / 1000,
        "store_mb": sum(one.stat().st_size for one in folder.iterdir()) / 1e6,
        "files": sum(1 for _ in Path("/proc/self/fd").iterdir()), "cpu_s": time.process_time(),
        "load": os.getloadavg()[0],
    }  # fmt: skip


def plan_of(rate: float) -> Plan:
    compilation = compile_text(PLAN % max(1, rate / 5))
    assert compilation.plan is not None, compilation.diagnostics
    return read_plan(compilation.plan)


async def report(
    running: Runtime, feed: Feed, folder: Path, process: subprocess.Popen[str]
) -> None:
    """A line for each minute."""
    begun = time.monotonic()
    while True:
        await asyncio.sleep(MINUTE)
        waits, feed.waits = sorted(feed.waits) or [0.0], []
        line: dict[str, object] = {
            "minute": round((time.monotonic() - begun) / MINUTE, 1),
            "emit_p50": waits[len(waits) // 2], "emit_max": waits[-1],
            **inside(running, folder), **asked(process),
        }  # fmt: skip
        print(json.dumps(line, default=str), flush=True)


async def main(minutes: float, rate: float) -> None:
    settings = read_settings('[egress]\nallow = ["127.0.0.0/8"]\n', "overload")
    with tempfile.TemporaryDirectory() as name, receiver(rate) as process:
        assert process.stdout is not None
        environment = {"RECEIVER": f"http://127.0.0.1:{int(process.stdout.readline())}"}
        async with Runtime(
            plan_of(rate), store=f"sqlite:///{name}/s.db", settings=settings,
            environment=environment, listeners=(),
        ) as running:  # fmt: skip
            feed = Feed(running, rate)
            reporting = asyncio.create_task(report(running, feed, Path(name), process))
            await feed.run(minutes * MINUTE)
            print(json.dumps({"fed": feed.emitted}), flush=True)
            await asyncio.sleep(MINUTE)
            reporting.cancel()


if __name__ == "__main__":
    asyncio.run(main(float(sys.argv[1]), float(sys.argv[2]) if sys.argv[2:] else 150.0))
