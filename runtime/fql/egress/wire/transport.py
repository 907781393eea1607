"""Our HTTP/1.1 client: keep-alive connections to vetted addresses, one deadline, bounded answers.

It knows no redirects, no cookies, no proxies and no decompression on purpose.
"""

from __future__ import annotations

import asyncio
import ssl
from collections import deque
from collections.abc import Awaitable
from typing import NamedTuple

from fql.egress.wire.answer import Answer, Limits
from fql.egress.wire.connection import Connection
from fql.egress.wire.dialling import Dialler
from fql.egress.wire.failures import SendFailed
from fql.egress.wire.own import OwnPorts, nothing_listens
from fql.egress.wire.resolver import Resolver, ThreadResolver
from fql.plan.web.addresses import EgressSettings
from fql.plan.web.urls import UrlParts

IDLE_SECONDS = 60.0
LIFE_SECONDS = 300.0
SWEEP_SECONDS = 15.0
IDLE_PER_HOST = 256
"""As many as may be in flight by default: a burst must not open connections again each time."""
IDLE_IN_ALL = 512
"""Over all receivers: the one that has lain idle longest goes first."""


class PoolKey(NamedTuple):
    """Connections are shared by receiver and TLS identity; the certificate is the host's. `rules`
    counts the settings: a connection is used under those that it was vetted by."""

    scheme: str
    host: str
    port: int
    tls: ssl.SSLContext | None
    rules: int = 0


class Transport:
    """Connections of one event loop. `time` values are those of the loop's clock."""

    def __init__(
        self, egress: EgressSettings, resolver: Resolver | None = None,
        own_ports: OwnPorts = nothing_listens,
    ) -> None:  # fmt: skip
        self._rules = 0
        self._resolver = resolver or ThreadResolver()
        self._dialler = Dialler(egress, self._resolver, own_ports)
        self._idle: dict[PoolKey, deque[Connection]] = {}
        self._resting: dict[Connection, PoolKey] = {}
        self._sweep: asyncio.TimerHandle | None = None

    async def request(
        self, url: UrlParts, tls: ssl.SSLContext | None, data: bytes, limits: Limits,
        deadline: float,
    ) -> Answer:  # fmt: skip
        """Send the bytes of one request and read the answer. Raises SendFailed.

        A connection that the receiver closed while it lay idle costs one free retry on a new
        one, only if no byte of an answer was read.
        """
        key = PoolKey(url.scheme, url.host, url.port, tls, self._rules)
        connection = self._idle_connection(key) or await self._open(key, deadline)
        reused = not connection.fresh
        try:
            answer = await connection.exchange(data, limits, deadline)
        except SendFailed as failure:
            if not (reused and connection.untouched and failure.kind == "reset"):
                raise
            connection = await self._open(key, deadline)
            answer = await connection.exchange(data, limits, deadline)
        self._give_back(key, connection)
        return answer

    def follow(self, egress: EgressSettings) -> None:
        """Go by other settings from now on. What is under way ends; no connection that was made
        before is used again."""
        self._dialler.egress = egress
        self._rules += 1
        self._drop_idle()

    async def close(self) -> None:
        """Close what lies idle and end the resolver's threads."""
        if self._sweep is not None:
            self._sweep.cancel()
            self._sweep = None
        self._drop_idle()
        self._resolver.close()
        await asyncio.sleep(0)  # lets the transports close their sockets

    def _open(self, key: PoolKey, deadline: float) -> Awaitable[Connection]:
        return self._dialler.open(key.host, key.port, key.tls, deadline)

    # The pool: `_idle` by receiver, `_resting` in the order in which they came back

    def _drop_idle(self) -> None:
        self._idle, resting, self._resting = {}, self._resting, {}
        for connection in resting:
            connection.abort()

    def _idle_connection(self, key: PoolKey) -> Connection | None:
        idle = self._idle.get(key)
        now = asyncio.get_running_loop().time()
        while idle:
            connection = idle.pop()
            del self._resting[connection]
            if connection.usable and not _too_old(connection, now):
                return connection
            connection.abort()
        return None

    def _give_back(self, key: PoolKey, connection: Connection) -> None:
        if not connection.usable:
            return
        idle = self._idle.setdefault(key, deque())
        if len(idle) >= IDLE_PER_HOST or key.rules != self._rules:
            connection.abort()
            return
        if len(self._resting) >= IDLE_IN_ALL:
            self._evict()
        idle.append(connection)
        self._resting[connection] = key
        if self._sweep is None:
            self._sweep = asyncio.get_running_loop().call_later(SWEEP_SECONDS, self._clean)

    def _evict(self) -> None:
        oldest, key = next(iter(self._resting.items()))
        self._idle[key].popleft()  # each receiver's are in the same order
        del self._resting[oldest]
        oldest.abort()

    def _clean(self) -> None:
        now = asyncio.get_running_loop().time()
        for connection, key in list(self._resting.items()):
            if not connection.usable or _too_old(connection, now):
                self._idle[key].remove(connection)
                del self._resting[connection]
                connection.abort()
        self._idle = {key: idle for key, idle in self._idle.items() if idle}
        self._sweep = None
        if self._resting:
            self._sweep = asyncio.get_running_loop().call_later(SWEEP_SECONDS, self._clean)


def _too_old(connection: Connection, now: float) -> bool:
    return now - connection.idle_since > IDLE_SECONDS or now - connection.born > LIFE_SECONDS
