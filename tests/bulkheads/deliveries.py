"""Whether new work of every observer is delivered."""

from __future__ import annotations

import time

from fql.app import Runtime
from fql.client import Client
from tests.bulkheads.shop import Shop, order

KINDS: tuple[type[Exception], ...] = (Exception, MemoryError, RecursionError)
HANGS = 30.0
"""Seconds after which a story is held to hang."""
PATIENCE = 3.0
"""Seconds for what takes a few milliseconds."""
PATHS = ("/label", "/rescue", "/many", "/one", "/again", "/gone")
"""What is sent for an order, besides `/tell/...`."""


async def delivered(shop: Shop, runtime: Runtime, name: str) -> list[str]:
    """What is missing of new work of every observer and of the source."""
    await resumed(shop, runtime)
    visit = f"{name}-visit"
    shop.insert(visit)
    await runtime.emit("Order.insert", new=order(name), id=name)
    await runtime.emit("Order.insert", new=order(f"{name}2"), id=f"{name}2")
    missing = ["everything"]
    end = time.monotonic() + PATIENCE
    while missing and time.monotonic() < end:
        calm = await shop.settle(runtime)
        missing = _missing(shop, name, visit) + ([] if calm else ["calm"])
    return missing


def _missing(shop: Shop, name: str, visit: str) -> list[str]:
    has = shop.receiver.has
    missing = [path for path in PATHS if not has(path, name)]
    missing += [] if has(f"/tell/{name}", name) else ["/tell"]
    return missing + ([] if has("/greet", visit) else ["/greet"])


async def resumed(shop: Shop, runtime: Runtime) -> None:
    """The command that would have gone on may be the item that was given up."""
    if runtime.engine.state.paused:
        await Client(shop.store).resume("shop")
        await shop.settle(runtime)
