"""What a commit to a store on PostgreSQL costs, of an engine's CPU, the server's, and of time.

    python -m tests.benchmarks.postgresql.commits [EVENTS] [--rounds N] [--profile]

An event here is taken in with a run that is armed, in one commit, and ended by the next one with
its attempt: four rows. Groups of different sizes take turns. With `--profile` it says where the
client's time goes, in groups of 256.
"""

from __future__ import annotations

import argparse
import asyncio
import cProfile
import os
import pstats
import resource
import statistics
import sys
import time
from collections import defaultdict
from collections.abc import Sequence

from fql.store.postgresql.store import PostgresStore
from fql.store.records import Mutations
from tests.benchmarks.postgresql.__main__ import cpu_of
from tests.servers import postgresql
from tests.servers.postgresql import Server
from tests.store.rows import READY, attempt, event, patch, run

GROUPS = (1, 16, 64, 256)
BODY = '{"new":{"id":"o1","note":"%s","status":"shipped","total":"100.00"},"old":null}' % (
    "x" * 850
)


def cpu() -> float:
    """Seconds of this process."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def commits(first: int, size: int) -> tuple[Mutations, Mutations]:
    """Take in so many events; end their runs."""
    numbers = range(first, first + 2 * size, 2)
    runs = [run(n + 1, n, works=READY) for n in numbers]
    taken = Mutations(events=[event(n, payload=BODY) for n in numbers], runs=runs)
    ended = Mutations(
        patches=[patch(one, state="done", due=None, ended=2000, works="[]") for one in runs],
        attempts=[attempt(one.id, 1, status=200, response_start="") for one in runs],
    )
    return taken, ended


async def measured(server: Server, size: int, events: int) -> tuple[float, float, float]:
    """Microseconds of an event: the client's CPU, the server's, the time."""
    with server.database() as url:
        store = PostgresStore(url)
        await store.open()
        lease = await store.acquire("benchmark")
        first = lease.session << 32
        groups = [commits(first + n, size) for n in range(0, 2 * events, 2 * size)]
        for mutations in groups.pop():  # its statements are prepared
            assert await store.commit(lease, mutations) == "ok"
        theirs = cpu_of(server)
        used, begin = cpu(), time.perf_counter()
        for group in groups:
            for mutations in group:
                assert await store.commit(lease, mutations) == "ok"
        spent = time.perf_counter() - begin, cpu() - used
        others = (cpu_of(server) - theirs) / len(groups) / size * 1e6
        await store.close()
    took, mine = (seconds / len(groups) / size * 1e6 for seconds in spent)
    return mine, others, took


def main(arguments: Sequence[str] = ()) -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("events", type=int, nargs="?", default=8192)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--profile", action="store_true")
    given = parser.parse_args(arguments)
    found: dict[int, list[tuple[float, float, float]]] = defaultdict(list)
    with postgresql.running({"fsync": "on", "shared_buffers": "128MB"}, on_disk=True) as server:
        if given.profile:
            return profiled(server, given.events)
        for _ in range(given.rounds):
            for size in GROUPS:
                events = max(given.events if size > 1 else given.events // 16, 2 * size)
                found[size].append(asyncio.run(measured(server, size, events)))
    print(f"load {os.getloadavg()[0]:.1f}; us of an event, median (least)")
    print("group        client            server              time")
    for size, rounds in found.items():
        cells = [
            f"{statistics.median(column):.0f} ({min(column):.0f})"
            for column in zip(*rounds, strict=True)
        ]
        print(f"{size:5}", "".join(f"{cell:>18}" for cell in cells))
    return None


def profiled(server: Server, events: int) -> None:
    """Where the client's time goes: the thread that writes runs in this one."""
    profile = cProfile.Profile()

    async def watched() -> None:
        loop = asyncio.get_running_loop()

        def here(_: object, work: object, *args: object) -> asyncio.Future[object]:
            done: asyncio.Future[object] = loop.create_future()
            done.set_result(work(*args))  # type: ignore[operator]
            return done

        loop.run_in_executor = here  # type: ignore[method-assign, assignment]
        profile.enable()
        await measured(server, 256, events)
        profile.disable()

    asyncio.run(watched())
    pstats.Stats(profile).sort_stats("tottime").print_stats(25)


if __name__ == "__main__":
    main(sys.argv[1:])
