"""Time goes on evenly, whatever happens to the wall clock: steps are told and slewed."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fql.client import open_client
from fql.engine.loop.clock import STEP, SystemClock, slewed
from fql.engine.process.clockwatch import ClockWatch
from fql.observe.events import ClockStepped
from fql.testing import MockWebhookServer
from tests.app.letters.test_replays import fail
from tests.app.plans import CHAIN, order, plan_of, settings_of
from tests.app.test_runtime import runtime

DAY = 86_400_000


class Machine:
    """A wall clock that somebody sets, and a steady one that nobody can."""

    def __init__(self) -> None:
        self.steady = 5_000
        self.wall = 1_800_000_000_000

    def pass_time(self, milliseconds: int) -> None:
        self.steady += milliseconds
        self.wall += milliseconds

    def clock(self) -> SystemClock:
        return SystemClock(lambda: self.wall, lambda: self.steady)


@given(
    st.lists(
        st.tuples(st.integers(0, 3_600_000), st.integers(-3 * DAY, 3 * DAY), st.booleans()),
        max_size=30,
    )
)
def test_it_never_goes_back_and_never_leaps(story: list[tuple[int, int, bool]]) -> None:
    machine = Machine()
    clock = machine.clock()
    before = clock.now()
    for passed, moved, looked in story:
        machine.pass_time(passed)
        machine.wall += moved
        if looked:
            clock.look()
        now = clock.now()
        assert passed * 0.89 - 2 <= now - before <= passed * 1.11 + 2
        before = now


@pytest.mark.parametrize("moved", [60_000, -60_000, 3_600_000, -3_600_000])
def test_a_step_is_seen_once_and_caught_up_with(moved: int) -> None:
    machine = Machine()
    clock = machine.clock()
    machine.wall += moved
    assert (clock.look(), clock.look()) == (moved, 0)
    for _ in range(10 * abs(moved) // 1000 + 1):
        machine.pass_time(1000)
        assert clock.look() == 0
    assert clock.drift() == 0


@given(st.integers(-DAY, DAY), st.integers(-DAY, DAY))
def test_the_clock_of_a_server_is_taken_over_at_once_and_then_followed(one: int, two: int) -> None:
    machine = Machine()
    clock = machine.clock()
    clock.follow(machine.wall + one)
    assert (clock.now(), clock.look(), clock.drift()) == (machine.wall + one, 0, 0)
    clock.follow(machine.wall + two)
    moved = two - one
    assert clock.now() == machine.wall + one
    assert clock.look() == (moved if abs(moved) >= STEP else 0)
    machine.pass_time(10 * abs(moved) + 10)
    assert (clock.now(), clock.drift()) == (machine.wall + two, 0)


def test_what_a_time_server_corrects_is_followed_without_a_word() -> None:
    machine = Machine()
    clock = machine.clock()
    for _ in range(100):
        machine.pass_time(1000)
        machine.wall += 20
        assert clock.look() == 0
    assert abs(clock.drift()) < 100


@given(st.integers(-DAY, DAY), st.integers(-DAY, DAY), st.integers(0, DAY))
def test_slewing_ends_at_its_target(added: int, target: int, passed: int) -> None:
    after = slewed(added, target, passed)
    assert min(added, target) <= after <= max(added, target)
    assert slewed(after, target, 10 * abs(target - after) + 10) == target


def test_a_step_is_told_and_a_sleep_wakes_the_engine() -> None:
    machine = Machine()
    told: list[object] = []
    woken: list[str] = []
    watch = ClockWatch(machine.clock(), told.append, lambda: woken.append("up"))
    watch.look(0)
    machine.wall += DAY
    watch.look(5)
    watch.look(STEP)
    assert told == [ClockStepped(DAY, 864_000)]
    assert woken == ["up"]


async def test_a_running_engine_tells_of_a_step(webhook_server: MockWebhookServer) -> None:
    machine = Machine()
    told: list[object] = []
    real = SystemClock()
    machine.wall = 0
    clock = SystemClock(lambda: real.now() + machine.wall)
    async with runtime(webhook_server, clock=clock, listeners=[told.append]) as running:
        machine.wall = DAY
        for _ in range(300):
            if any(isinstance(event, ClockStepped) for event in told):
                break
            await running.until_idle(0.02)
        await running.emit("Order.insert", new=order(1))
        assert (await running.until_idle(20)).done == 1
    (step,) = (event for event in told if isinstance(event, ClockStepped))
    assert abs(step.by_ms - DAY) < STEP


async def test_a_delay_means_the_same_in_every_process(
    webhook_server: MockWebhookServer, tmp_path: Path
) -> None:
    """The engine's time is a day behind the wall clock, by which the command reckons."""
    real = SystemClock()
    machine = Machine()
    machine.wall = 0
    clock = SystemClock(lambda: real.now() + machine.wall)
    store = f"sqlite:///{tmp_path}/s.db"
    async with runtime(
        webhook_server, store=store, plan=plan_of(CHAIN), clock=clock, settings=settings_of()
    ) as running:
        await fail(running, webhook_server, 1)
        machine.wall = -DAY  # the engine is a day ahead of what the machine says
        clock_elsewhere = SystemClock(lambda: real.now() - DAY)
        async with open_client(store) as client:
            client._clock = clock_elsewhere
            await client.replay(all=True, delay="300ms")
        began = real.now()
        assert await webhook_server.arrived(1, 20)
        assert 250 < real.now() - began < 10_000
        await running.until_idle(20)
    assert webhook_server.call_count == 2
