"""New connections: names to vetted addresses, the quickest of them, TLS."""

from __future__ import annotations

import asyncio
import ssl
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from ipaddress import ip_address
from itertools import chain, zip_longest

from fql.egress.wire.connection import Connection
from fql.egress.wire.failures import SendFailed, of_connecting
from fql.egress.wire.own import OwnPorts, own_listener
from fql.egress.wire.resolver import Resolver
from fql.egress.wire.shortages import shortage_of
from fql.plan.web.addresses import (
    EgressSettings,
    address_problem,
    is_localhost,
    localhost_addresses,
    parse_address,
    target_problem,
)

STAGGER = 0.25
"""Seconds after which the next address is tried beside the first (RFC 8305, section 5)."""
MOST_DIALLED = 8
"""Addresses of one name that are tried; all of them are vetted."""

ANOTHER = frozenset({"connect", "shortage"})
"""Failures after which the next address is tried."""

Dial = Callable[[str], Awaitable[Connection]]


class Dialler:
    """Opens connections by one set of rules at a time."""

    def __init__(self, egress: EgressSettings, resolver: Resolver, own_ports: OwnPorts) -> None:
        self.egress = egress
        self._resolver = resolver
        self._own_ports = own_ports

    async def open(
        self, host: str, port: int, tls: ssl.SSLContext | None, deadline: float
    ) -> Connection:
        """A connection that is ready for a request. Raises SendFailed; `deadline` is a time of
        the loop's clock."""
        problem = target_problem(host, port, self.egress)
        if problem:
            raise SendFailed("egress", problem)
        try:
            async with asyncio.timeout_at(deadline):
                addresses = await self._addresses(host)
                problem = own_listener(addresses, port, self._own_ports())
                if problem:
                    raise SendFailed("egress", problem)
                where = f"{host}:{port}" if ":" not in host else f"[{host}]:{port}"

                async def dial(address: str) -> Connection:
                    return await _dial(address, port, where)

                connection = await first_open(dial_order(addresses), dial, where)
                return connection if tls is None else await _secured(connection, tls, host, where)
        except TimeoutError:
            raise SendFailed(
                "timeout", "the deadline passed before a connection was open"
            ) from None

    async def _addresses(self, host: str) -> Sequence[str]:
        """Every address of the host; refused if any of them is not allowed."""
        if parse_address(host) is not None:
            return (host,)
        if is_localhost(host):
            return localhost_addresses(self.egress)
        found = await self._resolver.resolve(host)
        for text in found:
            address = parse_address(text)
            problem = address_problem(address, self.egress) if address else "no address"
            if problem:
                raise SendFailed("egress", f"{host}: {problem}")
        return found


def dial_order(addresses: Sequence[str]) -> list[str]:
    """The addresses to try, the two families in turn, that of the first one first."""
    first = [text for text in addresses if (":" in text) == (":" in addresses[0])]
    other = [text for text in addresses if text not in first]
    in_turn = chain.from_iterable(zip_longest(first, other))
    return [text for text in in_turn if text is not None][:MOST_DIALLED]


async def first_open(addresses: Sequence[str], dial: Dial, where: str) -> Connection:
    """The first connection that opens. The next address is tried when one fails, or has not
    answered for a moment; none is given up before one is open. Raises SendFailed."""
    if len(addresses) == 1:
        return await dial(addresses[0])
    waiting, problems = deque(addresses), list[SendFailed]()
    running: set[asyncio.Task[Connection]] = set()
    try:
        while waiting or running:
            if waiting:
                running.add(asyncio.ensure_future(dial(waiting.popleft())))
            pause = STAGGER if waiting else None
            done, _ = await asyncio.wait(
                running, timeout=pause, return_when=asyncio.FIRST_COMPLETED
            )
            for task in done:
                failure = task.exception()
                if failure is None:
                    running.discard(task)
                    return task.result()
                running.discard(task)
                if not isinstance(failure, SendFailed) or failure.kind not in ANOTHER:
                    raise failure
                problems.append(failure)
    finally:
        await _let_go(running)
    raise _of_all(problems) or SendFailed("connect", f"the name of {where} has no address")


def _of_all(problems: Sequence[SendFailed]) -> SendFailed | None:
    """Why no address answered; a shortage of ours is not a receiver's fault."""
    for problem in problems:
        if problem.kind == "shortage":
            return problem
    words = "; ".join(problem.message for problem in problems)
    return SendFailed("connect", words) if problems else None


async def _let_go(running: set[asyncio.Task[Connection]]) -> None:
    """End the attempts that are too late, and the connections that opened anyway."""
    for task in running:
        task.cancel()
    for late in await asyncio.gather(*running, return_exceptions=True):
        if isinstance(late, Connection):
            late.abort()


async def _dial(address: str, port: int, where: str) -> Connection:
    loop = asyncio.get_running_loop()
    if address not in where:
        where = f"{where} ({address})"
    try:
        _, connection = await loop.create_connection(lambda: Connection(loop), address, port)
    except TimeoutError as error:  # the system's own, not our deadline
        raise SendFailed("connect", f"no connection to {where}: no answer") from error
    except OSError as error:
        missing = shortage_of(error, address)
        if missing:
            raise SendFailed("shortage", missing) from error
        raise of_connecting(error, where) from error
    if ip_address(connection.peer().partition("%")[0]) != ip_address(address):
        connection.abort()
        raise SendFailed("egress", f"the connection to {where} ended elsewhere")
    return connection


async def _secured(
    connection: Connection, tls: ssl.SSLContext, host: str, where: str
) -> Connection:
    try:
        await connection.secure(tls, host)
    except OSError as error:
        connection.abort()
        raise of_connecting(error, where) from error
    except asyncio.CancelledError:
        connection.abort()
        raise
    return connection
