"""Stories in which shards move between engines at work, each from one seed."""

from __future__ import annotations

import random

import pytest

from fql.engine.core.held.inputs import CoreSettings
from fql.plan.policies import RetryPolicy
from tests.engine.programs import observer, program
from tests.simulation.moving.world import Moving
from tests.simulation.test_seeds import make_observer

SEEDS = 50
KINDS = ("join", "leave", "crash", "sleep", "ask")


def play(seed: int, *, kinds: tuple[str, ...] = KINDS) -> Moving:
    rng = random.Random(seed)
    observers = [make_observer(rng, f"o{n}", crash_safe=False) for n in range(rng.randint(1, 2))]
    settings = CoreSettings(
        max_in_flight=rng.choice([2, 8, 256]), window=rng.choice([4, 20, 1000]), crash_budget=500,
        alone_from=400,
    )  # fmt: skip
    fates = {name: 0.1 for name in kinds if rng.random() < 0.7}
    failures, doubts = rng.choice([0.0, 0.3]), rng.choice([0.0, 0.0, 0.3])
    doubts *= "crash" in kinds
    world = Moving(program(*observers), seed, settings, failures, fates, doubts)
    for _ in range(rng.randint(1, 8)):
        world.emit()
        for _ in range(rng.randint(0, 5)):
            world.tick()
    world.settle()
    world.check()
    return world


def told(seed: int, kinds: tuple[str, ...] = KINDS) -> Moving:
    """One story; a failure names its seed."""
    try:
        return play(seed, kinds=kinds)
    except BaseException as problem:
        problem.add_note(f"seed {seed}")
        raise


@pytest.mark.parametrize("block", range(8))
def test_shards_move_whatever_happens(block: int) -> None:
    for seed in range(block * SEEDS, (block + 1) * SEEDS):
        told(seed)


def test_replays_of_one_key_go_one_at_a_time() -> None:
    """Of one queue, while commits lose their replies."""
    for seed in range(380, 440):
        rng = random.Random(seed)
        queue = observer(
            "a", "o0", retry=RetryPolicy(max_attempts=1), order_by=lambda _: "k",
            block_on_dead=rng.random() < 0.3,
        )  # fmt: skip
        world = Moving(program(queue), seed, CoreSettings(), 0.5, {"ask": 0.6}, doubts=0.3)
        for _ in range(rng.randint(1, 8)):
            world.emit()
            for _ in range(rng.randint(0, 5)):
                world.tick()
        world.settle()
        world.check()


def test_engines_that_come_and_go_in_order_repeat_nothing() -> None:
    worlds = [told(seed, ("join", "leave")) for seed in range(10_000, 10_060)]
    assert sum(world.moved for world in worlds) > 300
    assert not any(world.crashes for world in worlds)


def test_the_same_seed_gives_the_same_trace() -> None:
    assert play(7).trace == play(7).trace


@pytest.mark.soak
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("block", range(10))
def test_shards_move_for_long(block: int) -> None:
    for seed in range(100_000 + block * 5000, 105_000 + block * 5000):
        told(seed)
