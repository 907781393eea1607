"""Durable deliveries beside what a user would pick instead, in one run.

    python -m tests.benchmarks.peers [COUNT] [--rounds N] [--beside FOLDER]

FOLDER is made as `requirements.txt` says. The sides take turns. Each has a worker that is started
and warm, and another process that puts the jobs in; time runs from the first job put in to the last
request received. CPU is that of the worker with its children, and of the broker. Each figure is the
median of all rounds, on every side; in brackets from lowest to highest.
"""

from __future__ import annotations

import argparse
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

import psutil

import fqlc
from tests.benchmarks.page.machine import load, machine
from tests.benchmarks.page.tables import Table, write
from tests.benchmarks.peers.sides import SIDES, Side, absent, versions
from tests.benchmarks.receiver import Receiver, receiver
from tests.servers import postgresql

SHOP = Path(__file__).with_name("shop.fql")
WARM = 64
LONGEST = 120.0
"""Seconds to wait for the jobs of one side."""

TABLE = Table(
    "peers",
    "python -m tests.benchmarks.peers",
    ("", "deliveries/s", "worker, us", "broker, us", "fqlc / side", "settings"),
    tuple(side.label for side in SIDES),
)


class Figures(NamedTuple):
    """Of one side in one round; CPU in microseconds of a delivery."""

    rate: float
    worker: float
    broker: float


def cpu_of(process: psutil.Process | None) -> float:
    """Seconds of a process and all that it started, so far."""
    total = 0.0
    for one in [process, *process.children(recursive=True)] if process else []:
        try:
            total += sum(one.cpu_times()[:2])
        except psutil.NoSuchProcess:
            continue
    return total


@contextmanager
def redis(folder: Path) -> Iterator[tuple[str, psutil.Process]]:
    """A Redis that keeps what it acknowledged."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--dir", str(folder),
               "--appendonly", "yes", "--appendfsync", "always", "--save", ""]  # fmt: skip
    with started(command, {}) as process:
        time.sleep(1)
        yield f"redis://127.0.0.1:{port}/0", psutil.Process(process.pid)


@contextmanager
def broker(side: Side, folder: Path) -> Iterator[tuple[str, psutil.Process | None]]:
    """Where a side keeps its jobs, and the process that does."""
    if side.broker == "redis":
        with redis(folder) as found:
            yield found
    elif side.broker == "postgresql":
        with postgresql.running({"fsync": "on"}, on_disk=True) as server, server.database() as url:
            assert server.process is not None
            name = url.split("?", maxsplit=1)[0].rpartition("/")[2]
            yield server.url(name, tcp=True), psutil.Process(server.process.pid)
    else:
        yield str(folder / "jobs.db"), None


@contextmanager
def started(command: Sequence[str], more: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """A program, ended afterwards with all that it started."""
    process = subprocess.Popen(
        command, env=os.environ | more, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        start_new_session=True,
    )  # fmt: skip
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def measured(side: Side, count: int, beside: Path | None) -> Figures | str:
    """One side in one round, or what it said instead."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        target = stack.enter_context(receiver())
        url, server = stack.enter_context(broker(side, folder))
        names = {"broker": url, "plan": str(folder / "plan.json"), "beside": str(beside),
                 "socket": str(folder / "socket")}  # fmt: skip
        (folder / "plan.json").write_bytes(plan_of(side.prefix, folder))
        more = {"BROKER": url, "RECEIVER": target.url, "BESIDE": str(beside),
                "BENCH_SECRET": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
                "PYTHONPATH": os.pathsep.join([str(Path.cwd()), str(theirs())])}  # fmt: skip
        worker = stack.enter_context(started([c.format(**names) for c in side.worker], more))
        put = [c.format(**names) for c in side.producer]
        warm = warmed(put, more, target)
        if not warm:
            return "failed: its worker sent nothing"
        process = psutil.Process(worker.pid)
        before = cpu_of(process), cpu_of(server)
        begin = arrived(put, more, target, count, warm + count)
        if not begin:
            return f"failed: not all of {count} jobs came within {LONGEST:.0f} s"
        latest = target.ask()["latest"]
        assert isinstance(latest, float)
        used = cpu_of(process) - before[0], cpu_of(server) - before[1]
        return Figures(count / (latest - begin), *(seconds / count * 1e6 for seconds in used))


def warmed(put: Sequence[str], more: dict[str, str], target: Receiver) -> int:
    """Put a few jobs in, again and again until the worker is up and has done them; how many came,
    0 for none."""
    until = time.monotonic() + LONGEST
    came = 0
    while time.monotonic() < until:
        jobs_in(put, more, WARM)
        time.sleep(3)
        before, came = came, target.count()
        while came != before:
            time.sleep(1)
            before, came = came, target.count()
        if came >= WARM:
            return came
    return 0


def arrived(
    put: Sequence[str], more: dict[str, str], target: Receiver, count: int, expected: int
) -> float:
    """Put so many jobs in and wait for all of them; when the first one was put in, 0 if not all
    came."""
    until = time.monotonic() + LONGEST
    begin = jobs_in(put, more, count)
    while target.count() < expected and time.monotonic() < until:
        time.sleep(0.01)
    return begin if target.count() >= expected else 0.0


def jobs_in(put: Sequence[str], more: dict[str, str], count: int) -> float:
    """Put so many jobs in; when the first one was, 0 where that failed."""
    try:
        done = subprocess.run(
            [*put, str(count)], env=os.environ | more, capture_output=True, text=True,
            timeout=LONGEST, check=True,
        )  # fmt: skip
    except (subprocess.TimeoutExpired, subprocess.CalledProcessError):
        return 0.0
    return float(done.stdout.split()[0])


def plan_of(prefix: str, folder: Path) -> bytes:
    """Our plan, with the defaults of a side."""
    source = folder / "shop.fql"
    source.write_text(prefix + SHOP.read_text(encoding="utf-8"), encoding="utf-8")
    compilation = fqlc.compile_paths([str(source)])
    assert compilation.plan is not None, compilation.diagnostics
    return compilation.plan


def theirs() -> Path:
    """The folder of the other sides' programs."""
    return Path(__file__).with_name("theirs")


def cells(
    side: Side, rounds: Sequence[Figures], ours: float, version: str, failed: int = 0
) -> list[str]:
    """The row of a side: medians, and from lowest to highest; how many rounds failed is told."""
    columns = [sorted(column) for column in zip(*rounds, strict=True)]
    shown = [f"{statistics.median(c):,.0f} ({c[0]:,.0f}-{c[-1]:,.0f})" for c in columns]
    if side.broker == "file":
        shown[2] = ""
    times = ours / statistics.median(columns[0])
    settings = f"{version}; {side.settings}" if version else side.settings
    more = f"; {failed} more round{'' if failed == 1 else 's'} failed" if failed else ""
    return [*shown, f"{times:.1f}", settings + more]


def table(count: int, rounds: int, beside: Path | None) -> list[str]:
    """Run everything and give the table."""
    installed = versions(beside)
    found: dict[str, list[Figures]] = defaultdict(list)
    instead = {side.label: absent(side, installed) for side in SIDES}
    failed: Counter[str] = Counter()
    loads = []
    for number in range(rounds):
        for side in SIDES[number % len(SIDES) :] + SIDES[: number % len(SIDES)]:
            if instead[side.label]:
                continue
            one = measured(side, max(200, int(count * side.share)), beside)
            loads.append(os.getloadavg()[0])
            print(f"round {number + 1}, load {load()}: {side.label}: {one}", flush=True)
            if isinstance(one, str):
                failed[side.label] += 1
            else:
                found[side.label].append(one)
    ours = statistics.median(one.rate for one in found[SIDES[0].label])
    rows: dict[str, list[str] | str] = {}
    for side in SIDES:
        rounds_of = found[side.label]
        reason = instead[side.label] or ("" if rounds_of else "failed in every round")
        rows[side.label] = reason or cells(
            side, rounds_of, ours, installed.get(side.library, ""), failed[side.label]
        )
    said = (
        f"medians of {rounds} rounds in turns, from lowest to highest in brackets; {count:,} jobs "
        f"(slower sides fewer); load {min(loads):.1f} to {max(loads):.1f}. {machine()}."
    )
    return TABLE.lines(rows, said)


def main(arguments: Sequence[str] = ()) -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("count", type=int, nargs="?", default=8000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--beside", type=Path, default=os.environ.get("FQL_BENCH_BESIDE"))
    given = parser.parse_args(arguments)
    beside = Path(given.beside).absolute() if given.beside else None
    lines = table(given.count, given.rounds, beside)
    print("\n".join(lines))
    write(TABLE.name, lines)


if __name__ == "__main__":
    main(sys.argv[1:])
