"""Engines that share a store: together they send everything once, and in the order of its key."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from contextlib import AsyncExitStack

from fql.app import Runtime
from fql.intake.port import Source
from fql.store.postgresql.shared import SharedPostgresStore
from fql.testing import MockWebhookServer
from tests.app.plans import order, plan_of, settings_of

SHOP = """
observer free { on: Order.insert  webhook tell { endpoint: shop path: "/free" body: { id } } }
observer lined {
  on: Order.insert
  order_by: status
  webhook tell { endpoint: shop path: "/lined" body: { id, status } }
}
observer packed {
  on: Order.insert
  webhook tell {
    endpoint: shop path: "/packed"
    batch: { size: 5, timeout: 200ms }
  }
}
"""


def shared(url: str, receiver: MockWebhookServer, *sources: Source) -> Runtime:
    """One more engine of the store; its requests are told apart by their path."""
    return Runtime(
        plan_of(SHOP), store=SharedPostgresStore(url), settings=settings_of(),
        environment={"RECEIVER": receiver.url}, sources=sources,
    )  # fmt: skip


async def until(holds: Callable[[], bool], seconds: float = 30) -> None:
    async with asyncio.timeout(seconds):
        while not holds():
            await asyncio.sleep(0.05)


def sent(receiver: MockWebhookServer, path: str) -> list[str]:
    return [str(one.payload["id"]) for one in receiver.requests if one.path == path]  # type: ignore[index]


async def test_two_engines_work_and_each_event_is_sent_once(
    postgresql_url: str, webhook_server: MockWebhookServer
) -> None:
    async with AsyncExitStack() as stack:
        one = await stack.enter_async_context(shared(postgresql_url, webhook_server))
        two = await stack.enter_async_context(shared(postgresql_url, webhook_server))
        both = [one, two]
        await until(lambda: all(len(each.engine.state.shards.mine) == 32 for each in both))
        for number in range(200):
            await both[number % 2].emit("Order.insert", new=order(number))
        await asyncio.gather(*(each.until_idle(60) for each in both))
        assert all(each.engine.state.tally.sent > 20 for each in both)
    keys = Counter(str(one.headers["webhook-id"]) for one in webhook_server.requests)
    assert max(keys.values()) == 1
    expected = {f"o{number}" for number in range(200)}
    assert set(sent(webhook_server, "/free")) == expected
    assert set(sent(webhook_server, "/lined")) == expected
    packs = [one.payload for one in webhook_server.requests if one.path == "/packed"]
    assert sum(map(len, packs)) == 200  # type: ignore[arg-type]
