"""Limits of an endpoint hold for all engines of a store together."""

from __future__ import annotations

import asyncio
import time
from itertools import pairwise

import pytest

from fql.app import Runtime
from fql.engine.core.held.endpoints import Endpoint
from fql.store.postgresql.shared import SharedPostgresStore
from fql.testing import MockWebhookServer, Reply
from tests.app.plans import order, plan_of, settings_of
from tests.observe.support import METRICS, scrape
from tests.shards.test_engines import until

RATE, BURST = 50, 20
PATH = 'webhook tell { endpoint: shop path: "/free" body: { id } }'
LIMITED = f"observer free {{ on: Order.insert  {PATH} }}"
ENTITY = """
entity Order { id: ID @key  status: String  total: Decimal }
endpoint shop { url: "${RECEIVER}" LIMITS }
"""


class Engines:
    """Three of one store, whose endpoint has these limits; `times` are when requests came."""

    def __init__(self, url: str, receiver: MockWebhookServer, limits: str) -> None:
        self.running = [
            Runtime(
                plan_of(LIMITED, entity=ENTITY.replace("LIMITS", limits)),
                store=SharedPostgresStore(url), settings=settings_of(METRICS),
                environment={"RECEIVER": receiver.url},
            )
            for _ in range(3)
        ]  # fmt: skip
        self.times: list[float] = []
        self.reply = Reply(200)
        receiver.always(self._answer)

    def _answer(self, _: object) -> Reply:
        self.times.append(time.monotonic())
        return self.reply

    async def __aenter__(self) -> Engines:
        for one in self.running:
            await one.__aenter__()
        return self

    async def __aexit__(self, *_: object) -> None:
        await asyncio.gather(*(one.__aexit__(None, None, None) for one in self.running))

    def endpoints(self) -> list[Endpoint]:
        return [one.engine.state.endpoint("shop") for one in self.running]


def check_every_window(times: list[float]) -> None:
    """At most rate x (w + 1 s) + burst in any window of w seconds, whenever it begins."""
    for first, began in enumerate(times):
        for last in range(first, len(times)):
            assert last - first + 1 <= RATE * (times[last] - began + 1) + BURST


async def load(engines: Engines, seconds: float, slack: float) -> None:
    """What takes so many seconds after the burst takes hardly longer, though one of three engines
    has nothing to do."""
    count = int(RATE * seconds) + BURST
    emits = [
        engines.running[number % 2].emit("Order.insert", new=order(number))
        for number in range(count)
    ]
    await asyncio.gather(*emits)
    await asyncio.gather(*(one.until_idle(seconds * 2 + 60) for one in engines.running))
    assert len(engines.times) == count
    check_every_window(engines.times)
    assert engines.times[-1] - engines.times[0] < seconds / 0.9 + slack


SHARED_RATE = f"rate_limit: {{ max_per_second: {RATE}, burst: {BURST} }}"


async def test_a_rate_is_kept_by_three_engines_together(
    postgresql_url: str, webhook_server: MockWebhookServer
) -> None:
    """And used: the others send what the idle one leaves."""
    async with Engines(postgresql_url, webhook_server, SHARED_RATE) as engines:
        await load(engines, 3, slack=1)


@pytest.mark.soak
@pytest.mark.timeout(300)
async def test_a_rate_is_kept_by_three_engines_for_a_minute(
    postgresql_url: str, webhook_server: MockWebhookServer
) -> None:
    async with Engines(postgresql_url, webhook_server, SHARED_RATE) as engines:
        await load(engines, 60, slack=0)


async def test_one_engine_of_all_probes_and_all_hear_of_a_circuit(
    postgresql_url: str, webhook_server: MockWebhookServer
) -> None:
    """While it is open each probe comes alone; when it closes everything goes out."""
    limits = "circuit: { failures: 3, open_for: 1s }"
    async with Engines(postgresql_url, webhook_server, limits) as engines:
        engines.reply = Reply(503)
        for number in range(5):
            await engines.running[0].emit("Order.insert", new=order(number))
        first, *others = engines.endpoints()
        await until(lambda: first.circuit.is_open)
        began = time.monotonic()
        await until(lambda: all(one.circuit.is_open for one in others))
        assert time.monotonic() - began < 2.5, "a second, and what a busy machine adds"
        opened = len(engines.times)
        for number in range(5, 14):
            await engines.running[number % 3].emit("Order.insert", new=order(number))
        await until(lambda: len(engines.times) >= opened + 2)
        engines.reply = Reply(200)
        probes = engines.times[opened - 1 : opened + 2]
        assert all(later - one > 0.9 for one, later in pairwise(probes)), probes
        await asyncio.gather(*(one.until_idle(60) for one in engines.running))
        await until(lambda: not any(one.circuit.is_open for one in engines.endpoints()))
    assert len({one.payload["id"] for one in webhook_server.requests}) == 14  # type: ignore[index]


async def test_a_receiver_that_asks_to_be_left_alone_is_left_alone_by_all(
    postgresql_url: str, webhook_server: MockWebhookServer
) -> None:
    async with Engines(postgresql_url, webhook_server, "") as engines:
        engines.reply = Reply(429, headers={"retry-after": "3"})
        await engines.running[0].emit("Order.insert", new=order(0))
        others = engines.endpoints()[1:]
        await until(lambda: all(one.blocked_until for one in others))
        engines.reply = Reply(200)
        for number in range(1, 4):
            await engines.running[number - 1].emit("Order.insert", new=order(number))
        await asyncio.gather(*(one.until_idle(60) for one in engines.running))
    first, second, *_ = engines.times
    assert second - first > 2.7, "it is told as how long, not until when"


async def test_a_person_has_a_circuit_of_all_engines_probed_now(
    postgresql_url: str, webhook_server: MockWebhookServer
) -> None:
    """It would be open for an hour. One request goes at once, and as it succeeds everything does,
    from each engine."""
    limits = "circuit: { failures: 3, open_for: 1h }"
    async with Engines(postgresql_url, webhook_server, limits) as engines:
        engines.reply = Reply(503)
        for number in range(9):
            await engines.running[number % 3].emit("Order.insert", new=order(number))
        await until(lambda: all(one.circuit.is_open for one in engines.endpoints()))
        engines.reply = Reply(200)
        await engines.running[0].client.probe("shop")
        await asyncio.gather(*(one.until_idle(60) for one in engines.running))
        await until(lambda: not any(one.circuit.is_open for one in engines.endpoints()))
    assert len({one.payload["id"] for one in webhook_server.requests}) == 9  # type: ignore[index]


async def test_metrics_say_what_each_engine_has_of_shards_and_slots(
    postgresql_url: str, webhook_server: MockWebhookServer
) -> None:
    """All together have all shards, and as many slots as the endpoint allows."""
    async with Engines(postgresql_url, webhook_server, "concurrency: 6") as engines:
        engines.reply = Reply(200, delay=1)
        await until(lambda: min(len(one.engine.state.shards.mine) for one in engines.running) > 19)
        for number in range(60):
            await engines.running[number % 3].emit("Order.insert", new=order(number))
        await until(lambda: all(one.slots.count == 2 for one in engines.endpoints()))
        found = [await scrape(one) for one in engines.running]
        engines.reply = Reply(200)
    assert [one.value("fql_endpoint_slots", endpoint="shop") for one in found] == [2, 2, 2]
    assert sum(one.value("fql_shards") for one in found) == 64
