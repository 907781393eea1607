"""Engines that are killed again and again: real processes, forked from one that has all imported,
since a start from nothing takes longer than all that is killed there.

A `Life` is one application, one store and one receiver; its ledger is looked at in the end.
"""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.process import BaseProcess
from pathlib import Path

from fql.store.nats.store import NatsStore
from fql.testing import MockWebhookServer
from fql.testing.received import ReceivedRequest
from fqlc.cli.main import run
from tests.kills.shop import Shop, check_ledger, write_shop
from tests.servers import nats, postgresql
from tests.servers.proxy import StatementProxy

LEASE = 1.0
"""Seconds of a lease in NATS here; 30 are usual, and nobody waits for them a thousand times."""
KINDS = ("sqlite", "postgresql", "nats")
CONTEXT = multiprocessing.get_context("forkserver")


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


@dataclass
class Place:
    """Where the store is, what its server is, and what cuts the connections to it."""

    store: str
    server: postgresql.Server | nats.Server | None = None
    cut: Callable[[], None] | None = None


@contextmanager
def place_of(kind: str) -> Iterator[Place]:
    """A store of this kind, on a server of its own; a proxy is before PostgreSQL."""
    if kind == "sqlite":
        yield Place("sqlite:///fql.db")
    elif kind == "nats":
        with nats.running() as broker:
            yield Place(broker.url, broker)
    else:
        with postgresql.running() as server, StatementProxy(server.port) as proxy:
            yield Place(proxy.address(server.url(tcp=True)), server, proxy.cut)


def fqlc_run(folder: str, *arguments: str) -> None:
    """The child: `fqlc run`, as in a shell."""
    os.chdir(folder)
    os.environ["NO_COLOR"] = "1"
    log = os.open("run.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(log, 1)
    os.dup2(log, 2)
    defaults = NatsStore.__init__.__kwdefaults__ or {}
    defaults["lease_seconds"] = LEASE
    raise SystemExit(run(("run", "shop.fql", *arguments)))


def started(folder: Path, *arguments: str) -> BaseProcess:
    """An engine in a process of its own."""
    CONTEXT.set_forkserver_preload(["tests.kills.loop", "fql.app", "fql.cli.running.run"])
    process = CONTEXT.Process(target=fqlc_run, args=(str(folder), *arguments), daemon=True)
    process.start()
    return process


class Life:
    """One application and one store from their beginning to their end."""

    def __init__(self, folder: Path, place: Place, seed: int) -> None:
        self.folder = folder
        self.place = place
        self.random = random.Random(seed)
        self.counts = Counts()
        self.accepted: list[ReceivedRequest] = []

    def live(self, kills: int) -> Counts:
        """So many kills; then the rest drains, and the ledger is looked at."""
        with MockWebhookServer() as server:
            server.always(self._answer)
            write_shop(self.folder, server.url, self.place.store)
            with Shop(self.folder, pause=0.1) as shop:
                while self.counts.kills < kills:
                    self._round(server)
            time.sleep(2 * LEASE)  # `--until-idle` does not stand by for the lease of a killed one
            last = started(self.folder, "--until-idle", "--timeout", "600s", "--fail-on-dead")
            last.join(700)
            assert last.exitcode == 0, self.log()
            self._judge(server.requests, shop)
        return self.counts

    def log(self) -> str:
        """What the engines said last."""
        return (self.folder / "run.log").read_text(errors="replace")[-3000:]

    def _answer(self, request: ReceivedRequest) -> int:
        """One in ten is refused; `accepted` has the others."""
        if self.random.random() < 0.1:
            return 503
        self.accepted.append(request)
        return 200

    def _round(self, server: MockWebhookServer) -> None:
        """An engine works, things happen to its store, and it ends."""
        before = server.call_count
        process = started(self.folder)
        if self.random.random() < 0.8:
            assert server.wait_for(before + 1, 90), self.log()
        time.sleep(self.random.uniform(0, 0.2))
        if self.place.server is not None and self.random.random() < 0.2:
            self._befall(self.place.server)
        if self.random.random() < 0.95:
            process.kill()
            self.counts.kills += 1
        else:
            process.terminate()
            self.counts.others["engine ended in order"] += 1
        process.join(60)
        ends = (-signal.SIGKILL, -signal.SIGTERM, 0)
        assert process.exitcode in ends, (process.exitcode, self.log())

    def _befall(self, server: postgresql.Server | nats.Server) -> None:
        """Something happens to the server, or to the way there."""
        what = self.random.choice(["killed", "stopped", "cut off" if self.place.cut else "killed"])
        self.counts.others[f"server {what}"] += 1
        if what == "cut off" and self.place.cut is not None:
            self.place.cut()
        elif what == "killed":
            server.kill()
            server.start()
        else:
            with server.paused():
                time.sleep(self.random.uniform(0.05, 0.5))
        time.sleep(self.random.uniform(0, 0.3))

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
