"""What receivers see of limits: ledgers of real requests, many at once."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Sequence
from contextlib import ExitStack

import pytest

from fql.app import Runtime
from fql.testing import MockWebhookServer, Reply
from fql.testing.replies import hang
from tests.app.plans import order, plan_of, settings_of

RATE, BURST = 100, 10
TOLERANCE = 0.15
"""Seconds by which a busy machine may push requests together on their way to the receiver; without
a limit all would come within a fraction of that."""

SHARED = """
observer first { on: Order.insert webhook tell { endpoint: shop path: "/first" body: { id } } }
observer second { on: Order.insert webhook tell { endpoint: shop path: "/second" body: { id } } }
"""
LIMITED = """
entity Order { id: ID @key  status: String  total: Decimal }
endpoint shop { url: "${RECEIVER}" rate_limit: { max_per_second: 100, burst: 10 } }
"""


def most_in_excess(times: Sequence[float], rate: float, burst: float) -> float:
    """By how many requests the worst window passes rate * width + burst."""
    worst = 0.0
    for first, last in itertools.combinations(range(len(times)), 2):
        allowed = (times[last] - times[first] + TOLERANCE) * rate + burst
        worst = max(worst, last - first + 1 - allowed)
    return worst


async def test_no_window_passes_the_rate_and_the_burst(webhook_server: MockWebhookServer) -> None:
    """Two observers share the bucket of their endpoint; waiting spends no attempts."""
    async with Runtime(
        plan_of(SHARED, entity=LIMITED), store="memory:", settings=settings_of(),
        environment={"RECEIVER": webhook_server.url}, listeners=(),
    ) as running:  # fmt: skip
        await asyncio.gather(*(running.emit("Order.insert", new=order(n)) for n in range(50)))
        await running.until_idle(20)
    times = [request.at for request in webhook_server.requests]
    assert len(times) == 100
    assert most_in_excess(times, RATE, BURST) <= 0
    assert times[-1] - times[0] < 10 * (100 - BURST) / RATE, "the rate is used"
    assert {request.attempt for request in webhook_server.requests} == {1}


@pytest.mark.parametrize("status", [429, 503])
async def test_retry_after_stops_the_endpoint_for_all(
    webhook_server: MockWebhookServer, status: int
) -> None:
    """While the receiver wants to be left alone nobody knocks, and no attempt is spent."""
    async with Runtime(
        plan_of(), store="memory:", settings=settings_of(),
        environment={"RECEIVER": webhook_server.url}, listeners=(),
    ) as running:  # fmt: skip
        webhook_server.reply(Reply(status, headers={"Retry-After": "1"}))
        await running.emit("Order.insert", new=order(1))
        assert await webhook_server.arrived(1)
        await asyncio.sleep(0.05)
        for number in range(2, 6):
            await running.emit("Order.insert", new=order(number))
        await running.until_idle(30)
    times = [request.at for request in webhook_server.requests]
    assert len(times) == 6
    assert min(times[1:]) - times[0] >= 0.95
    attempts = sorted(request.attempt for request in webhook_server.requests)
    assert attempts == [1, 1, 1, 1, 1, 2]


RECEIVERS, EVENTS = 10, 40


def fan_out() -> str:
    """One observer that tells ten receivers."""
    hooks = "".join(
        f'webhook w{n} {{ url: "${{R{n}}}/x" body: {{ id }} timeout: 3s'
        " retry: { max_attempts: 1 } }\n"
        for n in range(RECEIVERS)
    )
    names = ", ".join(f"w{n}" for n in range(RECEIVERS))
    return f"observer o {{ on: Order.insert {hooks} flow {{ [{names}] }} }}"


async def seconds_for_the_others(*, dead: bool, events: int = EVENTS) -> float:
    """How long nine receivers take to get everything, while the tenth answers or hangs."""
    plan = plan_of(fan_out(), entity="entity Order { id: ID @key status: String total: Decimal }")
    with ExitStack() as stack:
        servers = [stack.enter_context(MockWebhookServer()) for _ in range(RECEIVERS)]
        if dead:
            servers[0].always(hang())
        environment = {f"R{n}": server.url for n, server in enumerate(servers)}
        async with Runtime(
            plan, store="memory:", settings=settings_of(), environment=environment, listeners=()
        ) as running:
            began = time.monotonic()
            for number in range(events):
                await running.emit("Order.insert", new=order(number))
            for server in servers[1:]:
                assert await server.arrived(events, 60)
            return time.monotonic() - began


async def test_one_dead_receiver_leaves_the_others_their_rate() -> None:
    """Generous bounds, as a busy machine measures this; the benchmark `isolation` says how much."""
    await seconds_for_the_others(dead=False)
    alive = await seconds_for_the_others(dead=False)
    beside_a_dead_one = await seconds_for_the_others(dead=True)
    assert beside_a_dead_one < 3 * alive + 1
