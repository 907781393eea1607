"""Limits of an endpoint hold for all engines of a store together."""

from __future__ import annotations

import asyncio
import time

from fql.app import Runtime
from fql.store.postgresql.shared import SharedPostgresStore
from fql.testing import MockWebhookServer, Reply
from tests.app.plans import order, plan_of, settings_of
from tests.shards.test_engines import until

RATE, BURST = 40, 20
LIMITED = """
observer free { on: Order.insert  webhook tell { endpoint: shop path: "/free" body: { id } } }
"""
ENTITY = """
entity Order { id: ID @key  status: String  total: Decimal }
endpoint shop {
  url: "${RECEIVER}"
  rate_limit: { max_per_second: 40, burst: 20 }
  circuit: { failures: 3, open_for: 20s }
}
"""


def limited(url: str, receiver: MockWebhookServer) -> Runtime:
    return Runtime(
        plan_of(LIMITED, entity=ENTITY), store=SharedPostgresStore(url), settings=settings_of(),
        environment={"RECEIVER": receiver.url},
    )  # fmt: skip


async def test_a_rate_is_kept_by_three_engines_together(
    postgresql_url: str, webhook_server: MockWebhookServer
) -> None:
    """One of them has nothing to do; the others use what it leaves."""
    times: list[float] = []

    def answer(_: object) -> Reply:
        times.append(time.monotonic())
        return Reply(200)

    webhook_server.always(answer)
    engines = [limited(postgresql_url, webhook_server) for _ in range(3)]
    for one in engines:
        await one.__aenter__()
    for number in range(130):
        await engines[number % 2].emit("Order.insert", new=order(number))
    await asyncio.gather(*(one.until_idle(60) for one in engines))
    for one in engines:
        await one.__aexit__(None, None, None)
    assert len(times) == 130
    for first, began in enumerate(times):
        for last in range(first, len(times), 10):
            window = times[last] - began
            assert last - first + 1 <= RATE * (window + 1) + BURST
    took = times[-1] - times[0]
    print(f"{(130 - BURST) / took:.1f} a second")
    assert took < (130 - BURST) / (RATE * 0.9) + 1


async def test_a_circuit_that_one_engine_opens_is_seen_by_all(
    postgresql_url: str, webhook_server: MockWebhookServer
) -> None:
    webhook_server.always(503)
    engines = [limited(postgresql_url, webhook_server) for _ in range(2)]
    for one in engines:
        await one.__aenter__()
    for number in range(5):
        await engines[0].emit("Order.insert", new=order(number))
    circuits = [one.engine.state.endpoints["shop"].circuit for one in engines]
    await until(lambda: circuits[0].is_open)
    began = time.monotonic()
    await until(lambda: circuits[1].is_open)
    assert time.monotonic() - began < 2.5, "a second, and what a busy machine adds"
    sent = len(webhook_server.requests)
    await engines[1].emit("Order.insert", new=order(9))
    await asyncio.sleep(0.3)
    assert len(webhook_server.requests) == sent
    for one in engines:
        await one.__aexit__(None, None, None)
