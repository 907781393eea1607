"""One process of the product under load: condition, body, signature, SQLite with full durability,
on the event loop and with the garbage collector of `fqlc run`.

python -m tests.benchmarks.our_side load     PLAN STORE COUNT     emit COUNT events, wait for all
python -m tests.benchmarks.our_side paced    PLAN STORE COUNT     100 events a second
python -m tests.benchmarks.our_side resume   PLAN STORE           work off what the store holds

Prints one line of JSON. `paced` adds the wall-clock time of each emit by event id.
"""

from __future__ import annotations

import asyncio
import json
import resource
import sys
import time

from fql import Runtime, load_plan
from fql.cli.running.loops import on_fast_loop
from fql.settings.reading import read_settings

SETTINGS = '[egress]\nallow = ["127.0.0.1/32"]\n'
NOTE = "x" * 850
"""Makes the body 1 KB."""
CALLERS = 512


def row(number: int) -> dict[str, object]:
    return {"id": f"o{number}", "status": "shipped", "total": "100.00", "note": NOTE}


async def load(runtime: Runtime, count: int) -> dict[str, object]:
    """As many events as the engine takes, from many callers at once."""
    numbers = iter(range(count))

    async def caller() -> None:
        for number in numbers:
            await runtime.emit("Order.insert", new=row(number))

    begin, cpu = time.perf_counter(), cpu_seconds()
    await asyncio.gather(*(caller() for _ in range(CALLERS)))
    emitted = time.perf_counter()
    await runtime.until_idle()
    end = time.perf_counter()
    return {
        "seconds": end - begin, "emit": emitted - begin,
        "cpu_us": (cpu_seconds() - cpu) / count * 1e6,
    }  # fmt: skip


async def paced(runtime: Runtime, count: int) -> dict[str, object]:
    """One event each 10 ms; the times of emission, for the latency to the receiver."""
    times: list[float] = []
    begin, cpu = time.perf_counter(), cpu_seconds()
    for number in range(count):
        times.append(time.time())
        await runtime.emit("Order.insert", new=row(number))
        await asyncio.sleep(max(0.0, begin + (number + 1) * 0.01 - time.perf_counter()))
    await runtime.until_idle()
    return {"times": times, "cpu_us": (cpu_seconds() - cpu) / count * 1e6}


async def main(mode: str, plan: str, store: str, count: int) -> None:
    settings = read_settings(SETTINGS, "benchmark")
    async with Runtime(load_plan(plan), store=store, settings=settings) as runtime:
        print("ready", flush=True)
        result: dict[str, object] = {}
        if mode == "load":
            result = await load(runtime, count)
        elif mode == "paced":
            result = await paced(runtime, count)
        else:
            await runtime.until_idle()
        print(json.dumps(result), flush=True)


def cpu_seconds() -> float:
    """Of this process so far."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


if __name__ == "__main__":
    arguments = [*sys.argv[1:], "0"]
    on_fast_loop(main(arguments[0], arguments[1], arguments[2], int(arguments[3])))
