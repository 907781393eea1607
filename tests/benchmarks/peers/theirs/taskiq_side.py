"""taskiq: `taskiq worker taskiq_side:broker`, or `python taskiq_side.py COUNT` to put jobs in."""

from __future__ import annotations

import asyncio
import sys
import time

from least import BROKER, post_async, row
from taskiq import SimpleRetryMiddleware
from taskiq_redis import RedisStreamBroker

AT_ONCE = 64
broker = RedisStreamBroker(BROKER).with_middlewares(SimpleRetryMiddleware(default_retry_count=3))


@broker.task(retry_on_error=True)
async def deliver(body: dict[str, object]) -> None:
    await post_async(body)


async def main(count: int) -> None:
    await broker.startup()
    print(time.time(), flush=True)
    for first in range(0, count, AT_ONCE):
        numbers = range(first, min(first + AT_ONCE, count))
        await asyncio.gather(*(deliver.kiq(row(number)) for number in numbers))
    await broker.shutdown()


if __name__ == "__main__":
    import taskiq_side  # under the name that the worker knows its task by

    asyncio.run(taskiq_side.main(int(sys.argv[1])))
