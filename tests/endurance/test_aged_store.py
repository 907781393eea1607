"""An engine on a store with a long past: it starts at once, a healthy endpoint gets its work while
what is old is removed and much waits, and memory does not know how much there is.

    FQL_AGED=1000000 python -m pytest -m soak tests/endurance/test_aged_store.py -s
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from fql.app import Runtime
from fql.engine.process import housekeeping
from fql.store.port import Pruned
from fql.store.sqlite.prune import Slice
from fql.testing import MockWebhookServer
from tests.app.plans import order
from tests.endurance.aged import age, count, is_old_left, runtime

SOAK = int(os.environ.get("FQL_AGED", "200000"))
BYTES = int(os.environ.get("FQL_AGED_BYTES", "500"))
OLD = '[store]\nkeep_runs = "12h"\n'


@pytest.fixture
def slices(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[float]]:
    """What each slice of pruning took of its thread, in milliseconds of CPU."""
    taken: list[float] = []
    prune: Callable[[Slice], Pruned] = Slice.prune

    def timed(one: Slice) -> Pruned:
        began = time.thread_time()
        try:
            return prune(one)
        finally:
            taken.append((time.thread_time() - began) * 1000)

    monkeypatch.setattr(Slice, "prune", timed)
    monkeypatch.setattr(housekeeping, "EVERY", 0.2)
    yield taken


@pytest.mark.parametrize("many", [3000, pytest.param(SOAK, marks=pytest.mark.soak)])
async def test_a_healthy_endpoint_beside_a_long_past(
    tmp_path: Path, webhook_server: MockWebhookServer, slices: list[float], many: int
) -> None:
    await age(tmp_path, webhook_server, finished=many, waiting=many)
    megabytes = (tmp_path / "s.db").stat().st_size / 1e6
    began = time.perf_counter()
    beside: list[float] = []
    after: list[float] = []
    async with runtime(tmp_path, webhook_server, OLD) as running:
        started = time.perf_counter() - began
        while is_old_left(tmp_path):
            await emit_some(running, beside)
        await emit_some(running, after)
        while running.engine.state.in_flight or running.engine.state.runs:
            await asyncio.sleep(0.01)
    emitted = len(beside) + len(after)
    assert count(tmp_path, "state = 'open'") == many + 1, "what waits is kept"
    assert count(tmp_path, "state = 'done'") == emitted + 1, "what is old is gone"
    assert len(webhook_server.requests) == emitted + 2, "each was delivered once"
    slices.sort()
    assert slices[len(slices) // 2] < 20, "milliseconds of CPU"
    print(
        f"\n{many} finished, {many} waiting, {megabytes:.0f} MB: start {started:.2f} s; emit beside"
        f" pruning {told(beside)}, after it {told(after)};"
        f" {len(slices)} slices, CPU p50 {slices[len(slices) // 2]:.1f} max {slices[-1]:.1f} ms,"
        f" memory {_resident():.0f} MB"
    )


@pytest.mark.soak
async def test_a_healthy_endpoint_beside_what_waits(
    tmp_path: Path, webhook_server: MockWebhookServer
) -> None:
    await age(tmp_path, webhook_server, finished=0, waiting=SOAK, size=BYTES)
    gigabytes = (tmp_path / "s.db").stat().st_size / 1e9
    latencies: list[float] = []
    began = time.perf_counter()
    async with runtime(tmp_path, webhook_server) as running:
        started = time.perf_counter() - began
        for _ in range(5):
            await emit_some(running, latencies)
        while running.engine.state.in_flight or running.engine.state.runs:
            await asyncio.sleep(0.01)
    assert len(webhook_server.requests) == len(latencies) + 2, "each was delivered once"
    print(
        f"\n{SOAK} waiting, {gigabytes:.1f} GB: start {started:.2f} s; emit {told(latencies)};"
        f" memory {_resident():.0f} MB; load {os.getloadavg()[0]:.0f}"
    )


async def emit_some(running: Runtime, latencies: list[float]) -> None:
    """A hundred events, one after the other, each durable before the next."""
    for _ in range(100):
        number = len(latencies)
        began = time.perf_counter()
        await running.emit("Order.insert", new=order(number))
        latencies.append((time.perf_counter() - began) * 1000)
        await asyncio.sleep(0.005)


def told(latencies: list[float]) -> str:
    """Milliseconds of the middle, the last hundredth, and the worst."""
    found = sorted(latencies)
    middle, high = found[len(found) // 2], found[len(found) * 99 // 100]
    return f"p50 {middle:.1f} p99 {high:.1f} max {found[-1]:.1f} ms"


def _resident() -> float:
    """Megabytes of this process."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6
