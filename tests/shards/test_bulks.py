"""Bulk replays on a store that engines share: one engine walks, the owners of the runs replay."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from fql.client import open_client
from fql.letters import Wanted
from fql.store.sharing.homes import FIRST
from fql.testing import MockWebhookServer, Reply
from tests.app.letters.paged import SETTINGS, page
from tests.app.plans import order
from tests.shards.conftest import Admin
from tests.shards.test_engines import sent, until
from tests.shards.test_moving import Engines
from tests.shards.test_processes import done, fleet
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


@pytest.mark.soak
@pytest.mark.timeout(1800)
async def test_many_kills_of_engines_and_of_the_page_under_way(
    postgresql_url: str, webhook_server: MockWebhookServer, tmp_path: Path
) -> None:
    """Ten thousand letters, three engines, and eight of them killed one after another: each letter
    is marked once, and the counts are right."""
    number, kills = 10_000, 8
    webhook_server.always(lambda request: Reply(400 if request.path == "/free" else 200))
    async with Engines(postgresql_url, webhook_server) as engines:
        await engines.start()
        (one,) = engines.running
        for first in range(0, number, 500):
            rows = [order(n, status=str(n)) for n in range(first, first + 500)]
            await asyncio.gather(*(one.emit("Order.insert", new=row) for row in rows))
        await one.until_idle(600)
    webhook_server.always(200)
    webhook_server.clear()
    async with (
        fleet(tmp_path, postgresql_url, webhook_server, SETTINGS) as engines,
        open_client(postgresql_url) as client,
    ):
        with page(tmp_path) as asker:
            name = await asyncio.to_thread(asker.begin, "free", 1_000)
        for turn in range(kills):
            least = number * (turn + 1) // (kills + 1)
            while sum(one.marked for one in await client.bulks()) < least:
                await asyncio.sleep(0.1)
            await engines.kill()
            await engines.start(1)
        ended = await client.bulk_ended(name)
        counts = ended.total, ended.marked, ended.resolved, ended.dead, ended.other
        assert (ended.state, counts) == ("ended", (number, number, number, 0, 0))
        assert await client.dead_letter_counts() == {}
        await done(client)
    keys = [request.key for request in webhook_server.requests if request.path == "/free"]
    assert len(set(keys)) == number
    assert len(keys) - number <= 256 * kills, "what was on the wire comes again"
