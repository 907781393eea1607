"""The one function through which every outgoing request leaves.

In this order: refuse hosts and ports that are not allowed; one deadline; resolve and vet; dial a
vetted address; TLS; sign the exact bytes; send; read a bounded answer. A url comes in parts, its
values percent-encoded already (`fql.plan.web.urls`).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import NamedTuple

from fql.egress.auth import Auth, Headers, OAuthClient, Tokens
from fql.egress.sealing.signing import Signer
from fql.egress.wire.answer import Answer, Limits
from fql.egress.wire.failures import SendFailed
from fql.egress.wire.own import OwnPorts, nothing_listens
from fql.egress.wire.resolver import Resolver
from fql.egress.wire.tls import TlsContexts, TlsSettings
from fql.egress.wire.transport import Exchange, Reply, Transport
from fql.errors import SettingsError
from fql.plan.web.addresses import EgressSettings, target_problem
from fql.plan.web.urls import UrlParts

TOKEN_LIMITS = Limits(read=65_536, keep=65_536)
BODYLESS = frozenset({"GET"})
BROKEN = "a header contains a line break or NUL"
FIXED_LINES = 3
"""The request line and the two that every request has."""


class Outgoing(NamedTuple):
    """A request without its signature. `message_id` is the key that receivers see as
    `webhook-id`; requests that are not webhooks have none. `fixed` are headers that are the same in
    each request of an action, `Host` among them, made into lines once: see `header_lines`."""

    method: str
    url: UrlParts
    headers: Headers
    body: bytes
    message_id: str | None = None
    fixed: str = ""


@dataclass(frozen=True, slots=True)
class Profile:
    """What one action adds to each of its requests."""

    signer: Signer | None = None
    auth: Auth = field(default_factory=Auth)
    limits: Limits = field(default_factory=Limits)


class Sender:
    """Sends for one event loop. `clock` gives unix seconds."""

    def __init__(
        self, egress: EgressSettings, *, user_agent: str = "fql",
        resolver: Resolver | None = None, clock: Callable[[], float] = time.time,
        own_ports: OwnPorts = nothing_listens,
    ) -> None:  # fmt: skip
        self.egress = egress
        self._transport = Transport(egress, resolver, own_ports)
        self._contexts = TlsContexts()
        self._tokens = Tokens(time.monotonic, clock)
        self._clock = clock
        self._fixed = f"User-Agent: {user_agent}\r\nAccept-Encoding: identity\r\n"

    def follow(self, egress: EgressSettings) -> None:
        """Go by other settings from now on; see `Transport.follow`."""
        self.egress = egress
        self._transport.follow(egress)

    def prepare(self, profile: Profile) -> None:
        """Read the certificate files that a profile names now. Those of the system, which take as
        long as fifty modules, are read for the first request that needs them. Raises SettingsError.
        """
        if profile.auth.tls != TlsSettings():
            self._contexts.get(profile.auth.tls)

    def send(self, outgoing: Outgoing, profile: Profile, timeout_ms: int) -> Awaitable[Answer]:
        """Make one request within the deadline: its bytes are made at the call, the rest happens
        while it is awaited. Raises SendFailed in both."""
        deadline = asyncio.get_running_loop().time() + timeout_ms / 1000
        if profile.auth.oauth is not None:
            return self._with_token(outgoing, profile, profile.auth.oauth, deadline)
        return self._exchange(outgoing, profile, profile.auth.headers, deadline)

    def begin(
        self, outgoing: Outgoing, profile: Profile, timeout_ms: int, reply: Reply
    ) -> Exchange | None:
        """Make one request now; `reply` is called with the answer, or with the SendFailed. None,
        and nothing is sent, where that takes more than bytes on a connection which lies idle: then
        `send` does it. Raises SendFailed."""
        if profile.auth.oauth is not None:
            return None
        url, tls = outgoing.url, None
        if url.scheme == "https":
            tls = self._contexts.get(profile.auth.tls)
        data = self._bytes(outgoing, profile, profile.auth.headers)
        return self._transport.begin(url, tls, data, profile.limits, timeout_ms / 1000, reply=reply)

    async def check_token(self, client: OAuthClient, timeout_ms: int) -> None:
        """Fetch a token, and tell nobody what it is. Raises SendFailed."""
        await self._token(client, asyncio.get_running_loop().time() + timeout_ms / 1000)

    def latest_tokens(self, client: OAuthClient) -> tuple[str, ...]:
        """The tokens last fetched for a client, so that they can be masked."""
        return self._tokens.latest(client)

    def _exchange(
        self, outgoing: Outgoing, profile: Profile, added: Headers, deadline: float
    ) -> Awaitable[Answer]:
        url = outgoing.url
        tls = self._contexts.get(profile.auth.tls) if url.scheme == "https" else None
        data = self._bytes(outgoing, profile, added)
        return self._transport.request(url, tls, data, profile.limits, deadline)

    async def _with_token(
        self, outgoing: Outgoing, profile: Profile, client: OAuthClient, deadline: float
    ) -> Answer:
        """Send with a token. One that came from the cache may have been revoked: a 401 to it is
        answered once with a new token, within the same attempt."""
        self._refuse(outgoing.url)  # no token is fetched for what may not be reached
        cached = self._tokens.current(client)
        added, used = await self._token(client, deadline)
        answer = await self._exchange(outgoing, profile, added, deadline)
        if answer.status != 401:
            return answer
        if used != cached:
            self._tokens.forget(client, used)
            return answer
        added, _ = await self._token(client, deadline, refused=used)
        return await self._exchange(outgoing, profile, added, deadline)

    async def close(self) -> None:
        """Close idle connections."""
        await self._transport.close()

    def _refuse(self, url: UrlParts) -> None:
        problem = target_problem(url.host, url.port, self.egress)
        if problem:
            raise SendFailed("egress", problem)

    async def _token(
        self, client: OAuthClient, deadline: float, refused: str | None = None
    ) -> tuple[Headers, str]:
        async def post(url: UrlParts, headers: Headers, body: bytes) -> Answer:
            left = deadline - asyncio.get_running_loop().time()
            profile = Profile(limits=TOKEN_LIMITS)
            return await self.send(Outgoing("POST", url, headers, body), profile, int(left * 1000))

        try:
            async with asyncio.timeout_at(deadline):
                return await self._tokens.header(client, post, refused)
        except TimeoutError:
            raise SendFailed("timeout", "the deadline passed before a token came") from None

    def _bytes(self, outgoing: Outgoing, profile: Profile, added: Headers) -> bytes:
        """The request as it goes on the wire. No value can end its line: that is checked here
        once more, on the bytes themselves."""
        method, url, headers, body, key, fixed = outgoing
        fixed = fixed or f"Host: {url.authority}\r\n"
        lines = f"{method} {url.target} HTTP/1.1\r\n{fixed}{self._fixed}"
        ends = FIXED_LINES + fixed.count("\n")
        if method not in BODYLESS:
            lines += f"Content-Length: {len(body)}\r\n"
            ends += 1
        if key is not None:
            now = int(self._clock())
            lines += f"webhook-id: {key}\r\nwebhook-timestamp: {now}\r\nIdempotency-Key: {key}\r\n"
            ends += 3
            if profile.signer is not None:
                added = (*_signature(profile.signer, key, now, body), *added)
        for name, value in (*headers, *added):
            lines += f"{name}: {value}\r\n"
            ends += 1
        if lines.count("\r") != ends or lines.count("\n") != ends or "\0" in lines:
            raise SendFailed("request", BROKEN)
        try:
            data = (lines + "\r\n").encode("latin-1")
        except UnicodeEncodeError:
            raise SendFailed("request", "a header holds a letter beyond Latin-1") from None
        return data if method in BODYLESS else data + body


def header_lines(headers: Headers) -> str:
    """Headers as lines, to be sent with many requests. Raises SendFailed where one cannot be."""
    lines = "".join([f"{name}: {value}\r\n" for name, value in headers])
    if lines.count("\r") != len(headers) or lines.count("\n") != len(headers) or "\0" in lines:
        raise SendFailed("request", BROKEN)
    return lines


def _signature(signer: Signer, key: str, now: int, body: bytes) -> Headers:
    try:
        return signer.headers(key, now, body)
    except SettingsError as error:
        raise SendFailed("request", error.message) from error
