"""Our HTTP/1.1 client: keep-alive connections to vetted addresses, one deadline, bounded answers.

It knows no redirects, no cookies, no proxies and no decompression on purpose.
"""

from __future__ import annotations

import asyncio
import ssl
from collections import deque
from collections.abc import Callable
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


Reply = Callable[[Answer | BaseException], None]
"""Called with what came of a request: an answer, a SendFailed, or what only a fault raises."""


class Exchange:
    """One request that is on the wire already. `reply` is called once, except for an exchange that
    was aborted."""

    __slots__ = (
        "_again", "_connection", "_data", "_deadline", "_key", "_limits", "_reply", "_transport",
    )  # fmt: skip

    def __init__(
        self, transport: Transport, key: PoolKey, connection: Connection, data: bytes,
        *, limits: Limits, deadline: float, reply: Reply,
    ) -> None:  # fmt: skip
        self._transport = transport
        self._key = key
        self._connection = connection
        self._data = data
        self._limits = limits
        self._deadline = deadline
        self._reply: Reply | None = reply
        self._again: asyncio.Task[Answer] | None = None

    def abort(self) -> None:
        """End it at once. Nobody is told."""
        self._reply = None
        self._connection.abort()
        if self._again is not None:
            self._again.cancel()

    # What the connection calls

    def done(self) -> bool:
        """Whether it was aborted."""
        return self._reply is None

    def set_result(self, answer: Answer) -> None:
        """The answer is whole."""
        self._transport.give_back(self._key, self._connection)
        reply, self._reply = self._reply, None
        if reply is not None:
            reply(answer)

    def set_exception(self, failure: SendFailed) -> None:
        """There is none, or one that comes of a free retry: see `Transport.request`."""
        if not (self._connection.untouched and failure.kind == "reset"):
            self._tell(failure)
            return
        again = self._transport.afresh(self._key, self._data, self._limits, self._deadline)
        self._again = asyncio.get_running_loop().create_task(again)
        self._again.add_done_callback(self._on_end)

    def _on_end(self, task: asyncio.Task[Answer]) -> None:
        problem = asyncio.CancelledError() if task.cancelled() else task.exception()
        self._tell(task.result() if problem is None else problem)

    def _tell(self, result: Answer | BaseException) -> None:
        reply, self._reply = self._reply, None
        if reply is not None:
            reply(result)


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
        connection = self._idle_connection(key, asyncio.get_running_loop().time())
        if connection is not None:
            try:
                answer = await connection.exchange(data, limits, deadline)
            except SendFailed as failure:
                if not (connection.untouched and failure.kind == "reset"):
                    raise
            else:
                self.give_back(key, connection)
                return answer
        return await self.afresh(key, data, limits, deadline)

    def begin(
        self, url: UrlParts, tls: ssl.SSLContext | None, data: bytes, limits: Limits,
        seconds: float, *, reply: Reply,
    ) -> Exchange | None:  # fmt: skip
        """Send the bytes of one request now, on a connection that lies idle; `reply` is called with
        the answer or with what failed, `seconds` later at the latest. None, and nothing is sent,
        where there is no such connection: then `request` opens one."""
        key = PoolKey(url.scheme, url.host, url.port, tls, self._rules)
        if not self._idle.get(key):
            return None
        now = asyncio.get_running_loop().time()
        connection, deadline = self._idle_connection(key, now), now + seconds
        if connection is None:
            return None
        exchange = Exchange(
            self, key, connection, data, limits=limits, deadline=deadline, reply=reply
        )
        connection.begin(data, limits, deadline, exchange)
        return exchange

    async def afresh(self, key: PoolKey, data: bytes, limits: Limits, deadline: float) -> Answer:
        """The same on a new connection. Raises SendFailed."""
        connection = await self._dialler.open(key.host, key.port, key.tls, deadline)
        answer = await connection.exchange(data, limits, deadline)
        self.give_back(key, connection)
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

    # The pool: `_idle` by receiver, `_resting` in the order in which they came back

    def _drop_idle(self) -> None:
        self._idle, resting, self._resting = {}, self._resting, {}
        for connection in resting:
            connection.abort()

    def _idle_connection(self, key: PoolKey, now: float) -> Connection | None:
        idle = self._idle.get(key)
        while idle:
            connection = idle.pop()
            del self._resting[connection]
            if connection.usable and not _too_old(connection, now):
                return connection
            connection.abort()
        return None

    def give_back(self, key: PoolKey, connection: Connection) -> None:
        """After an exchange: keep the connection if another one may follow."""
        if not connection.usable:
            return
        idle = self._idle.get(key)
        if idle is None:
            idle = self._idle[key] = deque()
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
