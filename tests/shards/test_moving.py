"""Shards move while engines come and go under load: nothing is lost, sent twice or out of order."""

from __future__ import annotations

import asyncio
import random
import re
from collections import Counter

from fql.app import Runtime
from fql.client import Client
from fql.engine.loop.clock import SystemClock
from fql.exact.writing import json_text
from fql.store.postgresql.shared import SharedPostgresStore
from fql.store.sharing.homes import fair_share
from fql.testing import MockWebhookServer, Reply
from tests.app.plans import order
from tests.shards.conftest import Admin
from tests.shards.test_engines import sent, shared, until
from tests.shards.test_shares import EXPIRE

KEYS = 6


class Load:
    """Orders that three clients hand in, until they are stopped; each has one of a few order keys,
    which one client hands in."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._task: asyncio.Task[None] | None = None
        self._over = False
        self.keys: list[str] = []

    async def __aenter__(self) -> Load:
        self._task = asyncio.create_task(self._run())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._over = True
        assert self._task is not None
        await self._task

    async def _run(self) -> None:
        store = SharedPostgresStore(self._url)
        await store.open()
        clients = [Client(store, SystemClock()) for _ in range(3)]
        while not self._over:
            number = random.Random(len(self.keys)).randrange(KEYS)
            key, client = f"k{number}", clients[number % 3]
            new = order(len(self.keys), status=key)
            await client.emit({"entity": "Order", "event": "insert", "new": new})
            self.keys.append(key)
            await asyncio.sleep(0.03)
        await store.close()


def check(receiver: MockWebhookServer, load: Load, *, again: int = 0) -> None:
    """Everything came, at most `again` requests came twice, and each key in its order."""
    expected = {f"o{number}" for number in range(len(load.keys))}
    keys = Counter(str(one.headers["webhook-id"]) for one in receiver.requests)
    assert sum(count - 1 for count in keys.values()) <= again
    assert set(sent(receiver, "/free")) == expected
    lined = list(dict.fromkeys(sent(receiver, "/lined")))
    assert set(lined) == expected
    for key in set(load.keys):
        of_key = [int(one[1:]) for one in lined if load.keys[int(one[1:])] == key]
        assert of_key == sorted(of_key), key
    packs = [one.payload for one in receiver.requests if one.path == "/packed"]
    members = re.findall(r'"(o\d+)"', json_text(packs))
    assert set(members) == expected
    assert len(members) <= len(expected) + 5 * again


class Engines:
    """Those of one store, in the order of their start."""

    def __init__(self, url: str, receiver: MockWebhookServer) -> None:
        self._url = url
        self._receiver = receiver
        self.running: list[Runtime] = []

    async def __aenter__(self) -> Engines:
        return self

    async def __aexit__(self, *_: object) -> None:
        while self.running:
            await self.stop()

    async def start(self) -> None:
        made = shared(self._url, self._receiver)
        await made.__aenter__()
        self.running.append(made)

    async def stop(self) -> None:
        await self.running.pop(0).__aexit__(None, None, None)

    async def fair(self) -> None:
        """Until each has its share of the shards."""
        count = len(self.running)
        least = 64 - fair_share(64, count) * (count - 1)
        await until(lambda: min(map(owned, self.running)) >= least)

    async def idle(self) -> None:
        await asyncio.gather(*(one.until_idle(60) for one in self.running))


def owned(running: Runtime) -> int:
    return len(running.engine.state.shards.mine)


async def test_a_rolling_restart_of_three_engines_under_load(
    postgresql_url: str, webhook_server: MockWebhookServer
) -> None:
    """Nothing at all is sent twice."""
    chance = random.Random(1)
    webhook_server.always(lambda _: Reply(delay=chance.uniform(0, 0.1)))
    async with Engines(postgresql_url, webhook_server) as engines:
        for _ in range(3):
            await engines.start()
        async with Load(postgresql_url) as load:
            for _ in range(3):
                await engines.fair()
                await engines.stop()
                await engines.start()
            await engines.fair()
        await engines.idle()
    check(webhook_server, load)


async def test_one_of_three_dies_and_only_what_it_had_on_the_wire_comes_again(
    postgresql_url: str, webhook_server: MockWebhookServer, admin: Admin
) -> None:
    chance = random.Random(2)
    webhook_server.always(lambda _: Reply(delay=chance.uniform(0, 0.2)))
    async with Engines(postgresql_url, webhook_server) as engines:
        for _ in range(3):
            await engines.start()
        async with Load(postgresql_url) as load:
            await engines.fair()
            await until(lambda: len(load.keys) > 50)
            dead = engines.running.pop(0)
            flying = len(dead.engine.state.in_flight) + len(dead.engine.state.buffers)
            await dead.engine.kill()
            admin.execute(EXPIRE, (dead.engine.session,))
            await engines.fair()
        await engines.idle()
        check(webhook_server, load, again=flying + 20)
        await dead.__aexit__(None, None, None)
    expected = {f"o{number}" for number in range(len(load.keys))}
    assert set(sent(webhook_server, "/free")) == expected


async def test_commands_go_to_the_owner_and_pauses_to_all(
    postgresql_url: str, webhook_server: MockWebhookServer
) -> None:
    webhook_server.always(lambda request: Reply(400 if request.path == "/free" else 200))
    async with Engines(postgresql_url, webhook_server) as engines:
        for _ in range(2):
            await engines.start()
        await engines.fair()
        first, second = engines.running
        for number in range(4):
            await first.emit("Order.insert", new=order(number))
        await engines.idle()
        webhook_server.always(200)
        await second.replay(all=True)
        await engines.idle()
        assert len(sent(webhook_server, "/free")) == 8
        await second.client.pause("shop")
        both = [one.engine.state for one in engines.running]
        await until(lambda: all("shop" in state.paused for state in both))
        await second.client.resume("shop")
        await until(lambda: not any(state.paused for state in both))
