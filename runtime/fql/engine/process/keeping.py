"""Keeping what works beside the engine at work: a task that raises begins again."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from fql.engine.program.bulkhead import fault_of
from fql.errors import FqlError, StoreGone
from fql.observe.logs import logger

PAUSE = 1.0
"""Seconds before it begins again."""


async def keep_going(name: str, work: Callable[[], Awaitable[None]]) -> None:
    """Do the work until it comes to its end. One failed read is logged and tried again: it ends
    neither this task nor another. Raises StoreGone, as nothing can be done without a store."""
    while True:
        try:
            await work()
        except StoreGone:
            raise
        except Exception as problem:  # noqa: BLE001 - a bulkhead: decision 0046
            logger.error("%s failed and is tried again: %s", name, reason_of(problem))
        else:
            return
        await asyncio.sleep(PAUSE)


def reason_of(problem: BaseException) -> str:
    """An error of ours in its own words, anything else by its type and place."""
    return problem.message if isinstance(problem, FqlError) else fault_of(problem).text
