"""Queues on PostgreSQL: `python postgresql_side.py NAME worker`, or `NAME COUNT` to put jobs in,
in groups where there is such a call. NAME is `procrastinate`, `pgqueuer` or `dbos`."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Iterator
from typing import Any

from least import BROKER, post, post_async, row

AT_ONCE = 64


def groups(count: int) -> Iterator[range]:
    """The numbers of jobs that are put in together."""
    print(time.time(), flush=True)
    for first in range(0, count, AT_ONCE):
        yield range(first, min(first + AT_ONCE, count))


async def procrastinate(count: int | None) -> None:
    """Tasks of asyncio, woken by NOTIFY; jobs that succeeded are deleted."""
    import procrastinate as library

    app = library.App(connector=library.PsycopgConnector(conninfo=BROKER, max_size=8))

    @app.task(queue="orders", retry=3)
    async def deliver(body: dict[str, object]) -> None:
        await post_async(body)

    async with app.open_async():
        if count is None:
            await app.schema_manager.apply_schema_async()
            await app.run_worker_async(concurrency=AT_ONCE, delete_jobs="successful")
        else:
            for numbers in groups(count):
                await deliver.batch_defer_async(*({"body": row(n)} for n in numbers))


async def pgqueuer(count: int | None) -> None:
    """asyncpg, its default driver."""
    import asyncpg
    from pgqueuer import AsyncpgDriver, PgQueuer, Queries

    driver = AsyncpgDriver(await asyncpg.connect(BROKER))
    if count is not None:
        for numbers in groups(count):
            bodies: list[bytes | None] = [json.dumps(row(n)).encode() for n in numbers]
            await Queries(driver).enqueue(["deliver"] * len(bodies), bodies, [0] * len(bodies))
        return
    await Queries(driver).install()
    app = PgQueuer(driver)

    @app.entrypoint("deliver")
    async def deliver(job: Any) -> None:
        await post_async(json.loads(job.payload))

    await app.run(batch_size=AT_ONCE)


async def dbos(count: int | None) -> None:
    """A workflow of one step for each job, on a queue."""
    from dbos import DBOS, DBOSClient

    if count is not None:
        client = DBOSClient(system_database_url=BROKER)
        options: Any = {"queue_name": "orders", "workflow_name": "deliver"}
        for numbers in groups(count):
            for number in numbers:
                client.enqueue(options, row(number))
        return
    DBOS(config={"name": "bench", "system_database_url": BROKER, "log_level": "CRITICAL"})

    @DBOS.step(retries_allowed=True, max_attempts=3)
    def send(body: dict[str, object]) -> None:
        post(body)

    @DBOS.workflow(name="deliver")
    def deliver(body: dict[str, object]) -> None:
        send(body)

    DBOS.launch()
    await asyncio.to_thread(
        DBOS.register_queue, "orders", worker_concurrency=AT_ONCE, polling_interval_sec=0.05
    )
    await asyncio.Event().wait()


if __name__ == "__main__":
    import uvloop

    sides = {"procrastinate": procrastinate, "pgqueuer": pgqueuer, "dbos": dbos}
    uvloop.run(sides[sys.argv[1]](None if sys.argv[2] == "worker" else int(sys.argv[2])))
