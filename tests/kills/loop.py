"""Engines that are killed again and again: real processes, forked from one that has all imported,
since a start from nothing takes longer than all that is killed there.

A `Life` is one application, one store and one receiver; its ledger is looked at in the end.
"""

from __future__ import annotations

import importlib
import multiprocessing
import os
import pkgutil
import random
import signal
import socket
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from itertools import count
from multiprocessing.process import BaseProcess
from pathlib import Path

import psutil

from fql.store.nats.store import NatsStore
from fql.testing import MockWebhookServer
from fql.testing.received import ReceivedRequest
from fqlc.cli.main import run
from tests.kills.places import Place
from tests.kills.shop import Shop, check_ledger, write_shop

LEASE = 1.0
"""Seconds of a lease in NATS here; 30 are usual, and nobody waits for them a thousand times."""
PATIENCE = 300.0
"""Seconds until an engine that says nothing is a fault, also on a machine with other work."""
SLEEP = 13.0
"""Seconds that an engine stands still: longer than a lease in PostgreSQL."""
LAST = ("run", "shop.fql", "--until-idle", "--timeout", "600s", "--fail-on-dead")
"""The command that works until nothing is left."""
NO_SERVER = 3
"""The exit code of a command whose store cannot be reached."""
ROOMS = (
    "fql.actions", "fql.app", "fql.cli.running", "fql.egress", "fql.engine", "fql.expressions",
    "fql.intake", "fql.nats", "fql.observe", "fql.outbox", "fql.store", "fqlc.cli",
    "fqlc.diagnostics", "fqlc.project", "fqlc.source",
)  # fmt: skip
CONTEXT = multiprocessing.get_context("forkserver")


@dataclass
class Engine:
    """One process."""

    process: BaseProcess
    log: Path
    asleep_until: float = 0.0

    def said(self) -> str:
        """What it said last."""
        return self.log.read_text(errors="replace")[-9000:] if self.log.exists() else ""

    def is_ready(self) -> bool:
        """Whether it has said so."""
        return '"Ready"' in (self.log.read_text(errors="replace") if self.log.exists() else "")

    def sleep(self) -> None:
        """Stand still for longer than its lease: others take its work over, and it goes on."""
        os.kill(self.process.pid or 0, signal.SIGSTOP)
        self.asleep_until = time.monotonic() + SLEEP

    def wake(self) -> None:
        """Go on."""
        if self.asleep_until:
            os.kill(self.process.pid or 0, signal.SIGCONT)
            self.asleep_until = 0.0


@dataclass
class Counts:
    """What happened, and what the receivers saw. `doubled` are deliveries that were accepted more
    than once; of those `explained` ones say that they may be a repetition, after a kill."""

    kills: int = 0
    others: Counter[str] = field(default_factory=Counter)
    deliveries: int = 0
    lost: int = 0
    doubled: int = 0
    explained: int = 0

    def add(self, other: Counts) -> None:
        """Those of another life besides."""
        self.kills += other.kills
        self.others += other.others
        self.deliveries += other.deliveries
        self.lost += other.lost
        self.doubled += other.doubled
        self.explained += other.explained


@cache
def imports() -> list[str]:
    """What an engine imports sooner or later, so that a kill costs a tenth of a second."""
    names = ["tests.kills.loop", "html.entities", "nats.js", "psycopg", "uvloop"]
    for room in ROOMS:
        path = importlib.import_module(room).__path__
        names += [room, *(one.name for one in pkgutil.walk_packages(path, f"{room}."))]
    return [*names, "tests.kills.warm"]


def fqlc_run(folder: str, log_name: str, *arguments: str) -> None:
    """The child: `fqlc run`, as in a shell."""
    os.chdir(folder)
    os.environ.update(NO_COLOR="1", SSL_CERT_FILE=os.devnull)  # certificates take half of a start
    log = os.open(log_name, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(log, 1)
    os.dup2(log, 2)
    defaults = NatsStore.__init__.__kwdefaults__ or {}
    defaults["lease_seconds"] = LEASE
    raise SystemExit(run(("run", "shop.fql", *arguments)))


def started(folder: Path, log_name: str, *arguments: str) -> BaseProcess:
    """An engine in a process of its own."""
    CONTEXT.set_forkserver_preload(imports())
    process = CONTEXT.Process(
        target=fqlc_run, args=(str(folder), log_name, *arguments), daemon=True
    )
    process.start()
    return process


def ports_of(pid: int, to: int) -> set[int]:
    """Where the connections of a process to a port come from. Another process may have the same
    ones to another port, as to a database."""
    with suppress(psutil.NoSuchProcess):
        found = psutil.Process(pid).net_connections("tcp")
        return {one.laddr.port for one in found if one.raddr and one.raddr.port == to}
    return set()


def all_read(server: MockWebhookServer, ports: set[int]) -> None:
    """Wait until the receiver has read what came from these ports of an engine that is gone. On a
    busy machine that would come after what the next engine sends, and a ledger that goes by arrival
    would take the second attempt for the first."""

    def peers() -> set[int]:
        open_now = tuple(server._server.peers)
        return {int(one.get_extra_info("peername")[1]) for one in open_now}

    with socket.create_connection(("127.0.0.1", server.port)) as last:
        mine = last.getsockname()[1]
        until(lambda: mine in peers())
    until(lambda: not peers() & ports)


def until(holds: Callable[[], bool]) -> None:
    """Wait for it. Raises AssertionError."""
    end = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < end, "it does not come"
        time.sleep(0.002)


@dataclass(frozen=True)
class Pace:
    """Seconds between two orders, and of a round at most. In a share `still` of the rounds the only
    engine stands still."""

    order: float = 0.2
    round: float = 0.2
    still: float = 0.0


class Life:
    """One application and one store from their beginning to their end."""

    def __init__(self, folder: Path, place: Place, seed: int, pace: Pace = Pace()) -> None:
        self.folder = folder
        self.place = place
        self.pace = pace
        self.server = MockWebhookServer()
        self.shop = Shop(folder, pause=pace.order)
        self.random = random.Random(seed)
        self.counts = Counts()
        self.accepted: list[ReceivedRequest] = []
        self.engines: list[Engine] = []
        self.numbers = count(1)

    def live(self, goes_on: Callable[[], bool]) -> Counts:
        """Rounds as long as it goes on; then the rest drains, and the ledger is looked at."""
        with self.server as server:
            server.always(self._answer)
            write_shop(self.folder, server.url, self.place.store, self.place.settings)
            with self.shop:
                while goes_on():
                    self._round(server)
            while self.engines:
                self._end(server, self.engines[0])
            self._drain()
            self._judge(server.requests, self.shop)
        return self.counts

    def _drain(self) -> None:
        """Until nothing is left. `--until-idle` does not stand by for the lease of a killed one:
        then it is tried again."""
        end = time.monotonic() + PATIENCE
        while True:
            time.sleep(2 * LEASE)
            last = started(self.folder, "last.log", *LAST[2:])
            last.join(700)
            if last.exitcode != NO_SERVER or time.monotonic() > end:
                break
        assert last.exitcode == 0, self.log()

    def log(self) -> str:
        """What the engines said last."""
        logs = sorted(self.folder.glob("*.log"), key=lambda one: one.stat().st_mtime_ns)
        return "".join(one.read_text(errors="replace") for one in logs)[-3000:]

    def _answer(self, request: ReceivedRequest) -> int:
        """One in ten is refused; `accepted` has the others."""
        if self.random.random() < 0.1:
            return 503
        self.accepted.append(request)
        return 200

    def _round(self, server: MockWebhookServer) -> None:
        """An engine joins, things happen to its store, and one of those at work ends."""
        before, name = server.call_count, f"run-{next(self.numbers)}.log"
        self.engines.append(Engine(started(self.folder, name), self.folder / name))
        if self.random.random() < 0.8:
            self._wait_for(before + 1, self.engines[-1])
        time.sleep(self.random.uniform(0, self.pace.round))
        if self.place.happenings and self.random.random() < 0.2:
            self.counts.others[f"server {self.place.befall(self.random)}"] += 1
        for one in self.engines:
            if one.asleep_until < time.monotonic():
                one.wake()
        awake = [one for one in self.engines if not one.asleep_until]
        alive = [one for one in awake if one.process.is_alive()]
        if len(alive) > 1 and self.random.random() < 0.1:
            self.counts.others["engine stopped"] += 1
            awake.remove(alive[0])
            alive[0].sleep()
        elif alive and self.pace.still and self.random.random() < self.pace.still:
            self.counts.others["engine stopped"] += 1
            alive[0].sleep()
            time.sleep(self.random.uniform(0, SLEEP))
            alive[0].wake()
        if len(awake) >= self.place.most or self.random.random() < 0.5:
            self._end(server, self.random.choice(awake))

    def _wait_for(self, requests: int, engine: Engine) -> None:
        """Until so many have come, or the engine has ended, as one does that finds no server."""
        end = time.monotonic() + PATIENCE
        while not self.server.wait_for(requests, 0.2) and engine.process.is_alive():
            assert time.monotonic() < end, self.log()

    def _end(self, server: MockWebhookServer, engine: Engine) -> None:
        """Kill it, or tell it to end. One that could not reach its server when it began has ended
        with 3, as it says; one that was ready goes on without its server."""
        self.engines.remove(engine)
        engine.wake()
        process = engine.process
        signaled = signal.SIGKILL if self.random.random() < 0.95 else signal.SIGTERM
        if signaled == signal.SIGKILL and process.is_alive():
            os.kill(process.pid or 0, signal.SIGSTOP)  # it opens no more connections
        ports = ports_of(process.pid or 0, server.port)
        (process.kill if signaled == signal.SIGKILL else process.terminate)()
        process.join(PATIENCE)
        all_read(server, ports)
        if process.exitcode == NO_SERVER and not engine.is_ready():
            self.counts.others["engine found no server"] += 1
        elif signaled == signal.SIGKILL:
            assert process.exitcode == -signaled, (process.exitcode, engine.said())
            self.counts.kills += 1
        else:
            assert process.exitcode in (0, -signaled), (process.exitcode, engine.said())
            self.counts.others["engine ended in order"] += 1

    def _judge(self, requests: Sequence[ReceivedRequest], shop: Shop) -> None:
        times = defaultdict[str, list[bool]](list)
        for request in self.accepted:
            times[request.key].append(request.headers.get("fql-redelivery") == "1")
        doubled = [marks[1:] for marks in times.values() if len(marks) > 1]
        counts = self.counts
        counts.deliveries, counts.doubled = len(times), len(doubled)
        counts.explained = sum(all(marks) for marks in doubled)
        counts.lost = len(shop.placed) + 3 * len(shop.paid) - len(times)
        check_ledger(requests, shop, counts.kills + counts.others.total())
        assert counts.lost == 0
        assert counts.explained == counts.doubled, "each repetition says what it is"
