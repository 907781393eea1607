"""Commands that are about an engine's own memory reach all engines of a store."""

from __future__ import annotations

from contextlib import AsyncExitStack

from fql.app import Runtime
from fql.store.postgresql.shared import SharedPostgresStore
from fql.testing import MockWebhookServer
from tests.app.plans import order, plan_of, settings_of
from tests.shards.test_engines import until

PACKED = """
observer NAME {
  on: Order.insert
  webhook tell {
    endpoint: shop path: "/packed" retry: { max_attempts: 1 }
    batch: { size: 100, timeout: 1h }
  }
}
"""
NAMES = [f"packed{number}" for number in range(6)]
PLAN = "".join(PACKED.replace("NAME", name) for name in NAMES)
"""The home of what is collected is by its name: some are with each engine."""


async def test_what_each_engine_has_collected_is_sealed(
    postgresql_url: str, webhook_server: MockWebhookServer
) -> None:
    async with AsyncExitStack() as stack:
        both = [
            await stack.enter_async_context(
                Runtime(
                    plan_of(PLAN), store=SharedPostgresStore(postgresql_url),
                    settings=settings_of(), environment={"RECEIVER": webhook_server.url},
                )
            )
            for _ in range(2)
        ]  # fmt: skip
        await until(lambda: all(len(each.engine.state.shards.mine) == 32 for each in both))
        await both[0].emit("Order.insert", new=order(1))
        await until(lambda: sum(len(each.engine.state.buffers) for each in both) == 6, 10)
        assert all(each.engine.state.buffers for each in both)
        for name in NAMES:
            await both[0].client.seal(name, "tell")
        await until(lambda: len(webhook_server.requests) == 6, 10)
