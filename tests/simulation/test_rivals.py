"""Several engines on one database, each story from one seed: see `rivals.py`."""

from __future__ import annotations

import random
from collections import defaultdict

import pytest

from fql.engine.core.held.inputs import CoreSettings
from fql.engine.program.limits import EndpointLimits
from tests.engine.programs import program
from tests.simulation.rivals import Rivals
from tests.simulation.test_seeds import check_promises, check_run, make_observer

ODDS = (0.0, 0.1, 0.3)
LIMITS = {
    "one": EndpointLimits(concurrency=3, failures=0),
    "two": EndpointLimits(per_second=20.0, burst=5, failures=0),
}


def play(
    seed: int, *, doubts: float = 0.0, sleeps: float = 0.0, rewinds: float = 0.0,
    crash_rate: float = 0.0,
) -> Rivals:  # fmt: skip
    rng = random.Random(seed)
    observers = [make_observer(rng, f"o{n}", crash_safe=False) for n in range(rng.randint(1, 2))]
    settings = CoreSettings(
        max_in_flight=rng.choice([2, 8, 256]), window=rng.choice([4, 20, 1000]), crash_budget=500,
        alone_from=400,
    )  # fmt: skip
    world = Rivals(
        program(*observers, limits=LIMITS), seed, settings, crash_rate,
        failure_rate=rng.choice([0.0, 0.3]), doubts=doubts, sleeps=sleeps, rewinds=rewinds,
    )  # fmt: skip
    for number in range(rng.randint(1, 20)):
        world.emit(number)
        for _ in range(rng.randint(0, 3)):
            world.tick()
    world.settle()
    return world


def check_after_rewinds(world: Rivals) -> None:
    """What was forgotten was taken in again: nothing is missing, one key for each intent, and no id
    was given twice. What went before what is not asked: receivers answered before the rewind, and
    perhaps otherwise after it."""
    runs = world.runs()
    assert len(runs) == len(world.emitted) * len(world.program.observers), "nothing lost"
    intents: dict[str, set[tuple[object, ...]]] = defaultdict(set)
    members: dict[int, set[int]] = defaultdict(set)
    ok: dict[tuple[int, str, str], int] = {}
    for index, arrival in enumerate(world.ledger):
        intents[arrival.key].add((arrival.members, arrival.observer, arrival.node))
        for run, member in zip(arrival.run, arrival.members, strict=True):
            members[run].add(member)
            if arrival.ok:
                ok.setdefault((run, arrival.observer, arrival.node), index)
    assert all(len(found) == 1 for found in intents.values()), "a key for each intent"
    assert all(len(found) == 1 for found in members.values()), "an id is one run for ever"
    for run in runs:
        check_run(world, run, ok, {})


@pytest.mark.parametrize("seed", range(30))
def test_a_lost_reply_is_settled_however_late_the_statement(seed: int) -> None:
    """No crash happens, so nothing is repeated: a late statement never counts."""
    world = play(seed, doubts=0.4)
    check_promises(world)
    assert not any(arrival.redelivery for arrival in world.ledger)


@pytest.mark.parametrize("seed", range(100, 130))
def test_an_engine_that_slept_sends_nothing_and_changes_nothing(seed: int) -> None:
    rng = random.Random(seed)
    check_promises(play(seed, sleeps=0.3, doubts=rng.choice(ODDS), crash_rate=rng.choice(ODDS)))


@pytest.mark.parametrize("seed", range(200, 230))
def test_a_store_that_goes_back_takes_in_again_what_it_forgot(seed: int) -> None:
    rng = random.Random(seed)
    check_after_rewinds(play(seed, rewinds=0.2, doubts=rng.choice(ODDS), sleeps=rng.choice(ODDS)))


def test_the_stories_tell_of_everything() -> None:
    """Late statements, commits that did not count, rewinds under an engine, and what it says."""
    worlds = [play(seed, doubts=0.3, sleeps=0.2, rewinds=0.2) for seed in range(300, 320)]
    assert sum(world.late for world in worlds) > 20
    assert sum(world.forgotten for world in worlds) > 20
    assert sum(world.rewound for world in worlds) > 20
    told = [message for world in worlds for message in world.told]
    assert any("went back" in message for message in told)


@pytest.mark.soak
@pytest.mark.parametrize("block", range(10))
def test_rivals_for_thousands_of_seeds(block: int) -> None:
    for seed in range(20_000 + block * 300, 20_300 + block * 300):
        rng = random.Random(seed)
        check_promises(play(seed, sleeps=0.2, doubts=rng.choice(ODDS), crash_rate=0.05))
        check_after_rewinds(play(seed, rewinds=0.2, doubts=0.2, sleeps=0.1))
