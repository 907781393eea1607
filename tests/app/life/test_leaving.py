"""Leaving a busy runtime: what was stored is said to be, and no request follows the drain."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from pathlib import Path

import pytest

from fql.engine.loop.senders import Senders
from fql.errors import FqlError, StoreError
from fql.store.memory import MemoryStore
from fql.store.port import Lease, Verdict
from fql.store.records import Mutations
from fql.testing import MockWebhookServer, Reply
from tests.app.plans import order, settings_of
from tests.app.test_runtime import runtime


class Slow(MemoryStore):
    """Commits take a moment, as those of a disk do; meanwhile the runtime may be left."""

    def __init__(self, seconds: float = 0.005) -> None:
        super().__init__()
        self.seconds = seconds
        self.ended = 0.0

    async def commit(self, lease: Lease, mutations: Mutations) -> Verdict:
        verdict = await super().commit(lease, mutations)
        await asyncio.sleep(self.seconds)
        return verdict


class Emitters:
    """Handlers of an application that emit in a loop until they are refused."""

    def __init__(self, running: object, count: int = 20) -> None:
        self.stored: set[str] = set()
        self.refused: set[str] = set()
        self._running = running
        self.tasks = [asyncio.ensure_future(self._emit(one)) for one in range(count)]

    async def _emit(self, emitter: int) -> None:
        for number in range(1000):
            name = f"{emitter}-{number}"
            try:
                await self._running.emit("Order.insert", new=order(0, id=name), key=name)  # type: ignore[attr-defined]
            except FqlError:
                self.refused.add(name)
                return
            self.stored.add(name)


async def stored_events(store: MemoryStore) -> set[str]:
    return {row.payload.split('"id":"')[1].split('"')[0] for row in store.tables.events.values()}


@pytest.mark.parametrize("pause", [0.0, 0.001, 0.004, 0.02])
async def test_emitters_of_a_runtime_that_is_left_are_told_the_truth(
    webhook_server: MockWebhookServer, pause: float
) -> None:
    store = Slow()
    webhook_server.always(200)
    async with runtime(webhook_server, store=store) as running:
        emitters = Emitters(running)
        await asyncio.sleep(pause)
    await asyncio.wait_for(asyncio.gather(*emitters.tasks), 5)
    assert len(emitters.refused) == 20
    assert await stored_events(store) == emitters.stored, "nothing else, and nothing less"


@pytest.mark.parametrize("pause", [0.0, 0.001, 0.004, 0.02])
async def test_no_request_begins_after_the_drain(
    webhook_server: MockWebhookServer, monkeypatch: pytest.MonkeyPatch, pause: float
) -> None:
    """What a commit under way has armed goes back to ready, and the next engine sends it once."""
    store, drained = Slow(), []
    webhook_server.always(200)
    ending = Senders.drain

    async def drain(self: Senders, seconds: float) -> None:
        await ending(self, seconds)
        drained.append(time.monotonic())

    monkeypatch.setattr(Senders, "drain", drain)
    async with runtime(webhook_server, store=store) as running:
        emitters = Emitters(running)
        await asyncio.sleep(pause)
    await asyncio.wait_for(asyncio.gather(*emitters.tasks), 5)
    sent = len(webhook_server.requests)
    await asyncio.sleep(0.05)
    assert len(webhook_server.requests) == sent
    async with runtime(webhook_server, store=store) as again:
        await again.until_idle(5)
    keys = [request.key for request in webhook_server.requests]
    assert len(keys) == len(set(keys)), "no crash happened, so nothing is sent twice"
    assert len(keys) == len(emitters.stored)


async def test_leaving_that_is_cancelled_leaves_nothing_running(
    webhook_server: MockWebhookServer,
) -> None:
    store = MemoryStore()
    webhook_server.always(Reply(delay=5.0))
    before = asyncio.all_tasks()
    running = await runtime(webhook_server, store=store).__aenter__()
    await running.emit("Order.insert", new=order(1))
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.3):
            await running.__aexit__(None, None, None)
    await asyncio.sleep(0.05)
    left = {task.get_coro().__qualname__ for task in asyncio.all_tasks() - before}  # type: ignore[union-attr]
    assert not {name for name in left if "Engine" in name or "Senders" in name}, left
    webhook_server.always(200)
    async with runtime(webhook_server, store=store) as again:
        await again.until_idle(5)
        runs = await again.client.runs()
    assert [run.state for run in runs] == ["done"]


async def test_an_emit_that_waits_for_room_is_refused_when_the_engine_ends(
    webhook_server: MockWebhookServer,
) -> None:
    webhook_server.always(200)
    text = "[webhooks.dispatch]\nmax_queue_size = 1\n"
    running = runtime(webhook_server, store=Slow(0.02), settings=settings_of(text))
    async with running:
        emitters = Emitters(running, 5)
        await asyncio.sleep(0.01)
    await asyncio.wait_for(asyncio.gather(*emitters.tasks), 5)
    assert len(emitters.refused) == 5


class Stuck(MemoryStore):
    """A commit that never comes back once it was `stuck`."""

    stuck = False

    async def commit(self, lease: Lease, mutations: Mutations) -> Verdict:
        verdict = await super().commit(lease, mutations)
        if self.stuck and mutations.events:
            await asyncio.sleep(60)
        return verdict


async def test_a_commit_that_does_not_end_is_said_to_be_in_doubt(
    webhook_server: MockWebhookServer,
) -> None:
    store = Stuck()
    webhook_server.always(200)
    text = '[webhooks.dispatch]\ntimeout = "200ms"\n'
    async with runtime(webhook_server, store=store, settings=settings_of(text)) as running:
        store.stuck = True
        emit = asyncio.ensure_future(running.emit("Order.insert", new=order(1)))
        await asyncio.sleep(0.02)
    with pytest.raises(StoreError, match="not known"):
        await emit


def test_a_forked_child_that_leaves_does_not_end_its_parents_runtime(
    webhook_server: MockWebhookServer, tmp_path: Path
) -> None:
    code = (
        "import asyncio, os\n"
        "from tests.app.plans import *\n"
        "from fql import Runtime\n"
        "async def main():\n"
        f"    async with Runtime(plan_of(), store='sqlite:///{tmp_path}/s.db',\n"
        f"            environment={{'RECEIVER': '{webhook_server.url}'}},\n"
        "            settings=settings_of(), listeners=()) as running:\n"
        "        child = os.fork()\n"
        "        if child == 0:\n"
        "            try:\n"
        "                running.__aexit__(None, None, None).send(None)\n"
        "            except StopIteration:\n"
        "                os._exit(7)\n"
        "            os._exit(2)\n"
        "        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))\n"
        "        await running.emit('Order.insert', new=order(2))\n"
        "        print((await running.until_idle(30)).done)\n"
        "asyncio.run(main())\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=30, check=False
    )
    assert done.stdout == "7\n1\n", done.stderr
