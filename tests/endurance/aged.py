"""A store as it is after a long time: many finished runs that are old, and many that wait."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from pathlib import Path

from fql.app import Runtime
from fql.testing import MockWebhookServer, Reply
from tests.app.plans import order, plan_of, settings_of

PLAN = """
observer all {
  on: Order.insert
  webhook tell { endpoint: shop path: "/orders" body: { id, total } }
}
observer dead {
  on: Order.delete
  webhook wait {
    endpoint: gone path: "/gone" body: { id }
    retry: { initial_delay: 1h, max_delay: 1h, jitter: none }
  }
}
endpoint gone { url: "${GONE}" circuit: { failures: 10000 } }
"""
DAY = 24 * 3_600_000
FIRST = 1000
"""The first number of what is made; a session of an engine begins far above."""
_SEQUENCE = "WITH RECURSIVE s(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM s WHERE n + 1 < ?)"
_EVENTS = f"""{_SEQUENCE} INSERT INTO fql_event SELECT ? + 4 * n, source, position, entity, kind,
  event_id || '-' || n, timestamp, received - ?, payload, context FROM s, fql_event WHERE id = ?"""
_RUNS = f"""{_SEQUENCE} INSERT INTO fql_run SELECT ? + 4 * n + 1, ? + 4 * n, plan, observer,
  key || n, state, due, lane, order_key, started - ?, ended - ?, works, held, shard, 0, row_key
  FROM s, fql_run WHERE event = ?"""
_ATTEMPTS = f"""{_SEQUENCE} INSERT INTO fql_attempt SELECT ? + 4 * n + 1, a.node, a.number, a.at,
  a.status, a.failure, a.error, a.duration_ms, a.response_start
  FROM s, fql_attempt a JOIN fql_run r ON r.id = a.owner WHERE r.event = ?"""


def runtime(folder: Path, server: MockWebhookServer, settings: str = "") -> Runtime:
    """The engine on the store of this folder; one of its two endpoints refuses everything."""
    server.always(lambda request: Reply(status=503 if request.path == "/gone" else 200))
    environment = {"RECEIVER": server.url, "GONE": server.url}
    return Runtime(
        plan_of(PLAN), store=f"sqlite:///{folder}/s.db", environment=environment,
        settings=settings_of(settings), listeners=(),
    )  # fmt: skip


async def age(
    folder: Path, server: MockWebhookServer, *, finished: int, waiting: int, size: int = 500
) -> None:
    """Have one of each kind made by an engine, with so many bytes, and copy its rows."""
    async with runtime(folder, server) as running:
        await running.emit("Order.insert", new=order(1, status="x" * size), key="done")
        await running.emit("Order.delete", old=order(2, status="x" * size), key="waits")
        while running.engine.state.in_flight or running.engine.state.runs:
            await asyncio.sleep(0.02)
    with sqlite3.connect(folder / "s.db") as connection:
        kinds = dict(connection.execute("SELECT kind, id FROM fql_event").fetchall())
        done, waits = kinds["insert"], kinds["delete"]
        for first, count, one, old in (
            (FIRST, finished, done, DAY), (FIRST + 4 * finished, waiting, waits, DAY),
        ):  # fmt: skip
            if count:
                connection.execute(_EVENTS, (count, first, old, one))
                connection.execute(_RUNS, (count, first, first, old, old, one))
                connection.execute(_ATTEMPTS, (count, first, one))
    connection.close()


def count(folder: Path, where: str) -> int:
    """How many runs there are of a kind."""
    with sqlite3.connect(folder / "s.db") as connection:
        query = f"SELECT count(*) FROM fql_run WHERE {where}"
        found = int(connection.execute(query).fetchone()[0])
    connection.close()
    return found


def is_old_left(folder: Path) -> bool:
    """Whether a run is left that had ended before the engine began; found in an index."""
    find = "SELECT 1 FROM fql_run WHERE ended < ? AND order_key IS NULL LIMIT 1"
    with sqlite3.connect(folder / "s.db") as connection:
        found = connection.execute(find, (int(time.time() * 1000) - DAY // 2,)).fetchone()
    connection.close()
    return found is not None
