"""Who has its turn when there is more than memory holds: what can go before what waits for a time,
the older before the younger, and what a circuit is probed with."""

from __future__ import annotations

import gc
from collections.abc import Callable

import pytest

from fql.actions.port import Outcome
from fql.engine.core.held.inputs import Performed
from fql.engine.core.held.runs import Run, Work
from fql.engine.core.history.present import oldest_due
from fql.engine.program.limits import EndpointLimits
from fql.plan.policies import RetryPolicy
from tests.engine.programs import observer
from tests.engine.test_core import world
from tests.simulation.world import World

HOUR = 3_600_000
OK = Outcome(status=200)
DOWN = Outcome(status=503)
OPEN = EndpointLimits(concurrency=64, failures=0)


def rare(delay: int, attempts: int = 5) -> RetryPolicy:
    """Always the same delay, in milliseconds."""
    return RetryPolicy(jitter="none", initial_delay=delay, max_delay=delay, max_attempts=attempts)


def number_of(work: Work) -> int:
    assert isinstance(work.owner, Run)
    return int(work.owner.event.position)


def answer(w: World, bad: Callable[[int], bool], count: int = 10**6) -> None:
    """What is on the wire is answered, oldest first."""
    landing, w.wire = w.wire[:count], w.wire[count:]
    for work in landing:
        outcome = DOWN if bad(number_of(work)) else OK
        w.inputs.outcomes.append(Performed(work, outcome, work.sends, w.clock.now(), "{}"))
    w.cycle()


def drain(w: World, bad: Callable[[int], bool]) -> None:
    """For as long as something goes on without time passing."""
    for _ in range(10_000):
        if not (w.wire or w.inputs):
            return
        answer(w, bad)
    raise AssertionError("it never comes to rest")


def sent(w: World) -> set[int]:
    return {arrival.members[0] for arrival in w.ledger}


def test_retries_that_are_due_far_ahead_hold_up_nobody() -> None:
    """Every tenth event is refused and tried again in an hour: each of the others is sent now."""
    w = world(observer("a", retry=rare(HOUR)), limits=OPEN, window=40)
    for number in range(800):
        w.emit(number)
    w.cycle()
    drain(w, lambda number: number % 10 == 0)
    assert sent(w) == set(range(800))
    assert not w.state.runs, "what waits for an hour is in the store"
    w.settle()
    assert {run.state for run in w.runs()} == {"done"}


def test_retries_that_are_due_soon_hold_up_nobody_either() -> None:
    w = world(observer("a", retry=rare(400)), limits=OPEN, window=20)
    for number in range(400):
        w.emit(number)
    w.cycle()
    drain(w, lambda number: number % 2 == 0)
    assert sent(w) == set(range(400))
    assert len(w.state.runs) <= 20, "memory is bounded"
    w.settle()
    assert {run.state for run in w.runs()} == {"done"}


def test_what_leaves_memory_leaves_every_structure() -> None:
    w = world(observer("a", retry=rare(HOUR)), limits=OPEN, window=40)
    for number in range(500):
        w.emit(number)
    w.cycle()
    drain(w, lambda _number: True)
    w.cycle()  # the step before is told of no more
    w._answers.clear()
    gc.collect()
    stored = {run.id for run in w.runs()}
    alive = [one for one in gc.get_objects() if isinstance(one, Run) and one.id in stored]
    assert len(stored) == 500
    assert not alive
    assert not len(w.state.timers)


def test_under_overload_the_oldest_goes_first_and_the_gauge_says_how_old_it_is() -> None:
    """One is sent every 10 ms, and two are emitted: the queue grows, and stays a queue."""
    w = world(observer("a"), limits=EndpointLimits(concurrency=1), window=16)
    for turn in range(150):
        w.emit(2 * turn)
        w.emit(2 * turn + 1)
        w.clock.advance(10)
        answer(w, lambda _number: False)
        w.cycle()
        oldest = w.clock.now() - oldest_due(w.state, w.clock.now())
        behind = len(w.ledger) // 2
        assert abs(oldest - 10 * (turn - behind)) <= 40, "the age of what goes next"
    order = [arrival.members[0] for arrival in w.ledger]
    assert order == sorted(order)


def test_a_retry_waits_behind_what_is_older_and_before_what_is_younger() -> None:
    w = world(observer("a", retry=rare(2000)), limits=EndpointLimits(concurrency=1), window=16)
    w.emit(0)
    w.cycle()
    answer(w, lambda _number: True)
    for number in range(1, 100):
        w.emit(number)
        w.clock.advance(100)
        w.cycle()
    drain(w, lambda _number: False)
    order = [arrival.members[0] for arrival in w.ledger]
    place = order.index(0, 1)
    assert 15 <= place <= 60, "with those that came when it was due"


@pytest.mark.parametrize("window", [16, 1000])
def test_a_probe_takes_what_has_not_failed_before(window: int) -> None:
    """Every tenth is taken by no receiver, and tried again and again: ten of them in a row open
    the circuit. One more comes, and is the next probe, also where it is in the store by then."""
    limits = EndpointLimits(concurrency=4, failures=10, open_for=500)
    w = world(observer("a", retry=rare(2000, attempts=50)), limits=limits, window=window)
    for number in range(400):
        w.emit(number)
    w.cycle()
    drain(w, lambda number: number % 10 == 0)
    assert sent(w) == set(range(400))
    while not w.state.endpoints["here"].circuit.is_open:
        w.clock.advance(100)
        w.cycle()
        drain(w, lambda number: number % 10 == 0)
    w.emit(401)
    w.cycle()
    before = len(w.ledger)
    w.clock.advance(500)
    w.cycle()
    drain(w, lambda number: number % 10 == 0)
    assert w.ledger[before].members == (401,)


def test_one_message_that_is_refused_again_and_again_opens_no_circuit() -> None:
    limits = EndpointLimits(failures=3, open_for=HOUR)
    w = world(observer("a", retry=rare(100, attempts=20)), limits=limits)
    w.emit(0)
    w.cycle()
    for _ in range(10):
        drain(w, lambda _number: True)
        w.clock.advance(100)
        w.cycle()
    assert len(w.ledger) == 11
    assert not w.state.endpoints["here"].circuit.is_open
