"""Hours of overload and a day of retries in virtual time: memory stays flat, nobody waits for what
is not his, and each retry comes at its time. Short in every run, whole in `make soak`."""

from __future__ import annotations

import random
from collections import defaultdict
from itertools import pairwise

import pytest

from fql.actions.port import Outcome
from fql.engine.core.held.inputs import CoreSettings, Performed
from fql.engine.core.history.present import oldest_due
from fql.engine.program.limits import EndpointLimits
from fql.plan.policies import RetryPolicy
from tests.engine.programs import observer, program
from tests.simulation.world import World

OK = Outcome(status=200)
DOWN = Outcome(status=503)
WINDOW = 100
SECOND = 1000
HOUR = 3600 * SECOND
HEALTHY = 1 << 40
"""From this number on events are for the healthy receiver."""


def overloaded() -> World:
    """One receiver takes one request every 10 ms; another one answers at once."""
    slow, quick = observer("a", "slow", endpoint="slow"), observer("b", "quick", endpoint="quick")
    made = program(
        slow, quick, limits={"slow": EndpointLimits(concurrency=1, failures=0)},
        matching=lambda event: ["quick" if int(event.position) >= HEALTHY else "slow"],
    )  # fmt: skip
    return World(made, 1, CoreSettings(window=WINDOW), failure_rate=0.0)


def answered(w: World, outcome: Outcome = OK) -> None:
    landing, w.wire = w.wire, []
    for work in landing:
        w.inputs.outcomes.append(Performed(work, outcome, work.sends, w.clock.now(), "{}"))
    getattr(w, "_answers", {}).clear()


@pytest.mark.parametrize(
    "seconds", [20, pytest.param(3600, marks=pytest.mark.soak)], ids=["short", "an hour"]
)
def test_twice_the_load_that_a_receiver_takes(seconds: int) -> None:
    """Two events in the time of one request: they wait in a queue, and its head is sent. What goes
    to the healthy one goes at once."""
    w = overloaded()
    asked: dict[int, int] = {}
    most = slow = 0
    for turn in range(seconds * 100):
        w.emit(2 * turn)
        w.emit(2 * turn + 1)
        if turn % 5 == 0:
            asked[HEALTHY + turn] = w.clock.now()
            w.emit(HEALTHY + turn)
        answered(w)
        w.cycle()
        w.clock.advance(10)
        most = max(most, len(w.state.runs))
        for arrival in w.ledger:
            (number,) = arrival.members
            if number >= HEALTHY:
                assert arrival.at - asked.pop(number) <= 10, "the healthy one waits for nobody"
            else:
                assert number == slow, "the oldest is sent"
                slow += 1
        w.ledger.clear()
    assert most <= WINDOW
    age = w.clock.now() - oldest_due(w.state, w.clock.now())
    assert abs(age - (seconds * SECOND - slow * 5)) < SECOND, "the gauge says how old the next is"


@pytest.mark.parametrize(
    "hours", [2, pytest.param(24, marks=pytest.mark.soak)], ids=["short", "a day"]
)
def test_retries_of_a_day_come_at_their_times(hours: int) -> None:
    """Two events a minute, half of all requests are refused: each is tried after 1 s, 10 s, 100 s,
    1,000 s and hours, as long as it takes."""
    retry = RetryPolicy(
        jitter="none", initial_delay=SECOND, multiplier=10, max_delay=3 * HOUR, max_attempts=20,
    )  # fmt: skip
    limits = {"here": EndpointLimits(failures=0)}
    w = World(program(observer("a", retry=retry), limits=limits), 1, CoreSettings(window=WINDOW))
    chance = random.Random(7)
    sent: dict[str, list[int]] = defaultdict(list)
    end, number, most, waiting = w.clock.now() + hours * HOUR, 0, 0, 0
    while w.clock.now() < end:
        upcoming = w.clock.now() + 30 * SECOND
        w.emit(number)
        number += 1
        w.cycle()
        while w.clock.now() < upcoming:
            for arrival in w.ledger:
                sent[arrival.key].append(arrival.at)
            w.ledger.clear()
            answered(w, DOWN if chance.random() < 0.5 else OK)
            if not w.inputs:
                w.clock.move_to(min(upcoming, w.wake or upcoming))
            w.cycle()
            most = max(most, len(w.state.runs))
            waiting = max(waiting, len(w.state.timers))
    assert number > hours * 100
    for times in sent.values():
        delays = [after - before for before, after in pairwise(times)]
        assert delays == [min(10**n * SECOND, 3 * HOUR) for n in range(len(delays))]
    assert most <= 20
    assert waiting <= 20
