"""What the page costs the engine: deliveries with nobody looking, and with twenty browsers that
have `/` open and fetch it at each change.

python -m tests.benchmarks.ui [COUNT] [ROUNDS]

Each round has both, in turns, so that what else the machine does falls on both. The cost is CPU of
the engine's process for a delivery (`getrusage`), and the median of the rounds' differences: on a
busy machine rates say more about the others.

How long each view takes in a store of millions is in `tests.benchmarks.sqlite.large`.
"""

from __future__ import annotations

import asyncio
import re
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx
import psutil

from tests.benchmarks.deliveries import finish, make_plan, start
from tests.benchmarks.page.machine import load, machine
from tests.benchmarks.receiver import receiver

BROWSERS = 20
PARTS = "needs,tiles,flow,lists,state"
TOKEN = "a-token-of-a-program-0123456789abcdef"
ROUNDS = 5


@contextmanager
def page(folder: Path, store: Path) -> Iterator[tuple[str, psutil.Process]]:
    """The page of a store, which may not be there yet, as a process of its own."""
    (folder / "fql.toml").write_text(f'[ui]\ntoken = "{TOKEN}"\n', encoding="utf-8")
    command = [sys.executable, "-m", "fqlc", "ui", "--listen", "127.0.0.1:0",
               "--store", f"sqlite:///{store}"]  # fmt: skip
    served = subprocess.Popen(
        command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    assert served.stdout is not None
    try:
        found = (re.search(r"(http://[^/,\s]+)", line) for line in served.stdout)
        yield next(one[1] for one in found if one), psutil.Process(served.pid)
    finally:
        served.terminate()
        served.wait()


async def browse(url: str, over: asyncio.Event) -> int:
    """One browser, until it is over; how often it has fetched the page."""
    fetched = 0
    headers = {"authorization": f"Bearer {TOKEN}"}
    async with httpx.AsyncClient(base_url=url, headers=headers, timeout=30) as browser:
        while not over.is_set():
            with suppress(httpx.HTTPError):
                async with browser.stream("GET", "/live?view=/") as stream:
                    async for line in stream.aiter_lines():
                        if line.startswith("event: changed"):
                            await browser.get("/", headers={"fql-part": PARTS})
                            fetched += 1
                        if over.is_set():
                            break
            await asyncio.sleep(0.1)
    return fetched


async def delivered(folder: Path, count: int, browsers: int) -> tuple[dict[str, float], str]:
    """What our side says of so many deliveries, and what the page took meanwhile."""
    store, plan = folder / f"{browsers}.db", make_plan(folder)
    store.unlink(missing_ok=True)
    with receiver() as target, page(folder, store) as (url, process):
        over = asyncio.Event()
        looking = [asyncio.create_task(browse(url, over)) for _ in range(browsers)]
        ours = start(target, "load", str(plan), f"sqlite:///{store}", str(count))
        result = await asyncio.to_thread(finish, ours)
        over.set()
        used = process.memory_full_info()
        spent = sum(process.cpu_times()[:2])
        for one in looking:
            one.cancel()
        done = await asyncio.gather(*looking, return_exceptions=True)
        said = (
            f"the page: {spent:.1f} s CPU, {used.uss / 1e6:.0f} MB of its own, {len(done)} browsers"
        )
        return result, said


def main(count: int = 20_000, rounds: int = ROUNDS) -> None:
    """Print both sides of each round, and what the browsers cost."""
    print(f"{machine()}; load {load()}")
    more: list[float] = []
    with tempfile.TemporaryDirectory() as name:
        for number in range(rounds):
            costs: dict[int, float] = {}
            for browsers in (0, BROWSERS) if number % 2 else (BROWSERS, 0):
                result, said = asyncio.run(delivered(Path(name), count, browsers))
                print(f"{browsers:3} browsers  {count / result['seconds']:7,.0f}/s"
                      f"  {result['cpu_us']:5.0f} us CPU each; {said}", flush=True)  # fmt: skip
                costs[browsers] = result["cpu_us"]
            more.append(costs[BROWSERS] / costs[0] - 1)
    told = ", ".join(f"{one:+.1%}" for one in sorted(more))
    print(f"{BROWSERS} browsers cost the engine {statistics.median(more):+.1%} of its CPU for a"
          f" delivery (rounds: {told}); load {load()}")  # fmt: skip


if __name__ == "__main__":
    main(*(int(a) for a in sys.argv[1:3]))
