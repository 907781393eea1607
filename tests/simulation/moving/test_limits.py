"""Stories in which engines share a rate, a concurrency limit and a circuit, each from one seed."""

from __future__ import annotations

import random

import pytest

from fql.engine.core.held.inputs import CoreSettings
from fql.engine.program.limits import NEVER, EndpointLimits
from tests.engine.programs import observer, program
from tests.simulation.moving.limited import Together
from tests.simulation.test_seeds import make_observer

KINDS = ("join", "leave", "crash", "sleep", "probe")


def play(seed: int) -> Together:
    rng = random.Random(seed)
    observers = [make_observer(rng, f"o{n}", crash_safe=False) for n in range(rng.randint(1, 2))]
    limits = {
        "one": EndpointLimits(
            concurrency=rng.choice([1, 1, 2, 5, NEVER]), failures=rng.choice([0, 2]),
            open_for=rng.choice([200, 3000]), probes=rng.choice([1, 1, 2]),
        ),
        "two": EndpointLimits(
            per_second=rng.choice([None, 2.0, 20.0]), burst=rng.randint(1, 5),
            concurrency=rng.choice([1, 3, 64]), failures=0,
        ),
    }  # fmt: skip
    settings = CoreSettings(
        max_in_flight=rng.choice([2, 8, 256]), window=rng.choice([4, 20, 1000]), crash_budget=500,
        alone_from=400,
    )  # fmt: skip
    fates = {name: 0.05 for name in KINDS if rng.random() < 0.7} | {"join": 0.2}
    world = Together(
        program(*observers, limits=limits), seed, settings, rng.choice([0.0, 0.3, 0.6]), fates,
        lost=rng.choice([0.0, 0.0, 0.3]), doubts=rng.choice([0.0, 0.3]),
    )  # fmt: skip
    for _ in range(rng.randint(1, 8)):
        for _ in range(rng.randint(1, 4)):
            world.emit()
        for _ in range(rng.randint(0, 5)):
            world.tick()
    world.settle()
    world.check()
    return world


def told(seed: int) -> Together:
    """One story; a failure names its seed."""
    try:
        return play(seed)
    except BaseException as problem:
        problem.add_note(f"seed {seed}")
        raise


def test_a_probe_that_a_person_asks_for_is_one_request_of_all_engines() -> None:
    """It closes the circuit for both of them, long before its time."""
    limits = {"one": EndpointLimits(failures=1, open_for=60_000, probes=1)}
    only = observer("a", "o0", endpoint="one")
    world = Together(program(only, limits=limits), 1, CoreSettings(), 1.0)
    world.join()
    world.emit()
    _play_on(world)
    circuits = [one.state.endpoint("one").circuit for one in world.engines]
    assert all(circuit.is_open for circuit in circuits)
    before, world.failure_rate = len(world.ledger), 0.0
    for _ in range(6):
        world.emit()
        world.cycle(world.engines[world.emitted % 2])
    _play_on(world)
    assert len(world.ledger) == before, "all wait"
    world.have_probed("one")
    asked = world.clock.now()
    _play_on(world, answering=False)
    assert len(world.ledger) == before + 1, "one, although both have work"
    world.settle()
    world.check()
    assert world.clock.now() - asked < 10_000
    assert not any(circuit.is_open for circuit in circuits)


def _play_on(world: Together, *, answering: bool = True) -> None:
    """Long enough for each engine to hear of all that the other has told the store."""
    for _ in range(60):
        for engine in world.engines:
            if answering:
                world.answer(engine)
            world.cycle(engine)
        world.clock.advance(20)


def test_limits_hold_whatever_happens() -> None:
    for seed in range(120):
        told(seed)


@pytest.mark.soak
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("block", range(10))
def test_limits_hold_for_long(block: int) -> None:
    for seed in range(100_000 + block * 2000, 102_000 + block * 2000):
        told(seed)
