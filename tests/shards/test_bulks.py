"""Bulk replays on a store that engines share: one engine walks, the owners of the runs replay."""

from __future__ import annotations

from fql.letters import Wanted
from fql.store.sharing.homes import FIRST
from fql.testing import MockWebhookServer, Reply
from tests.app.plans import order
from tests.shards.conftest import Admin
from tests.shards.test_engines import sent, until
from tests.shards.test_moving import Engines
from tests.shards.test_shares import EXPIRE

COUNT = 40


async def test_the_engine_that_walks_dies_and_another_goes_on(
    postgresql_url: str, webhook_server: MockWebhookServer, admin: Admin
) -> None:
    webhook_server.always(lambda request: Reply(400 if request.path == "/free" else 200))
    async with Engines(postgresql_url, webhook_server) as engines:
        for _ in range(2):
            await engines.start()
        await engines.fair()
        for number in range(COUNT):
            await engines.running[number % 2].emit("Order.insert", new=order(number))
        await engines.idle()
        webhook_server.always(200)
        webhook_server.clear()
        chosen = Wanted(filter={"observer": "free"}, rate=20)
        client = engines.running[1].client
        found = await client.foresee(**chosen)
        assert found.bounds is not None and found.total == COUNT
        name = await client.start_bulk(found.bounds, **chosen)
        await until(lambda: len(sent(webhook_server, "/free")) >= 8)
        walks = next(one for one in engines.running if one.engine.owns(FIRST))
        engines.running.remove(walks)
        flying = len(walks.engine.state.in_flight)
        await walks.engine.kill()
        admin.execute(EXPIRE, (walks.engine.session,))
        left = engines.running[0].client
        ended = await left.bulk_ended(name)
        assert (ended.state, ended.marked, ended.resolved) == ("ended", COUNT, COUNT)
        await engines.idle()
        assert set(sent(webhook_server, "/free")) == {f"o{number}" for number in range(COUNT)}
        assert len(sent(webhook_server, "/free")) <= COUNT + flying + 5
        assert await left.dead_letters() == []
        await walks.__aexit__(None, None, None)
