"""Somebody who watches a store that engines share sees all of them."""

from __future__ import annotations

from fql.cli.operating.judging import live_of
from fql.store.showing.history import Pulse
from fql.testing import MockWebhookServer
from tests.app.plans import order
from tests.shards.test_moving import Engines


async def test_all_engines_say_how_they_are(
    postgresql_url: str, webhook_server: MockWebhookServer
) -> None:
    """The command goes to the owner of the first shard; the others hear of it."""
    async with Engines(postgresql_url, webhook_server) as engines:
        for _ in range(2):
            await engines.start()
        await engines.fair()
        client = engines.running[0].client
        await engines.running[1].emit("Order.insert", new=order(1))
        holdings = await client.holdings()
        assert [len(one.shards) for one in holdings] == [32, 32]
        await client.watch()
        pulses: list[Pulse] = []
        while sum(not one.silent for one in pulses) < 2:
            pulses = await client.pulses()
        assert {one.session for one in pulses} == {one.session for one in holdings}
        assert {one.holder for one in pulses} == {one.holder for one in holdings}
        assert live_of(pulses).oldest_due is not None
