"""Two engines on one store on PostgreSQL: who follows whom, when, and who sends meanwhile. What
befalls their server, the way there, one of them or their clocks, befalls engines that share the
store as well: then both send, and the ledger is judged."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.postgresql.applications import OnSqlite
from tests.postgresql.story import COMMIT
from tests.postgresql.world import World, shop
from tests.servers import postgresql
from tests.servers.postgresql import Server
from tests.servers.proxy import StatementProxy

LEASE = 10.0
SLACK = 5.0
"""Seconds that a busy machine may add."""


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """One that may be taken away."""
    with postgresql.running({"fsync": "on"}) as started:
        yield started


@pytest.fixture
def proxy(server: Server) -> Iterator[StatementProxy]:
    """In front of it."""
    with StatementProxy(server.port) as started:
        yield started


EITHER = pytest.mark.parametrize(
    "engines", ["single", pytest.param("shared", marks=pytest.mark.soak)], indirect=True
)


@pytest.fixture
def engines(request: pytest.FixtureRequest) -> str:
    """Whether one works and the other stands by, or they share the work."""
    return getattr(request, "param", "single")


@pytest.fixture
def world(tmp_path: Path, server: Server, proxy: StatementProxy, engines: str) -> Iterator[World]:
    """A shop on a file, with a store on PostgreSQL behind a proxy."""
    application = OnSqlite(engines=engines)
    with server.database() as url:
        name = url.split("?")[0].rpartition("/")[2]
        with shop(tmp_path, proxy.address(server.url(name, tcp=True)), application) as made:
            yield made


@contextmanager
def at_work(world: World) -> Iterator[None]:
    """Orders come and the engine `one` delivers them, while `two` stands by; then the ledger."""
    with world.application.writing(2, 0.05):
        world.engine("one")
        world.wait_heard("one")
        world.engine("two")
        yield
    world.check()


def taken_over(world: World, interrupt: Callable[[], None], by: str) -> float:
    """Seconds from an interruption to the first request of the engine that follows."""
    since = world.receiver.call_count
    with world.happening("interrupted"):
        interrupt()
        began = time.monotonic()
        return world.wait_heard(by, since) - began


@pytest.mark.timeout(300)
def test_a_killed_engine_is_followed_at_once(world: World) -> None:
    """The lock that tells of its end is free; its lease would last for some more seconds."""
    with at_work(world):
        assert taken_over(world, world.named("one").kill, by="two") < LEASE / 2


@pytest.mark.soak
def test_a_killed_engine_behind_a_pooler_is_followed_after_its_lease(
    world: World, proxy: StatementProxy
) -> None:
    proxy.pools = True
    with at_work(world):
        waited = taken_over(world, world.named("one").kill, by="two")
        assert LEASE / 2 < waited < LEASE + SLACK


@pytest.mark.soak
@pytest.mark.timeout(300)
def test_an_engine_that_was_stopped_sends_nothing_afterwards(world: World) -> None:
    """It stands still for 14 s; the other one follows after its lease, and it hears of that."""
    with at_work(world):
        stopped = time.monotonic()
        with world.named("one").stopped(14):
            waited = taken_over(world, lambda: None, by="two")
            assert LEASE / 2 < waited < LEASE + SLACK
        resumed = time.monotonic()
        time.sleep(2)
        late = [at for sender, at in world.senders() if sender == "one" and at > stopped + 1]
        assert not late, ("sent after", late[0] - resumed, late[:3])
        taken_over(world, world.named("two").kill, by="one")


@EITHER
@pytest.mark.timeout(300)
def test_a_server_that_comes_and_goes(world: World, server: Server) -> None:
    def crash() -> None:
        server.kill()
        server.start()

    def restart() -> None:
        server.stop()
        server.start()

    def pause() -> None:
        with server.paused():
            time.sleep(2)

    with at_work(world):
        for fault in (crash, restart, pause):
            with world.happening(fault.__name__):
                fault()
            world.wait_more(10)


@EITHER
@pytest.mark.soak
@pytest.mark.timeout(300)
def test_a_commit_that_the_network_meddles_with(world: World, proxy: StatementProxy) -> None:
    """Cut off before and after, and held until long after it was settled."""
    with at_work(world):
        for kind in ("cut_before", "cut_after", "hold"):
            with world.happening(kind):
                fault = proxy.next(kind, of=COMMIT)
                fault.wait()
                world.wait_more(10)
        fault.release()
        world.wait_more(10)


@pytest.mark.timeout(300)
def test_a_rolling_restart_under_load_repeats_nothing(world: World) -> None:
    """Each engine is asked to end when the next one is ready; no happening is there to excuse a
    repetition."""
    with world.application.writing(2, 0.05):
        names = ("one", "two", "three", "four")
        world.engine(names[0])
        world.engine(names[1])
        for old, new in itertools.pairwise(names[1:]):
            world.wait_more(5)
            world.named(names[names.index(old) - 1]).end()
            world.wait_heard(old, world.receiver.call_count)
            world.engine(new)
    reasons = world.check()
    assert set(reasons) <= {"the receiver failed", "a kept connection was reset"}


@EITHER
@pytest.mark.soak
@pytest.mark.timeout(300)
def test_a_server_that_is_gone_for_longer_than_a_lease(
    world: World, server: Server, engines: str
) -> None:
    """Both engines wait for it; one of them goes on, and the other stands by, unless they share."""
    with at_work(world):
        with world.happening("the server was gone"):
            server.kill()
            time.sleep(LEASE + 2)
            server.start()
            since = world.receiver.call_count
            world.wait_more(20)
        time.sleep(2)
        senders = {sender for sender, _ in world.senders(since)}
        assert len(senders) == 1 or engines == "shared"


@pytest.mark.soak
@pytest.mark.timeout(300)
@pytest.mark.parametrize("engines", ["shared"], indirect=True)
def test_engines_that_share_a_store_stand_still_and_their_clocks_differ(world: World) -> None:
    """Each for longer than its lease, in turn; the other takes its work over, and it goes on."""
    with world.application.writing(2, 0.05):
        engines = [world.begin("one", skew=3600), world.begin("two", skew=-3600)]
        for one in engines:
            one.wait_ready()
            world.wait_heard(one.name)
        for one, other in (engines, engines[::-1]):
            with world.happening("stopped"), one.stopped(LEASE + 4):
                time.sleep(LEASE)
                world.wait_heard(other.name, world.receiver.call_count)
            world.wait_heard(one.name, world.receiver.call_count, 60)
    world.check()


@pytest.mark.soak
@pytest.mark.timeout(300)
def test_hosts_whose_clocks_differ(world: World) -> None:
    """By an hour each way: a lease is of the server's time, and so is the time of a retry."""
    with world.application.writing(2, 0.05):
        world.begin("one", skew=3600).wait_ready()
        world.wait_heard("one")
        world.begin("two", skew=-3600).wait_ready()
        time.sleep(LEASE + 2)
        assert {sender for sender, _ in world.senders()} == {"one"}
        world.receiver.always(503)
        time.sleep(1)
        assert taken_over(world, world.named("one").kill, by="two") < LEASE / 2
        world.receiver.always(world.mood)
        world.wait_more(20)
    world.check()


@pytest.mark.soak
@pytest.mark.timeout(900)
def test_two_that_start_at_once(world: World) -> None:
    """Twenty times: one of them works, the other stands by."""
    with world.application.writing(2, 0.05):
        for n in range(20):
            since = world.receiver.call_count
            pair = [world.begin(f"{n}{side}") for side in "ab"]
            for one in pair:
                one.wait_ready()
            world.wait_more(10)
            assert len({sender for sender, _ in world.senders(since)}) == 1
            for one in pair:
                one.end()
    world.check()
