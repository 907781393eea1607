"""A stream on three servers: its leader is killed, the majority is lost and comes back."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import nats as client
import pytest
from tests.intake.test_nats import ids, plan
from tests.servers.nats import Server, cluster

from fql import Runtime
from fql.settings.reading import read_settings
from fql.testing import MockWebhookServer

ORDERS = 60


async def put(urls: list[str], number: int) -> None:
    """One order, repeated under its id until the stream has it."""
    body = json.dumps({"entity": "Order", "event": "insert", "new": {"id": number}}).encode()
    while True:
        try:
            connection = await client.connect(urls, max_reconnect_attempts=2, connect_timeout=1)
            try:
                js = connection.jetstream(timeout=1)
                if number == 0:
                    await js.add_stream(name="S", subjects=["s.>"], num_replicas=3)
                    return
                await js.publish("s.a", body, headers={"Nats-Msg-Id": f"order-{number}"})
                return
            finally:
                await connection.close()
        except (client.errors.Error, OSError, TimeoutError):
            await asyncio.sleep(0.2)


async def leader(urls: list[str], servers: list[Server]) -> Server:
    """The server that leads the stream."""
    connection = await client.connect(urls)
    try:
        found = await connection.jetstream().stream_info("S")
    finally:
        await connection.close()
    assert found.cluster is not None and found.cluster.leader is not None
    return servers[int(found.cluster.leader.removeprefix("n"))]


@pytest.mark.soak
async def test_no_message_is_lost_or_taken_twice_by_three_servers(
    tmp_path: Path, webhook_server: MockWebhookServer
) -> None:
    with cluster() as servers:
        urls = [server.url for server in servers]
        settings = read_settings(
            f'[nats]\nurl = {json.dumps(urls)}\n[sources.feed]\nkind = "nats"\nstream = "S"\n'
        )
        await put(urls, 0)
        async with Runtime(
            plan(), settings=settings, store=f"sqlite:///{tmp_path}/fql.db", listeners=(),
            environment={"RECEIVER": webhook_server.url},
        ):  # fmt: skip
            for number in range(1, 21):
                await put(urls, number)
            first = await leader(urls, servers)
            first.kill()
            for number in range(21, 41):
                await put(urls, number)
            second = await leader([s.url for s in servers if s is not first], servers)
            second.kill()  # one of three is left: nothing is taken now
            waiting = asyncio.create_task(put(urls, 41))
            await asyncio.sleep(2)
            assert not waiting.done()
            first.start()
            second.start()
            await waiting
            for number in range(42, ORDERS + 1):
                await put(urls, number)
            async with asyncio.timeout(90):
                while len(set(ids(webhook_server))) < ORDERS:
                    await asyncio.sleep(0.1)
    assert sorted(ids(webhook_server)) == list(range(1, ORDERS + 1))
