"""Our HTTP/1.1 client: keep-alive connections to vetted addresses, one deadline, bounded answers.

It knows no redirects, no cookies, no proxies and no decompression on purpose.
"""

from __future__ import annotations

import asyncio
import ssl
from collections import deque
from collections.abc import Sequence
from ipaddress import ip_address
from typing import NamedTuple

from fql.egress.answer import Answer, Limits
from fql.egress.connection import Connection
from fql.egress.failures import SendFailed, of_connecting
from fql.egress.own import OwnPorts, nothing_listens, own_listener
from fql.egress.resolver import Resolver, ThreadResolver
from fql.plan.addresses import (
    EgressSettings,
    address_problem,
    is_localhost,
    localhost_addresses,
    parse_address,
    target_problem,
)
from fql.plan.urls import UrlParts

IDLE_SECONDS = 60.0
LIFE_SECONDS = 300.0
SWEEP_SECONDS = 15.0
IDLE_PER_HOST = 256
"""As many as may be in flight by default: a burst must not open connections anew each time."""
LAST_CONNECT_SHARE = 0.25
"""Seconds that each further address of a name is at least given to connect."""


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
        self._egress = egress
        self._rules = 0
        self._own_ports = own_ports
        self._resolver = resolver or ThreadResolver()
        self._idle: dict[PoolKey, deque[Connection]] = {}
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
        connection = self._take(key) or await self._connect(key, deadline)
        reused = not connection.fresh
        try:
            answer = await connection.exchange(data, limits, deadline)
        except SendFailed as failure:
            if not (reused and connection.untouched and failure.kind == "reset"):
                raise
            connection = await self._connect(key, deadline)
            answer = await connection.exchange(data, limits, deadline)
        self._give_back(key, connection)
        return answer

    def follow(self, egress: EgressSettings) -> None:
        """Go by other settings from now on. What is under way ends; no connection that was made
        before is used again."""
        self._egress = egress
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

    # The pool

    def _drop_idle(self) -> None:
        idle, self._idle = self._idle, {}
        for connections in idle.values():
            for connection in connections:
                connection.abort()

    def _take(self, key: PoolKey) -> Connection | None:
        idle = self._idle.get(key)
        now = asyncio.get_running_loop().time()
        while idle:
            connection = idle.pop()
            if connection.usable and not _too_old(connection, now):
                return connection
            connection.abort()
        return None

    def _give_back(self, key: PoolKey, connection: Connection) -> None:
        if not connection.usable:
            return
        idle = self._idle.get(key)
        if idle is None:
            idle = self._idle[key] = deque()
        if len(idle) >= IDLE_PER_HOST or key.rules != self._rules:
            connection.abort()
            return
        idle.append(connection)
        if self._sweep is None:
            self._sweep = asyncio.get_running_loop().call_later(SWEEP_SECONDS, self._clean)

    def _clean(self) -> None:
        now = asyncio.get_running_loop().time()
        for key, idle in list(self._idle.items()):
            kept = deque(c for c in idle if c.usable and not _too_old(c, now))
            for connection in set(idle) - set(kept):
                connection.abort()
            if kept:
                self._idle[key] = kept
            else:
                del self._idle[key]
        self._sweep = None
        if self._idle:
            self._sweep = asyncio.get_running_loop().call_later(SWEEP_SECONDS, self._clean)

    # New connections

    async def _connect(self, key: PoolKey, deadline: float) -> Connection:
        problem = target_problem(key.host, key.port, self._egress)
        if problem:
            raise SendFailed("egress", problem)
        try:
            async with asyncio.timeout_at(deadline):
                addresses = await self._addresses(key.host)
                problem = own_listener(addresses, key.port, self._own_ports())
                if problem:
                    raise SendFailed("egress", problem)
                return await self._first_open(key, addresses, deadline)
        except TimeoutError:
            raise SendFailed(
                "timeout", "the deadline passed before a connection was open"
            ) from None

    async def _addresses(self, host: str) -> Sequence[str]:
        """Every address of the host; refused if any of them is not allowed."""
        if parse_address(host) is not None:
            return (host,)
        if is_localhost(host):
            return localhost_addresses(self._egress)
        found = await self._resolver.resolve(host)
        for text in found:
            address = parse_address(text)
            problem = address_problem(address, self._egress) if address else "no address"
            if problem:
                raise SendFailed("egress", f"{host}: {problem}")
        return found

    async def _first_open(
        self, key: PoolKey, addresses: Sequence[str], deadline: float
    ) -> Connection:
        for n, address in enumerate(addresses, start=1):
            try:
                return await self._within_share(key, address, deadline, len(addresses) - n)
            except SendFailed as failure:
                if n == len(addresses) or failure.kind != "connect":
                    raise
        raise SendFailed("dns", f"the name {key.host} has no address")

    async def _within_share(
        self, key: PoolKey, address: str, deadline: float, others: int
    ) -> Connection:
        """Dial one address; while others are left it gets its share of the time only."""
        if not others:
            return await self._dial(key, address)
        left = deadline - asyncio.get_running_loop().time()
        try:
            async with asyncio.timeout(max(left / (others + 1), LAST_CONNECT_SHARE)):
                return await self._dial(key, address)
        except TimeoutError:
            raise SendFailed("connect", f"no connection to {address} in time") from None

    async def _dial(self, key: PoolKey, address: str) -> Connection:
        loop = asyncio.get_running_loop()
        where = f"{key.host} ({address})" if key.host != address else address
        try:
            _, connection = await loop.create_connection(
                lambda: Connection(loop), address, key.port, ssl=key.tls,
                server_hostname=key.host if key.tls else None,
            )  # fmt: skip
        except TimeoutError:
            raise
        except OSError as error:
            raise of_connecting(error, where) from error
        if ip_address(connection.peer().partition("%")[0]) != ip_address(address):
            connection.abort()
            raise SendFailed("egress", f"the connection to {where} ended elsewhere")
        return connection


def _too_old(connection: Connection, now: float) -> bool:
    return now - connection.idle_since > IDLE_SECONDS or now - connection.born > LIFE_SECONDS
