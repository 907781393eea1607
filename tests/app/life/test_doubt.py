"""A store whose commits fail at random, before or after they count: the loop guesses nothing."""

from __future__ import annotations

import asyncio
import random
from collections import defaultdict

import pytest

from fql.errors import StoreError, StoreFull
from fql.store.memory import MemoryStore
from fql.store.port import Lease, Verdict
from fql.store.records import Mutations
from fql.testing import MockWebhookServer
from fql.testing.received import ReceivedRequest
from tests.app.plans import CHAIN, order, plan_of
from tests.app.test_runtime import runtime

EVENTS = 40
PATIENCE = "max_attempts: 20, initial_delay: 5ms, max_delay: 10ms"
PATIENT = CHAIN.replace("max_attempts: 1", PATIENCE).replace(
    'path: "/label" body: { id }', f'path: "/label" body: {{ id }} retry: {{ {PATIENCE} }}'
)


class Shaky(MemoryStore):
    """Commits end in four ways, drawn from a seed."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        self.random = random.Random(seed)
        self.ends: dict[str, int] = defaultdict(int)

    async def commit(self, lease: Lease, mutations: Mutations) -> Verdict:
        end = self.random.choice(["ok", "ok", "full", "refused", "lost", "doubtful"])
        self.ends[end] += 1
        if end == "full":
            raise StoreFull("no space is left")
        if end == "refused":
            raise StoreError("the disk said no")
        verdict = await super().commit(lease, mutations)
        if end == "lost":
            raise StoreError("the reply was lost")
        return "ambiguous" if end == "doubtful" else verdict


@pytest.mark.parametrize("seed", range(6))
async def test_failing_commits_lose_nothing_and_repeat_nothing(
    webhook_server: MockWebhookServer, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    """No crash happened, so each attempt is made once, in order, and each event has one run."""
    monkeypatch.setattr("fql.engine.loop.session.TROUBLE_PAUSE", 0.001)
    rng = random.Random(seed)

    def moody(_: ReceivedRequest) -> int:
        return 503 if rng.random() < 0.2 else 200

    webhook_server.always(moody)
    store = Shaky(seed)

    async def emit(number: int) -> None:
        for _ in range(100):
            try:
                await running.emit("Order.insert", new=order(number), key=str(number))
            except StoreError:
                continue
            return
        raise AssertionError("never accepted")

    started = False
    while not started:
        running = runtime(webhook_server, plan=plan_of(PATIENT), store=store, listeners=())
        try:
            await running.__aenter__()
            started = True
        except StoreError:
            continue
    try:
        await asyncio.gather(*(emit(number) for number in range(EVENTS)))
        assert (await running.until_idle(20)).left == 0
        runs = await running.client.runs(limit=1000)
    finally:
        await running.__aexit__(None, None, None)
    assert len(runs) == EVENTS
    assert {run.state for run in runs} == {"done"}
    attempts: dict[str, list[int]] = defaultdict(list)
    for request in webhook_server.requests:
        attempts[request.key].append(request.attempt)
    assert len(attempts) == 2 * EVENTS
    odd = {key: made for key, made in attempts.items() if made != list(range(1, len(made) + 1))}
    assert not odd
    assert sum(count for end, count in store.ends.items() if end != "ok") > 3
