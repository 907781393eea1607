"""Everything that can happen to a shop on PostgreSQL while it works, one thing after another."""

from __future__ import annotations

import random
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.postgresql.applications import Example07
from tests.postgresql.world import Engine, World, shop
from tests.servers import postgresql
from tests.servers.postgresql import Server
from tests.servers.proxy import Direction, Kind, StatementProxy

COMMIT = rb"fql_session SET cycle"
FAULTS: tuple[Kind, ...] = ("hold", "swallow", "cut_before", "cut_after")
DIRECTIONS: tuple[tuple[Direction, ...], ...] = (
    ("requests",), ("answers",), ("requests", "answers"),
)  # fmt: skip
PATIENCE = 60.0


class Story:
    """A world behind a proxy, with two engines and a server that is not spared. `long` is how long
    an engine is stopped, and `calm` how long nothing happens now and then, in seconds."""

    def __init__(
        self, world: World, server: Server, proxy: StatementProxy, chance: random.Random,
        long: float, calm: float = 0.0,
    ) -> None:  # fmt: skip
        self.world, self.server, self.proxy = world, server, proxy
        self._chance, self._long, self._calm = chance, long, calm
        self._engines: list[Engine] = []
        self._names = iter(range(1, 10_000))

    def start(self) -> None:
        """An engine and a standby, and the first delivery."""
        self._engines = [self._engine(), self._engine()]
        self.world.wait_heard(self._engines[0].name)

    def go(self, *kinds: Callable[[], None]) -> None:
        """These things happen, in this order."""
        for kind in kinds:
            kind()
            self.world.wait_more(20, PATIENCE)

    def go_on(self, until: float, *kinds: Callable[[], None]) -> None:
        """They happen until this time (monotonic), each kind about as often as the others."""
        waiting: list[Callable[[], None]] = []
        while time.monotonic() < until:
            if not waiting:
                waiting = self._chance.sample(kinds, len(kinds))
                time.sleep(self._calm)
            waiting.pop()()
            time.sleep(self._chance.uniform(0.3, 1.5))
        self.world.wait_more(20, PATIENCE)

    @property
    def anything(self) -> tuple[Callable[[], None], ...]:
        """Each kind of thing that happens."""
        return (
            self.kill_the_engine, self.kill_the_standby, self.stop_the_engine, self.meddle,
            self.silence, self.restart, self.restart_at_once, self.crash, self.pause,
            self.fail_over,
        )  # fmt: skip

    # Engines

    def _engine(self) -> Engine:
        return self.world.engine(f"e{next(self._names)}")

    def _active(self) -> int:
        """Which of the two sent the last request."""
        since = max(0, self.world.receiver.call_count - 1)
        names = [engine.name for engine in self._engines]
        latest = self.world.senders(since)[-1][0]
        return names.index(latest) if latest in names else 0

    def kill_the_engine(self) -> None:
        """SIGKILL for the one that works; another one starts."""
        self._kill(self._active())

    def kill_the_standby(self) -> None:
        """SIGKILL for the other one."""
        self._kill(1 - self._active())

    def _kill(self, victim: int) -> None:
        with self.world.happening("an engine was killed"):
            self._engines[victim].kill()
        self._engines[victim] = self._engine()

    def stop_the_engine(self) -> None:
        """SIGSTOP for the one that works, and on it goes."""
        engine = self._engines[self._active()]
        with self.world.happening("an engine was stopped"), engine.stopped(self._long):
            pass

    # The network

    def meddle(self) -> None:
        """The next commit meets something."""
        kind = self._chance.choice(FAULTS)
        with self.world.happening(f"a commit: {kind}"):
            fault = self.proxy.next(kind, of=COMMIT)
            fault.wait(PATIENCE)
            if fault.kind == "hold":
                self.world.wait_more(10, PATIENCE)
                fault.release()

    def silence(self) -> None:
        """The network passes nothing, in one direction or both."""
        with self.world.happening("silence"), self.proxy.silent(*self._chance.choice(DIRECTIONS)):
            time.sleep(self._chance.uniform(0.2, 2))

    # The server

    def restart(self) -> None:
        """In order, which PostgreSQL calls fast."""
        with self.world.happening("the server was restarted"):
            self.server.stop()
            self.server.start()

    def restart_at_once(self) -> None:
        """Without a checkpoint, which PostgreSQL calls immediate."""
        with self.world.happening("the server was restarted at once"):
            self.server.stop(signal.SIGQUIT)
            self.server.start()

    def crash(self) -> None:
        """By SIGKILL."""
        with self.world.happening("the server was killed"):
            self.server.kill()
            time.sleep(self._chance.uniform(0, 1))
            self.server.start()

    def pause(self) -> None:
        """Its machine stands still."""
        with self.world.happening("the server stood still"), self.server.paused():
            time.sleep(self._chance.uniform(0.2, 2))

    def fail_over(self) -> None:
        """It is lost, and a standby that had not received all of it takes over."""
        standby = self.world.exits.enter_context(self.server.standby())
        with self.world.happening("failover", back=True):
            standby.detach()
            time.sleep(0.5)
            self.server.kill()
            standby.promote()
            self.proxy.lead_to(standby.port)
        self.server = standby


@contextmanager
def story(folder: Path, seed: int, long: float, calm: float = 0.0) -> Iterator[Story]:
    """A server of its own, and all that belongs to it."""
    with ExitStack() as exits:
        server = exits.enter_context(postgresql.running({"fsync": "on"}))
        proxy = exits.enter_context(StatementProxy(server.port))
        url = proxy.address(server.url(tcp=True))
        world = exits.enter_context(shop(folder, url, Example07()))
        yield Story(world, server, proxy, random.Random(seed), long, calm)
