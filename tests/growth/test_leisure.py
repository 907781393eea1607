"""An outcome from which nothing follows is stored with what comes next; all others at once."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

import pytest

from fql.app import Runtime
from fql.engine.loop import alarm
from fql.observe.events import CycleCommitted, Lifecycle
from fql.testing import MockWebhookServer
from tests.app.plans import CHAIN, ENTITY, ONE, order, plan_of, settings_of

LONG = 60.0
QUEUED = ONE.replace("  when: total > 10\n", "  order_by: status\n")


@pytest.fixture(autouse=True)
def _long(monkeypatch: pytest.MonkeyPatch) -> None:
    """So long that a test which waited for it would fail."""
    monkeypatch.setattr(alarm, "LEISURE", LONG)


async def _until(done: Callable[[], bool]) -> None:
    while not done():
        await asyncio.sleep(0.002)


def started(
    text: str, server: MockWebhookServer, commits: list[CycleCommitted], entity: str = ENTITY
) -> Runtime:
    def listen(event: Lifecycle) -> None:
        if isinstance(event, CycleCommitted):
            commits.append(event)

    return Runtime(
        plan_of(text, entity=entity), store="memory:", settings=settings_of(), listeners=(listen,),
        environment={"RECEIVER": server.url},
    )  # fmt: skip


async def test_one_event_after_the_other_takes_one_commit_each(
    webhook_server: MockWebhookServer,
) -> None:
    commits: list[CycleCommitted] = []
    async with started(ONE, webhook_server, commits) as runtime:
        commits.clear()
        for number in range(10):
            await runtime.emit("Order.insert", new=order(number))
            await _until(lambda: _answered(runtime))
        assert len(commits) == 10
        assert sum(one.attempts for one in commits) == 9
        assert (await runtime.until_idle(10)).done == 10, "who waits for the end need not wait long"


def _answered(runtime: Runtime) -> bool:
    return bool(runtime.engine._waiting.outcomes)


async def test_who_waits_for_a_run_is_told_at_once(webhook_server: MockWebhookServer) -> None:
    async with started(ONE, webhook_server, []) as runtime:
        begun = time.monotonic()
        receipt = await runtime.emit("Order.insert", new=order(1))
        assert (await runtime.wait(receipt, LONG)).ended
        other = await runtime.emit("Order.insert", new=order(2))
        await _until(lambda: _answered(runtime))
        assert (await runtime.wait(other, LONG)).ended
        assert time.monotonic() - begun < LONG / 2


@pytest.mark.parametrize("text", [CHAIN, QUEUED], ids=["what is after it", "what is queued"])
async def test_what_follows_is_not_kept_waiting(
    webhook_server: MockWebhookServer, text: str
) -> None:
    async with started(text, webhook_server, []) as runtime:
        for number in range(2):
            await runtime.emit("Order.insert", new=order(number))
        await _until(lambda: webhook_server.call_count == (4 if text is CHAIN else 2))


async def test_neither_is_what_waits_for_the_receiver(webhook_server: MockWebhookServer) -> None:
    entity = ENTITY.replace('url: "${RECEIVER}"', 'url: "${RECEIVER}" concurrency: 1')
    async with started(ONE, webhook_server, [], entity) as runtime:
        await asyncio.gather(*(runtime.emit("Order.insert", new=order(n)) for n in range(5)))
        await _until(lambda: webhook_server.call_count == 5)


async def test_a_drain_stores_it(webhook_server: MockWebhookServer) -> None:
    commits: list[CycleCommitted] = []
    async with started(ONE, webhook_server, commits) as runtime:
        await runtime.emit("Order.insert", new=order(1))
        await _until(lambda: _answered(runtime))
    assert sum(one.attempts for one in commits) == 1
