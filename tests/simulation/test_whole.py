"""Thousands of short stories in which everything may happen: see `whole.py` and README.md."""

from __future__ import annotations

import random
from collections import defaultdict
from dataclasses import replace

import pytest

from fql.engine.core.held.inputs import CoreSettings, Order
from fql.engine.program.limits import EndpointLimits
from fql.engine.program.model import ObserverSpec, Program
from fql.store.records import RunRow
from fql.store.works import DONE, decode_works
from tests.engine.programs import program
from tests.simulation.test_seeds import make_observer
from tests.simulation.whole import HAPPENINGS, Whole

SEEDS = 100
"""Stories of one test."""
LIMITS = {
    "one": EndpointLimits(concurrency=3, failures=0),
    "two": EndpointLimits(per_second=20.0, burst=5, failures=0),
}


def plan(rng: random.Random, short: str, count: int) -> Program:
    """The same observers in each plan, with other flows."""
    made: list[ObserverSpec] = []
    for number in range(count):
        one = make_observer(rng, f"o{number}", crash_safe=False)
        made.append(replace(one, plan=short, digest=f"sha256:{short}"))
    return program(*made, limits=LIMITS)


def play(seed: int, events: int = 6) -> Whole:
    """One story. Each kind of happening is in about a third of them."""
    rng = random.Random(seed)
    count = rng.randint(1, 2)
    programs = {short: plan(rng, short, count) for short in ("p1", "p2")}
    world = Whole(
        programs["p1"], seed,
        CoreSettings(max_in_flight=rng.choice([2, 8, 256]), window=rng.choice([4, 20, 1000]),
                     crash_budget=500, alone_from=400),
        crash_rate=rng.choice([0.0, 0.0, 0.05]), leave_rate=rng.choice([0.0, 0.0, 0.1]),
        failure_rate=rng.choice([0.0, 0.3]), doubts=rng.choice([0.0, 0.0, 0.3]),
        programs=programs, lost=rng.choice([0.0, 0.0, 0.3]), jumps=rng.random() < 0.3,
        fates={name: 0.1 for name in HAPPENINGS if rng.random() < 0.3},
    )  # fmt: skip
    for number in range(1, rng.randint(2, events + 1)):
        world.emit(number)
        for _ in range(rng.randint(0, 4)):
            world.tick()
    world.settle()
    return world


def check(world: Whole) -> None:
    """What can be said in the end: nothing is lost or invented, one key for each intent within its
    bound, what is done was acknowledged, what is dead has a letter."""
    runs = world.runs()
    count = len(world.program.observers)
    assert len(runs) == len(world.emitted) * count, "nothing lost, nothing twice"
    _check_keys(world)
    _check_batches(world)
    acknowledged = {
        (run, arrival.observer, arrival.node)
        for arrival in world.ledger if arrival.ok for run in arrival.run
    }  # fmt: skip
    letters = {(letter.run, letter.node) for letter in world.letters()}
    refused = sum(letter.run is None for letter in world.letters())
    assert refused == world.refused or world.rewound, "a letter for each change that did not fit"
    for run in runs:
        spec = _spec(world, run)
        blocked = run.order_key is not None and run.state == "open"
        assert run.state in ("done", "dead", "cancelled") or blocked, run
        for node, stored in zip(spec.nodes, decode_works(run.works), strict=True):
            if stored.state == DONE:
                assert (run.id, run.observer, node.name) in acknowledged, "done is acknowledged"
        assert run.state != "dead" or any(one == run.id for one, _ in letters), "dead has a letter"


def _spec(world: Whole, run: RunRow) -> ObserverSpec:
    """The observer as the plan of the run has it."""
    return world.programs[run.plan].observers[run.observer]


def _check_keys(world: Whole) -> None:
    intents: dict[str, set[object]] = defaultdict(set)
    sends: dict[str, int] = defaultdict(int)
    for arrival in world.ledger:
        intent = (arrival.members, arrival.observer, arrival.node, bool(arrival.batch))
        intents[arrival.key].add(intent)
        sends[arrival.key] += 1
    assert all(len(found) == 1 for found in intents.values()), "a key is one intent"
    assert len(intents) == len(set().union(*intents.values())), "an intent has one key"
    nodes = [n for p in world.programs.values() for o in p.observers.values() for n in o.nodes]
    attempts = max(node.retry.max_attempts for node in nodes)
    bound = attempts * (1 + world.replays + world.rewound) + world.crashes + world.forgotten
    assert max(sends.values(), default=0) <= bound, "deliveries within the bound"


def _check_batches(world: Whole) -> None:
    """Members of a sealed batch never change, and each event is in one batch of a node."""
    members: dict[str, tuple[int, ...]] = {}
    batch_of: dict[tuple[int, str, str], str] = {}
    for one in world.ledger if not world.rewound else ():
        assert members.setdefault(one.key, one.run) == one.run, "members never change"
        for run in one.run if one.batch else ():
            place = (run, one.observer, one.node)
            assert batch_of.setdefault(place, one.key) == one.key, "one batch"


def check_replays(world: Whole) -> None:
    """After replays that succeed no run is dead, and what was done is not sent again."""
    done = {
        (run.id, node.name)
        for run in world.runs()
        for node, stored in zip(_spec(world, run).nodes, decode_works(run.works), strict=True)
        if stored.state == DONE
    }
    world.failure_rate, before = 0.0, len(world.ledger)
    for _ in range(20):
        letters = world.letters()
        for one in letters:
            kind = "discard" if one.run is None else "replay"
            order = Order(kind, run=one.run or 0, node=one.node, letter=one.id, force=True)
            world.touched.add(one.run or 0)
            world.order(order)
        if not letters:
            break
        world.settle()
    assert not world.letters(), "every dead letter can be replayed"
    assert all(run.state in ("done", "cancelled") for run in world.runs())
    repeated = {(run, one.node) for one in world.ledger[before:] for run in one.run} & done
    assert not repeated, "what was done is not sent again"


@pytest.mark.parametrize("block", range(20))
def test_everything_at_once(block: int) -> None:
    """2,000 stories in all."""
    for seed in range(block * SEEDS, (block + 1) * SEEDS):
        told(seed)


def told(seed: int, events: int = 6) -> None:
    """One story and what must hold after it; a failure names its seed."""
    try:
        world = play(seed, events)
        check(world)
        check_replays(world)
    except BaseException as problem:
        problem.add_note(f"seed {seed}, {events} events")
        raise


@pytest.mark.parametrize("seed", [3, 5, 11])
def test_the_same_seed_gives_the_same_trace(seed: int) -> None:
    assert play(seed, 12).trace == play(seed, 12).trace


def test_the_stories_tell_of_everything() -> None:
    """Each happening occurs, and so do late statements, commits that did not count and rewinds."""
    worlds = [play(seed) for seed in range(150)]
    lines = {line.split(" ", 1)[1] for world in worlds for line in world.trace}
    assert set(HAPPENINGS) <= lines
    assert sum(world.late for world in worlds) > 5
    assert sum(world.forgotten for world in worlds) > 5
    assert sum(world.rewound for world in worlds) > 5
    assert sum(world.jump != 0 for world in worlds) > 5


@pytest.mark.soak
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("block", range(20))
def test_everything_at_once_for_long(block: int) -> None:
    """200,000 stories in all, some of them long."""
    for seed in range(1_000_000 + block * 10_000, 1_010_000 + block * 10_000):
        told(seed, 20 if seed % 10 == 0 else 6)
