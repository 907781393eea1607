"""A store in a stream with three copies: its leader is killed, and the others have all."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import TypeVar

import pytest

from fql.errors import StoreError
from fql.store.choosing import RunFilter
from fql.store.nats.store import NatsStore
from fql.store.records import Mutations
from tests.servers.nats import Server, cluster
from tests.store.rows import event, run

T = TypeVar("T")


async def insisted(work: Callable[[], Awaitable[T]]) -> T:
    """Again and again, until the servers have a leader."""
    async with asyncio.timeout(60):
        while True:
            try:
                return await work()
            except StoreError:
                await asyncio.sleep(0.2)


async def opened(servers: list[Server]) -> NatsStore:
    async def opening() -> NatsStore:
        store = NatsStore([server.url for server in servers])
        await store.open()
        return store

    return await insisted(opening)


async def leader(store: NatsStore, servers: list[Server]) -> Server:
    found = await store.stream.connection.ask("STREAM.INFO.FQL_main", timeout_s=5)
    name = str(found["cluster"]["leader"])  # type: ignore[index]
    return servers[int(name.removeprefix("n"))]


@pytest.mark.soak
async def test_the_leader_of_the_stream_is_killed_between_commits() -> None:
    with cluster() as servers:
        store = await opened(servers)
        found = await store.stream.look()
        assert found is not None
        assert found.replicas == 3
        lease = await store.acquire("test")
        counted = 0
        for number in range(40):
            if number == 15:
                await asyncio.to_thread((await leader(store, servers)).kill)
            changed = Mutations(
                events=[event(number * 10)], runs=[run(number * 10 + 1, number * 10)]
            )
            ended = await store.commit(lease, changed)
            counted += ended == "ok" or bool(await insisted(partial(store.settle, lease, number)))
        late = await opened(servers)
        assert len(await late.runs(RunFilter())) == counted >= 38
        await late.close()
        await store.close()
