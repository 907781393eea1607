"""Everything that can happen to a shop on PostgreSQL while it works, one thing after another."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.postgresql.applications import OnPostgresql
from tests.postgresql.world import Engine, World, shop
from tests.servers import postgresql
from tests.servers.postgresql import Server
from tests.servers.proxy import Direction, Fault, Kind, StatementProxy

COMMIT = rb"fql_session SET cycle"
FAULTS: tuple[Kind, ...] = ("hold", "swallow", "cut_before", "cut_after")
DIRECTIONS: tuple[tuple[Direction, ...], ...] = (
    ("requests",), ("answers",), ("requests", "answers"),
)  # fmt: skip


class Story:
    """A world behind a proxy, with two engines and a server that is not spared. `said` tells what
    happened, for whoever reads a failure; `long` is how long an engine is stopped, in seconds."""

    def __init__(
        self,
        world: World,
        server: Server,
        proxy: StatementProxy,
        chance: random.Random,
        long: float,
    ) -> None:
        self.world, self.server, self.proxy = world, server, proxy
        self.said: list[str] = []
        self._chance, self._long = chance, long
        self._held: list[Fault] = []
        self._engines: list[Engine] = []
        self._names = iter(range(1, 10_000))

    def go(self, happenings: int) -> None:
        """So many things happen, each kind about as often as the others."""
        self._engines = [self._engine(), self._engine()]
        self.world.wait_heard(self._engines[0].name)
        kinds: list[Callable[[], None]] = [
            self.kill_an_engine, self.stop_an_engine, self.meddle, self.silence, self.restart,
            self.crash, self.pause, self.fail_over,
        ]  # fmt: skip
        for number in range(happenings):
            if number % len(kinds) == 0:
                self._chance.shuffle(kinds)
            happening = kinds[number % len(kinds)]
            self.said.append(happening.__name__)
            happening()
            self.world.interrupted += 1
            time.sleep(self._chance.uniform(0.3, 1.5))
        for fault in self._held:
            if fault.met.is_set():
                fault.release()

    def _engine(self) -> Engine:
        return self.world.engine(f"e{next(self._names)}")

    def kill_an_engine(self) -> None:
        """SIGKILL; another one starts."""
        victim = self._chance.randrange(2)
        self._engines[victim].kill()
        self._engines[victim] = self._engine()

    def stop_an_engine(self) -> None:
        """SIGSTOP, and on it goes."""
        with self._chance.choice(self._engines).stopped(self._long):
            pass

    def meddle(self) -> None:
        """The next commit meets something."""
        fault = self.proxy.next(self._chance.choice(FAULTS), of=COMMIT)
        if fault.kind == "hold":
            self._held.append(fault)

    def silence(self) -> None:
        """The network passes nothing, in one direction or both."""
        with self.proxy.silent(*self._chance.choice(DIRECTIONS)):
            time.sleep(self._chance.uniform(0.2, 2))

    def restart(self) -> None:
        """The server, in order."""
        self.server.stop()
        self.server.start()

    def crash(self) -> None:
        """The server, by SIGKILL."""
        self.server.kill()
        time.sleep(self._chance.uniform(0, 1))
        self.server.start()

    def pause(self) -> None:
        """The server's machine stands still."""
        with self.server.paused():
            time.sleep(self._chance.uniform(0.2, 2))

    def fail_over(self) -> None:
        """The server is lost, and a standby that had not received all of it takes over."""
        standby = self.world.exits.enter_context(self.server.standby())
        standby.detach()
        time.sleep(0.5)
        self.server.kill()
        standby.promote()
        self.world.went_back.append(time.monotonic())
        self.proxy.lead_to(standby.port)
        self.server = standby


@contextmanager
def story(folder: Path, seed: int, long: float) -> Iterator[Story]:
    """A server of its own, and all that belongs to it."""
    with ExitStack() as exits:
        server = exits.enter_context(postgresql.running({"fsync": "on"}))
        proxy = exits.enter_context(StatementProxy(server.port))
        url = proxy.address(server.url(tcp=True))
        world = exits.enter_context(shop(folder, url, OnPostgresql(folder, url)))
        yield Story(world, server, proxy, random.Random(seed), long)
