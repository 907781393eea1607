"""Random plans, events, faults and crashes, each story from one seed; the promises must hold."""

from __future__ import annotations

import random
from collections import defaultdict

import pytest

from fql.engine.core.held.inputs import CoreSettings, Order
from fql.engine.program.limits import EndpointLimits
from fql.engine.program.model import BatchPolicy, ObserverSpec
from fql.plan.policies import RetryPolicy
from fql.store.works import decode_works
from tests.engine.programs import observer, program
from tests.simulation.world import World

FLOWS = [
    "a", "a>b", "a>b,b>c", "a,b,c", "a>b,a>c,b>d,c>d", "a>b,a!c", "a>b,b!c,c>d,b>d",
    "a>b,a>c,b>e,c>d,d>e,b!f", "a!b,b!c",
]  # fmt: skip
END = {"d", "x", "k", "o", "c"}


def make_observer(rng: random.Random, name: str, *, crash_safe: bool) -> ObserverSpec:
    flow = rng.choice(FLOWS)
    retry = RetryPolicy(
        max_attempts=rng.randint(1, 4),
        jitter=rng.choice(["none", "full"]),
        max_delay=rng.choice([100, 5000]),
    )
    kind = rng.choice(["plain", "plain", "batch", "order", "when"])
    extra: dict[str, object] = {}
    if kind == "batch":
        extra["batch"] = {"a": BatchPolicy(rng.randint(1, 4), rng.choice([0, 50, 3000]))}
    if kind == "order":
        extra["order_by"] = lambda scope: str(int(scope.new["id"]) % 3)
        extra["block_on_dead"] = rng.random() < 0.3
    if kind == "when":
        extra["when"] = {"b": lambda scope: int(scope.new["id"]) % 2 == 0}
    ends = [rng.choice(["one", "two"]) for _ in range(3)]
    return observer(
        flow,
        name,
        retry=retry,
        endpoint=lambda node: ends[ord(node) % 3],
        **extra,  # type: ignore[arg-type]
    )


def play(seed: int, *, crash_rate: float, leave_rate: float = 0.0) -> World:
    rng = random.Random(seed)
    observers = [
        make_observer(rng, f"o{n}", crash_safe=crash_rate == 0) for n in range(rng.randint(1, 3))
    ]
    limits = {
        "one": EndpointLimits(
            concurrency=rng.choice([1, 3, 64]), failures=rng.choice([0, 3]), open_for=500
        ),
        "two": EndpointLimits(
            per_second=rng.choice([None, 20.0]), burst=rng.randint(1, 5), failures=0
        ),
    }
    settings = CoreSettings(
        max_in_flight=rng.choice([2, 8, 256]), window=rng.choice([4, 20, 1000]), crash_budget=50,
        alone_from=40,
    )  # fmt: skip
    world = World(
        program(*observers, limits=limits), seed, settings, crash_rate, leave_rate,
        rng.choice([0.0, 0.3, 0.6]),
    )  # fmt: skip
    for number in range(rng.randint(1, 40)):
        world.emit(number)
        for _ in range(rng.randint(0, 3)):
            world.tick()
    world.settle()
    return world


def check_promises(world: World) -> None:
    """The invariants of tests/simulation/README.md that can be read from store and ledger."""
    runs = world.runs()
    assert len(runs) == len(world.accepted) * len(world.program.observers), "nothing lost"
    keys: dict[str, set[tuple[object, ...]]] = defaultdict(set)
    sends: dict[str, int] = defaultdict(int)
    first_ok: dict[tuple[int, str, str], int] = {}
    first_seen: dict[tuple[int, str, str], int] = {}
    for index, arrival in enumerate(world.ledger):
        keys[arrival.key].add((arrival.run, arrival.observer, arrival.node))
        sends[arrival.key] += 1
        for member in arrival.run:
            place = (member, arrival.observer, arrival.node)
            first_seen.setdefault(place, index)
            if arrival.ok:
                first_ok.setdefault(place, index)
    assert all(len(intents) == 1 for intents in keys.values()), "a key for each intent"
    for run in runs:
        check_run(world, run, first_ok, first_seen)
    check_redelivery(world)
    check_limits(world)
    check_batches(world)
    check_order(world)
    bound = max(n.retry.max_attempts for o in world.program.observers.values() for n in o.nodes)
    assert max(sends.values(), default=0) <= bound + world.crashes, "deliveries within the bound"


def check_redelivery(world: World) -> None:
    """Whatever comes again after a success says that it may: only a crash can be the reason."""
    acknowledged: set[str] = set()
    for arrival in world.ledger:
        assert arrival.redelivery or arrival.key not in acknowledged, arrival
        if arrival.ok:
            acknowledged.add(arrival.key)


def check_limits(world: World) -> None:
    """Slots, concurrency and rate are kept; what a crash repeats takes a token like anything."""
    assert world.max_flying <= world.settings.max_in_flight
    for name, most in world.most_at.items():
        assert most <= world.program.limits[name].concurrency, "concurrency is kept"
    for name, limits in world.program.limits.items():
        if limits.per_second is None:
            continue
        times = [arrival.at for arrival in world.ledger if arrival.endpoint == name]
        for first, begin in enumerate(times):
            for last in range(first, len(times)):
                allowed = limits.burst + (times[last] - begin) / 1000 * limits.per_second
                assert last - first + 1 <= allowed + 1e-6, "rate is kept"


def check_batches(world: World) -> None:
    """Members of a sealed batch never change, and each event is in one batch of a node."""
    members: dict[str, tuple[int, ...]] = {}
    batch_of: dict[tuple[int, str, str], str] = {}
    for arrival in world.ledger:
        assert members.setdefault(arrival.key, arrival.run) == arrival.run
        for run in arrival.run:
            place = (run, arrival.observer, arrival.node)
            assert batch_of.setdefault(place, arrival.key) == arrival.key


def check_order(world: World) -> None:
    """Nothing of a run goes out before the run ahead of it, with the same key, has ended."""
    ordered = [spec.name for spec in world.program.observers.values() if spec.order_by is not None]
    last_seen: dict[tuple[str, int], int] = {}
    for arrival in world.ledger:
        if arrival.observer not in ordered:
            continue
        [run], [number] = arrival.run, arrival.members
        queue = (arrival.observer, number % 3)
        ahead = last_seen.get(queue, run)
        assert ahead <= run, "a run that was overtaken is never touched again"
        last_seen[queue] = run


def check_run(world: World, run: object, first_ok: dict, first_seen: dict) -> None:  # type: ignore[type-arg]

    spec = world.program.observers[run.observer]  # type: ignore[attr-defined]
    codes = [node.state for node in decode_works(run.works)]  # type: ignore[attr-defined]
    number, state = run.id, run.state  # type: ignore[attr-defined]
    blocked = run.order_key is not None and state == "open"  # type: ignore[attr-defined]
    assert state in ("done", "dead") or blocked, (state, codes)
    for node, code in zip(spec.nodes, codes, strict=True):
        place = (number, spec.name, node.name)
        if code == "d":
            assert place in first_ok, "done means that the receiver said so"
        for edge in spec.graph.incoming[node.index]:
            if edge.source is None or place not in first_seen or edge.on_failure:
                continue
            source = spec.nodes[edge.source].name
            if codes[edge.source] == "d":
                before = first_ok[number, spec.name, source]
                assert before < first_seen[place], "a successor goes after its predecessor"
    if state == "done":
        assert all(code in END or code == "w" for code in codes)


@pytest.mark.parametrize("seed", range(60))
def test_promises_hold_without_crashes(seed: int) -> None:
    world = play(seed, crash_rate=0.0)
    check_promises(world)
    assert not any(arrival.redelivery for arrival in world.ledger)


@pytest.mark.parametrize("seed", range(1000, 1060))
def test_promises_hold_with_crashes(seed: int) -> None:
    check_promises(play(seed, crash_rate=0.05))


@pytest.mark.parametrize("seed", range(2000, 2060))
def test_promises_hold_with_crashes_and_clean_ends(seed: int) -> None:
    """A killed, B drained before it sent again, C sends."""
    check_promises(play(seed, crash_rate=0.05, leave_rate=0.1))


@pytest.mark.soak
@pytest.mark.parametrize("block", range(20))
def test_promises_hold_for_thousands_of_seeds(block: int) -> None:
    """500 stories each, with and without crashes."""
    for seed in range(10_000 + block * 500, 10_500 + block * 500):
        check_promises(play(seed, crash_rate=random.Random(seed).choice([0.0, 0.02, 0.1])))


def test_the_same_seed_tells_the_same_story() -> None:
    """A failing seed can be told again, request by request."""
    first, second = play(7, crash_rate=0.05), play(7, crash_rate=0.05)
    assert first.ledger == second.ledger
    assert first.runs() == second.runs()


@pytest.mark.parametrize("seed", range(20))
def test_every_dead_letter_can_be_replayed(seed: int) -> None:
    """After a replay that succeeds, no run is dead, and what was done is not sent again."""
    world = play(seed, crash_rate=0.0)
    done = {(a.run, a.observer, a.node) for a in world.ledger if a.ok and len(a.run) == 1}
    world.failure_rate = 0.0
    sent_before = len(world.ledger)
    for _ in range(20):
        letters = world.letters()
        if not letters:
            break
        for letter in letters:
            world.order(
                Order("replay", run=letter.run, node=letter.node, letter=letter.id, force=True)
            )
        world.settle()
    assert not world.letters()
    assert all(run.state == "done" for run in world.runs())
    repeated = {(a.run, a.observer, a.node) for a in world.ledger[sent_before:]} & done
    assert not repeated
