"""How many events a commit takes in: all, unless receivers keep up with a flood of them."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Mapping

import pytest

from fql.actions.port import Delivery, Outcome, Request
from fql.app import Runtime
from fql.engine.core.held.runs import Run
from fql.engine.loop.cycle import Group, Waiting
from fql.engine.program.limits import EndpointLimits
from fql.expressions.scope import Scope
from fql.plan.model import Endpoint, Plan, PlanNode
from fql.store.memory import MemoryStore
from fql.store.records import Page, Paged
from tests.app.plans import ENTITY, order, plan_of, settings_of
from tests.engine.programs import observer
from tests.engine.test_core import answer, emit, world

WIDE = EndpointLimits(concurrency=256)


def test_without_anything_on_the_wire_all_events_go_in() -> None:
    assert world(observer("a")).state.room(0) is None


def test_while_receivers_keep_up_as_many_go_in_as_can_be_sent() -> None:
    w = world(observer("a"), limits=WIDE, max_in_flight=200)
    emit(w, *range(200))
    assert w.state.room(150) == 150
    assert w.state.room(0) == 50, "a quarter of what may be in flight goes in at least"
    assert w.state.room(0) is None, "nothing has ended for two commits: receivers are the brake"


def test_what_is_ready_already_takes_its_room() -> None:
    w = world(observer("a"), limits=WIDE, max_in_flight=200)
    emit(w, *range(230))
    assert w.state.room(200) == 200 - 30


async def test_events_that_stay_behind_keep_their_order() -> None:
    future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    groups = [Group((), ("misfit",), future, str(number)) for number in range(3)]  # type: ignore[arg-type]
    for group in groups:
        group.events = (object(), object())  # type: ignore[assignment]
    waiting = Waiting(groups=list(groups))
    assert waiting.leave(4) == groups[2:]
    assert waiting.groups == groups[:2]
    assert waiting.leave(0) == groups[1:2], "the first group always goes in"
    assert waiting.leave(100) == []


class Receivers:
    """Actions without a network: each attempt takes `seconds`."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds

    def __call__(
        self, plan: Plan, node: PlanNode, endpoint: Endpoint | None, environment: Mapping[str, str]
    ) -> Receivers:
        return self

    def render(self, scope: Scope) -> Request:
        return Request("POST", None, (), b"")

    async def perform(self, request: Request, delivery: Delivery, timeout_ms: int) -> Outcome:
        await asyncio.sleep(self.seconds)
        return Outcome(status=200)


class Watched(MemoryStore):
    """Counts the runs that are read back."""

    read_back = 0

    async def page(self, page: Page) -> Paged:
        paged = await super().page(page)
        self.read_back += len(paged.runs)
        return paged


SIZES = "[webhooks.dispatch]\nmax_queue_size = 150\nmax_in_flight = 64\n"
WIDER = "defaults { concurrency: 64 }\n"


async def flood(runtime: Runtime, count: int) -> None:
    """Events from a hundred callers at once."""
    numbers = iter(range(count))

    async def caller() -> None:
        for number in numbers:
            await runtime.emit("Order.insert", new=order(number))

    await asyncio.gather(*(caller() for _ in range(100)))


@pytest.mark.parametrize(("seconds", "read_back"), [(0.0, False), (0.05, True)])
async def test_only_a_slow_receiver_sends_a_flood_through_the_store(
    seconds: float, read_back: bool
) -> None:
    """A fast one holds it up a little, and nothing is stored only to be read back."""
    store = Watched()
    plan = plan_of(entity=WIDER + ENTITY)
    runtime = Runtime(
        plan, store=store, settings=settings_of(SIZES), actions=Receivers(seconds),
        environment={"RECEIVER": "http://127.0.0.1:9"},
    )  # fmt: skip
    async with runtime:
        await asyncio.wait_for(flood(runtime, 600), 5)
        if seconds:
            assert runtime.status().done < 500, "events were taken faster than they were sent"
        await runtime.until_idle(timeout=10)
        assert runtime.status().done == 600
    assert (store.read_back > 50) == read_back


def test_runs_that_have_ended_are_freed_without_the_garbage_collector() -> None:
    """Where it is switched off or set to look seldom, memory must not grow."""
    w = world(observer("a"), limits=WIDE, window=8, max_in_flight=8)
    gc.collect()
    before = count_of(Run)
    gc.disable()
    try:
        emit(w, *range(20))  # eight go out, the others wait in the store
        while w.wire:
            answer(w)
        w.cycle()  # the last step's results are replaced
        assert w.state.tally.done == 20
        assert count_of(Run) == before
    finally:
        gc.enable()


def count_of(kind: type) -> int:
    return sum(isinstance(one, kind) for one in gc.get_objects())
