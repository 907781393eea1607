"""Where the stores of engines that are killed are, and what may happen to their servers."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

import psycopg

from tests.servers import nats, postgresql
from tests.servers.proxy import StatementProxy

KINDS = ("sqlite", "postgresql", "shared", "nats")
"""`postgresql` has one engine and others that stand by; several engines work on `shared`."""


@dataclass
class Place:
    """Where the store is, keys of [store] besides, how many engines there are at most, and what can
    happen to the server: a word, and what does it."""

    store: str
    settings: str = ""
    most: int = 1
    happenings: Mapping[str, Callable[[], None]] = field(default_factory=dict)

    def befall(self, chance: random.Random) -> str:
        """Something happens; which it was."""
        what = chance.choice(sorted(self.happenings))
        self.happenings[what]()
        time.sleep(chance.uniform(0, 0.3))
        return what


@contextmanager
def place_of(kind: str) -> Iterator[Place]:
    """A store of this kind, on a server of its own; a proxy is before PostgreSQL."""
    if kind == "sqlite":
        yield Place("sqlite:///fql.db")
    elif kind == "nats":
        with nats.running() as broker:
            yield Place(broker.url, happenings=happenings_of(lambda: broker))
    else:
        with ExitStack() as stack:
            pair = Pair(stack)
            others = {"cut off": pair.proxy.cut, "failed over": pair.fail_over}
            happenings = {**happenings_of(lambda: pair.server), **others}
            if kind == "shared":
                yield Place(pair.url, 'engines = "shared"', 3, happenings)
            else:
                yield Place(pair.url, 'engines = "single"', 1, happenings)


def happenings_of(
    server: Callable[[], postgresql.Server | nats.Server],
) -> dict[str, Callable[[], None]]:
    """What may befall a server of either kind."""

    def killed() -> None:
        server().kill()
        server().start()

    def stopped() -> None:
        with server().paused():
            time.sleep(random.uniform(0.05, 0.5))

    return {"killed": killed, "stopped": stopped}


class Pair:
    """A PostgreSQL server behind a proxy. When it fails over, a copy that has all that was
    committed is there, the server is killed, and the copy takes its place."""

    def __init__(self, stack: ExitStack) -> None:
        self._stack = stack
        self.server = stack.enter_context(postgresql.running())
        self.proxy = stack.enter_context(StatementProxy(self.server.port))
        self.url = self.proxy.address(self.server.url(tcp=True))

    def fail_over(self) -> None:
        """No commit is acknowledged that the copy lacks, as with synchronous replication."""
        before, copy = self.server, self._stack.enter_context(self.server.standby())
        with psycopg.connect(before.admin, autocommit=True) as connection:
            connection.execute("ALTER SYSTEM SET synchronous_standby_names = '*'")
            connection.execute("SELECT pg_reload_conf()")
            state = "SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'"
            while connection.execute(state).fetchone() != (1,):
                time.sleep(0.01)
            connection.execute("CHECKPOINT")  # whoever makes it has read the setting by now
        time.sleep(random.uniform(0, 0.3))
        before.kill()
        copy.promote()
        self.server = copy
        self.proxy.lead_to(copy.port)
