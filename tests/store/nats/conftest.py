"""Stores in NATS, each in a stream of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack

import pytest

from fql.store.nats.store import NatsStore
from tests.servers.nats import fresh

Open = Callable[..., Awaitable[NatsStore]]


@pytest.fixture
def project() -> str:
    return fresh("p")


@pytest.fixture
async def opened(nats_url: str, project: str) -> AsyncIterator[Open]:
    """Opens stores on one stream; they are closed at the end."""
    async with AsyncExitStack() as stack:

        async def opening(url: str = "", **options: object) -> NatsStore:
            store = NatsStore([url or nats_url], project=project, **options)  # type: ignore[arg-type]
            await store.open()
            stack.push_async_callback(store.close)
            return store

        yield opening
