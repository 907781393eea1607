"""An event handed in from outside costs the same whatever the plan, and however many wait."""

from __future__ import annotations

import asyncio

from fql.app import Runtime
from fql.client import Client
from fql.store.memory import MemoryStore
from tests.growth.plans import sized
from tests.growth.test_start import calls


async def _store(observers: int) -> MemoryStore:
    store = MemoryStore()
    async with Runtime(sized(observers), store=store, environment={}):
        pass
    return store


def _cost(observers: int, events: int) -> float:
    """Calls of our own functions for each of so many events in flight, the plan known."""
    row = {"id": "1", "country": "DE", "total": "1.5", "count": 1, "note": "x"}
    envelope = {"entity": "Order", "event": "insert", "new": row}

    async def emit(client: Client, count: int) -> None:
        await asyncio.gather(*[client.emit(envelope) for _ in range(count)])

    with asyncio.Runner() as runner:
        client = Client(runner.run(_store(observers)))
        runner.run(emit(client, 1))
        return calls(lambda: runner.run(emit(client, events))) / events


def test_an_event_costs_the_same_at_any_size() -> None:
    base = _cost(1, 50)
    assert _cost(100, 50) <= base * 1.05
    assert _cost(1, 400) <= base * 1.05
