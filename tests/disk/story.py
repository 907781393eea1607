"""An engine at work on a disk that notes everything: what was promised when, and what was sent."""

from __future__ import annotations

import asyncio
import random
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from fql.app import Runtime
from fql.errors import StoreError
from fql.store.sqlite.store import SqliteStore
from fql.testing import MockWebhookServer
from fql.testing.received import ReceivedRequest
from tests.app.plans import order, plan_of, settings_of
from tests.disk.vfs import Disk, Fault, Op, none

STORE = "s.db"
SOURCE = """
retry patient { max_attempts: 30, backoff: fixed, initial_delay: 5ms, jitter: none }
observer placed {
  on: Order.insert
  retry: patient
  webhook reserve { endpoint: shop path: "/reserve" body: { id } }
  webhook label { endpoint: shop path: "/label" body: { id } }
}
observer counted {
  on: Order.insert
  retry: patient
  webhook report {
    endpoint: shop path: "/report" batch: { size: 4, timeout: 20ms } body: { rows: each { id } }
  }
}
"""
PLAN = plan_of(SOURCE)


class BusyStore(SqliteStore):
    """Moves its WAL into the database every few commits, so that many cuts fall into that, and
    keeps next to no pages in memory, so that it reads."""

    def _open(self) -> None:
        super()._open()
        assert self._connection is not None
        self._connection.execute("PRAGMA wal_autocheckpoint = 40")
        self._connection.execute("PRAGMA cache_size = 5")


@dataclass(frozen=True, slots=True)
class Sent:
    """A request as it came, how it was answered, and how much the disk had done by then."""

    request: ReceivedRequest
    status: int
    mark: int

    @property
    def ids(self) -> list[str]:
        """The orders that it speaks of."""
        payload = self.request.payload
        assert isinstance(payload, dict)
        return [row["id"] for row in payload.get("rows", [payload])]


@dataclass
class Story:
    """What the disk did, which events were promised behind which of its operations, what came."""

    ops: list[Op] = field(default_factory=list)
    promised: dict[int, int] = field(default_factory=dict)
    sent: list[Sent] = field(default_factory=list)


def runtime(store: SqliteStore, server: MockWebhookServer) -> Runtime:
    return Runtime(
        PLAN, store=store, settings=settings_of(SMALL), listeners=(),
        environment={"RECEIVER": server.url},
    )  # fmt: skip


SMALL = "[webhooks.dispatch]\nmax_queue_size = 16\nmax_in_flight = 2\n"
"""Most work waits in the store, and is read back."""


async def tell(folder: Path, events: int, seed: int, fault: Fault = none) -> Story:
    """Run an engine that takes events, some at a time, with a receiver that fails now and then. The
    disk fails as `fault` says until all events are taken; what is refused is handed in again."""
    rng = random.Random(seed)
    story = Story()
    with Disk(folder) as disk, MockWebhookServer() as server:

        def receive(request: ReceivedRequest) -> int:
            status = 503 if rng.random() < 0.15 else 200
            story.sent.append(Sent(request, status, len(disk.ops)))
            return status

        async def emit(number: int) -> None:
            while number not in story.promised:
                try:
                    await running.emit("Order.insert", new=order(number), key=str(number))
                    story.promised[number] = len(disk.ops)
                except StoreError:
                    await asyncio.sleep(0.002)

        server.always(receive)
        async with runtime(BusyStore(folder / STORE), server) as running:
            disk.fault, first = fault, 0
            while first < events:
                count = rng.randint(1, 5)
                await asyncio.gather(*(emit(n) for n in range(first, first + count)))
                first += count
            disk.fault = none
            if fault is not none:
                assert (await running.until_idle(30)).left == 0
        story.ops = disk.ops
    return story


async def go_on(folder: Path, promised: set[int], events: int) -> list[Sent]:
    """Start again on what is left. What was promised is delivered; then the application repeats
    all of it, as one that is in doubt does, and the engine knows what it knew."""
    sent: list[Sent] = []
    with MockWebhookServer() as server:

        def receive(request: ReceivedRequest) -> int:
            sent.append(Sent(request, 200, 0))
            return 200

        async def repeat(number: int) -> None:
            receipt = await running.emit("Order.insert", new=order(number), key=str(number))
            assert receipt.duplicate or number not in promised, number

        server.always(receive)
        async with runtime(SqliteStore(folder / STORE), server) as running:
            assert (await running.until_idle(30)).left == 0
            await asyncio.gather(*(repeat(number) for number in range(events)))
            assert (await running.until_idle(30)).left == 0
            assert {run.state for run in await running.client.runs(limit=9999)} == {"done"}
    return sent


def check_ledger(before: Sequence[Sent], after: Sequence[Sent], events: int) -> None:
    """Nothing is lost; one key for an intent, and one body for a key; attempts count on; what was
    answered well and comes again says so."""
    delivered: set[tuple[str, str]] = set()
    keys: dict[tuple[str, str], set[str]] = defaultdict(set)
    bodies: dict[str, set[bytes]] = defaultdict(set)
    attempts: dict[str, list[int]] = defaultdict(list)
    last: dict[str, int] = {}
    for one in (*before, *after):
        key = one.request.key
        if last.get(key) == 200:
            assert one.request.headers.get("fql-redelivery") == "1", "a repetition says so"
        last[key] = one.status
        bodies[key].add(one.request.body)
        attempts[key].append(one.request.attempt)
        for number in one.ids:
            keys[one.request.path, number].add(key)
            if one.status == 200:
                delivered.add((one.request.path, number))
    wanted = {
        (path, f"o{n}") for path in ("/reserve", "/label", "/report") for n in range(events)
    }  # fmt: skip
    assert delivered == wanted
    assert all(len(found) == 1 for found in keys.values()), "one key for an intent"
    assert all(len(found) == 1 for found in bodies.values()), "one body for a key"
    assert all(made == sorted(set(made)) for made in attempts.values()), "attempts count on"
