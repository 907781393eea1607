"""The promises of the runtime through a network that delays, drips, resets, cuts and swallows."""

from __future__ import annotations

import random
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from pathlib import Path

import pytest

from fql.app import Runtime
from fql.store.choosing import RunFilter
from fql.store.records import AttemptRow
from fql.store.sqlite.store import SqliteStore
from fql.testing import MockWebhookServer
from fql.testing.received import ReceivedRequest
from tests.app.plans import order, plan_of, settings_of
from tests.network.proxy import NONE, FaultProxy, Kind, Trouble, drawn

TIMEOUT = 250
"""Milliseconds of one attempt."""
SLACK = 400
"""Milliseconds by which a busy machine may notice the end of an attempt too late."""
CUSTOMERS = 4
ENTITY = """
entity Order { id: ID @key  status: String  total: Decimal }
endpoint shop {
  url: "${RECEIVER}" timeout: %dms
  circuit: { failures: 3, open_for: 20ms, probes: 2 }
}
retry patient { max_attempts: 200, backoff: fixed, initial_delay: 5ms, jitter: none }
"""
PLACED = """
observer placed {
  on: Order.insert
  retry: patient
  webhook reserve { endpoint: shop path: "/reserve" body: { id } }
  webhook label { endpoint: shop path: "/label" body: { id } }
}
"""
WELCOMED = """
observer welcomed {
  on: Order.insert
  order_by: status
  retry: patient
  webhook welcome { endpoint: shop path: "/welcome" body: { id, status } }
}
"""
EVERYTHING = RunFilter(limit=10_000)
PATHS = ("/reserve", "/label", "/welcome")


def runtime(store: SqliteStore, url: str, source: str, timeout: int = TIMEOUT) -> Runtime:
    return Runtime(
        plan_of(source, entity=ENTITY % timeout), store=store, settings=settings_of(),
        environment={"RECEIVER": url}, listeners=(),
    )  # fmt: skip


async def attempts_of(store: SqliteStore) -> list[AttemptRow]:
    return await store.attempts([loaded.run.id for loaded in await store.runs(EVERYTHING)])


def number_of(request: ReceivedRequest) -> int:
    payload = request.payload
    assert isinstance(payload, dict)
    return int(payload["id"][1:])


def check_ledger(requests: Sequence[ReceivedRequest], events: int) -> None:
    """Nothing lost, one key for an intent, attempts in their order, order by customer. An attempt
    comes at most twice: what went out on a connection that was stale is sent once more."""
    first: dict[tuple[str, int], int] = {}
    keys: dict[tuple[str, int], set[str]] = defaultdict(set)
    attempts: dict[str, list[int]] = defaultdict(list)
    under_way: dict[int, int] = {}
    for index, request in enumerate(requests):
        number = number_of(request)
        first.setdefault((request.path, number), index)
        keys[request.path, number].add(request.key)
        attempts[request.key].append(request.attempt)
        if request.path == "/welcome":
            assert under_way.get(number % CUSTOMERS, number) <= number, "overtaken"
            under_way[number % CUSTOMERS] = number
    assert set(first) == {(path, n) for path in PATHS for n in range(events)}
    assert all(len(found) == 1 for found in keys.values())
    assert len(attempts) == len(keys), "no two intents share a key"
    for made in attempts.values():
        assert made == sorted(made)
        assert max(Counter(made).values()) <= 2
    for number in range(events):
        assert first["/reserve", number] < first["/label", number]


def check_deadlines(attempts: Iterable[AttemptRow], timeout: int) -> None:
    """One deadline for a whole attempt, whatever happens within."""
    assert max(row.duration_ms or 0 for row in attempts) < timeout + SLACK


async def endure(folder: Path, seed: int, events: int) -> Counter[str]:
    """An engine behind a bad network, and what came through; gives the troubles met."""
    rng = random.Random(seed)
    store = SqliteStore(folder / "s.db")
    with (
        MockWebhookServer() as server,
        FaultProxy(server.port, drawn(rng, 0.85, TIMEOUT / 1000)) as proxy,
    ):
        async with runtime(store, proxy.url, PLACED + WELCOMED) as running:
            for number in range(events):
                status = f"c{number % CUSTOMERS}"
                await running.emit("Order.insert", new=order(number, status=status))
            assert (await running.until_idle(60)).left == 0
            attempts = await attempts_of(store)
            assert {run.state for run in await running.client.runs(limit=10_000)} == {"done"}
        check_ledger(server.requests, events)
    check_deadlines(attempts, TIMEOUT)
    made = Counter(row.status is None for row in attempts)
    assert made[True] > 0, "the network must do something"
    return proxy.met


@pytest.mark.parametrize("seed", range(3))
async def test_a_bad_network_loses_and_reorders_nothing(tmp_path: Path, seed: int) -> None:
    await endure(tmp_path, seed, 20)


@pytest.mark.soak
@pytest.mark.timeout(1200)
async def test_a_bad_network_for_long(tmp_path: Path) -> None:
    """40 stories; every trouble is met often."""
    met: Counter[str] = Counter()
    for seed in range(100, 140):
        folder = tmp_path / str(seed)
        folder.mkdir()
        met += await endure(folder, seed, 60)
    assert len(met) == 8
    assert min(met.values()) > 20


ONE = "observer o { on: Order.insert retry: patient webhook w { endpoint: shop } }"
FAILURES: dict[Kind, set[str]] = {
    "delay": {"timeout"}, "drip": {"timeout"}, "swallow": {"timeout"}, "black_hole": {"timeout"},
    "reset": {"reset"}, "cut": {"reset", "protocol"}, "half_close": {"reset", "protocol"},
}  # fmt: skip


@pytest.mark.parametrize("after", [0, 30])
@pytest.mark.parametrize("kind", FAILURES)
async def test_each_trouble_is_one_failed_attempt(
    tmp_path: Path, webhook_server: MockWebhookServer, kind: Kind, after: int
) -> None:
    """It is told apart, takes no longer than the deadline, and the next attempt has its key."""
    troubles = iter([Trouble(kind, after, 0.2)])
    store = SqliteStore(tmp_path / "s.db")
    with FaultProxy(webhook_server.port, lambda: next(troubles, NONE)) as proxy:
        async with runtime(store, proxy.url, ONE, timeout=150) as running:
            await running.emit("Order.insert", new=order(1))
            assert (await running.until_idle(20)).done == 1
            attempts = await attempts_of(store)
    assert [row.failure in FAILURES[kind] for row in attempts] == [True, False]
    assert attempts[1].status == 200
    check_deadlines(attempts, 150)
    keys = {request.key for request in webhook_server.requests}
    came = [request.attempt for request in webhook_server.requests]
    assert (len(keys), came) == (1, [2] if kind == "black_hole" else [1, 2])


# One bad way among ten.

RECEIVERS = 10
PATIENCE = 20_000
"""Milliseconds until the first attempt to the bad one ends: longer than everything else takes."""


def fan_out() -> str:
    hooks = "".join(
        f'webhook w{n} {{ url: "${{R{n}}}/x" body: {{ id }} timeout: {PATIENCE}ms }}\n'
        for n in range(RECEIVERS)
    )
    names = ", ".join(f"w{n}" for n in range(RECEIVERS))
    return f"observer o {{ on: Order.insert {hooks} flow {{ [{names}] }} }}"


async def seconds_for_nine(folder: Path, kind: Kind, events: int) -> float:
    """How long nine receivers take to get everything, while the way to the tenth is bad."""
    plan = plan_of(fan_out(), entity="entity Order { id: ID @key status: String total: Decimal }")
    with ExitStack() as stack:
        servers = [stack.enter_context(MockWebhookServer()) for _ in range(RECEIVERS)]
        bad = stack.enter_context(FaultProxy(servers[0].port, lambda: Trouble(kind, 0, 1.0)))
        environment = {f"R{n}": server.url for n, server in enumerate(servers)}
        async with Runtime(
            plan, store=SqliteStore(folder / "s.db"), settings=settings_of(), listeners=(),
            environment=environment | {"R0": bad.url},
        ) as running:  # fmt: skip
            began = time.monotonic()
            for number in range(events):
                await running.emit("Order.insert", new=order(number))
            for server in servers[1:]:
                assert await server.arrived(events, 60)
            took = time.monotonic() - began
            await running.engine.kill()  # nobody waits for the bad one
            return took


# The proxy's connections may be open when the loop ends; the product uses no StreamWriter.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("kind", ["black_hole", "swallow", "drip"])
async def test_a_bad_way_to_one_holds_up_no_other(tmp_path: Path, kind: Kind) -> None:
    """The nine have everything long before the first request to the tenth is given up."""
    assert await seconds_for_nine(tmp_path, kind, 40) < PATIENCE / 1000 / 2


@pytest.mark.soak
@pytest.mark.timeout(1200)
async def test_nine_keep_their_rate_beside_a_bad_way(tmp_path: Path) -> None:
    """95 % of it, by the best of several rounds, as other work on the machine only slows down."""
    best: dict[Kind, float] = {"none": 1e9, "black_hole": 1e9}
    for round_ in range(6):
        for kind in best:
            folder = tmp_path / f"{round_}{kind}"
            folder.mkdir()
            best[kind] = min(best[kind], await seconds_for_nine(folder, kind, 600))
    assert best["none"] / best["black_hole"] > 0.95
