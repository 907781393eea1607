"""One client of the library: how it connects, what it says, and how it ends.

Only this module and `connection` know nats-py. Importing it without nats-py raises SettingsError.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass

from fql.errors import SettingsError, masked_urls, not_installed
from fql.nats.credentials import Credentials
from fql.nats.errors import NatsError, NatsUnreachable, Refused
from fql.settings.brokers import Broker

try:
    from nats.aio.client import Client
    from nats.aio.msg import Msg
    from nats.errors import Error as LibraryError
    from nats.errors import SecureConnWantedError
except ImportError as missing:
    raise not_installed("NATS", "nats-py", "nats") from missing

logger = logging.getLogger("fql.nats")

CONNECT_SECONDS = 5
PING_SECONDS = 10
"""A server that does not answer two of these in a row is given up."""
CLOSE_SECONDS = 2
RETRY_SECONDS = 0.5
"""Between two tries to reach one server."""

_VIOLATION = re.compile(
    r'Permissions Violation for (Publish|Subscription) to "([^"]*)"', re.IGNORECASE
)
_NOT_LET_IN = re.compile("authoriz|authentic|credential|secure|certificate", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Heard:
    """A message to one of our inboxes. `status` is that of a message without a body by which the
    server tells of itself."""

    subject: str
    reply: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def status(self) -> str:
        """Such as `404`; empty for a message."""
        return "" if self.body else self.headers.get("Status", "")


class Link:
    """A client for one connection, which the library makes again when it is lost. `lost` is done
    when what was asked before will not be answered any more. Closed, it is not used again."""

    def __init__(self, broker: Broker, credentials: Callable[[], Credentials] | None) -> None:
        self.client = Client()
        self.lost: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.back = asyncio.Event()
        self.deaf = ""
        self._broker = broker
        self._credentials = credentials
        self._tried = asyncio.Event()
        self._failures: list[str] = []
        self._refused = False
        self._waiting: dict[str, set[asyncio.Future[None]]] = {}  # in small letters, as it is told

    @property
    def shown(self) -> str:
        """The servers, for people."""
        return f"NATS at {self._broker.shown}"

    async def connect(self) -> None:
        """Try each server once. Raises NatsUnreachable, Refused, SettingsError."""
        if self._credentials is not None:
            self._credentials()  # what is wrong with them is told before anything is tried
        task = asyncio.ensure_future(self._connect())
        tried = asyncio.ensure_future(self._tried.wait())
        try:
            await asyncio.wait(
                {task, tried}, timeout=CONNECT_SECONDS, return_when=asyncio.FIRST_COMPLETED
            )
            connected = task.done() and not task.cancelled() and task.exception() is None
        finally:
            for one in (task, tried):
                one.cancel()
            await asyncio.wait({task, tried})
        if not connected:
            if task.done() and not task.cancelled() and (error := task.exception()):
                self._failures.append(_words(error))
            await self.close()
            raise self.unreachable()
        if self._broker.secure and not self.info.get("tls_required"):
            await self.close()
            raise Refused(f"{self.shown}: {_words(SecureConnWantedError())}", hint=_TLS)
        self.back.set()

    async def _connect(self) -> None:
        """Secrets are given when the library asks, and never without TLS where that is wanted."""
        broker, credentials = self._broker, self._credentials
        await self.client.connect(
            list(broker.urls),
            name="fqlc",
            connect_timeout=CONNECT_SECONDS,
            reconnect_time_wait=RETRY_SECONDS,  # type: ignore[arg-type]  # it sleeps that long
            max_reconnect_attempts=-1,
            ping_interval=PING_SECONDS,
            error_cb=self._failed,
            disconnected_cb=self._disconnected,
            reconnected_cb=self._reconnected,
            user_jwt_cb=credentials and (lambda: bytearray(self._identity(credentials).jwt)),
            signature_cb=credentials and (lambda n: self._identity(credentials).signed(n)),
            user=(lambda: self._told(broker.user)) if broker.password else None,
            password=(lambda: self._told(broker.password)) if broker.password else None,
            token=(lambda: self._told(broker.token)) if broker.token else None,
        )

    def _told(self, secret: str) -> str:
        if self._broker.secure and not self.info.get("tls_required"):
            raise SecureConnWantedError
        return secret

    def _identity(self, credentials: Callable[[], Credentials]) -> Credentials:
        self._told("")
        try:
            return credentials()
        except SettingsError as error:  # the library goes on trying after an error of its own only
            raise LibraryError(f"{error.message} (credentials)") from error

    @property
    def info(self) -> Mapping[str, object]:
        """What the server said of itself when we connected."""
        told: Mapping[str, object] = self.client._server_info
        return told

    async def close(self) -> None:
        """End it; what waits for an answer is told. What the library meets on the way is nobody's
        concern: where the connection is lost meanwhile, it even cancels what closes it."""
        self.back.clear()  # it is given back, not lost
        closing = asyncio.ensure_future(self.client.close())
        try:
            await asyncio.wait({closing}, timeout=CLOSE_SECONDS)
        finally:
            ended = not closing.cancel()
        if ended and not closing.cancelled() and (error := closing.exception()):
            logger.debug("%s: closed with %s", self.shown, _words(error))
        await self._disconnected()

    async def write(
        self, subject: str, body: bytes, reply: str, headers: dict[str, str] | None = None
    ) -> None:
        """Send a message, and wait for nothing. Raises NatsUnreachable."""
        try:
            await self.client.publish(subject, body, reply=reply, headers=headers)
        except (LibraryError, OSError) as error:
            raise NatsUnreachable(f"{self.shown}: {_words(error)}") from None

    async def listen(
        self, subject: str, hear: Callable[[Heard], None]
    ) -> Callable[[], Awaitable[None]]:
        """Tell `hear` each message to a subject until what is given back is called. Raises
        NatsUnreachable."""

        async def told(message: Msg) -> None:
            hear(Heard(message.subject, message.reply, message.headers or {}, message.data))

        try:
            subscription = await self.client.subscribe(subject, cb=told)
        except (LibraryError, OSError) as error:
            raise NatsUnreachable(f"{self.shown}: {_words(error)}") from None

        async def stop() -> None:
            with suppress(LibraryError, OSError):
                await subscription.unsubscribe()

        return stop

    @property
    def servers(self) -> tuple[str, ...]:
        """The servers that are known: those of the settings and those that told of themselves."""
        return tuple({server.netloc for server in self.client.servers})

    def new_inbox(self) -> str:
        """A subject that nobody else uses."""
        return self.client.new_inbox()

    # What the library tells ---------------------------------------------------------

    async def _failed(self, error: Exception) -> None:
        text = _words(error)
        violation = _VIOLATION.search(text)
        if violation is None:
            self._failures = [*self._failures[-9:], text]
            self._refused = self._refused or bool(_NOT_LET_IN.search(text))
            if self._refused or len(self._failures) >= len(self._broker.urls):
                self._tried.set()
        elif violation[1].lower() == "subscription":
            self.deaf = violation[2]
        else:
            for waiting in self._waiting.get(violation[2], ()):
                if not waiting.done():
                    waiting.set_result(None)

    async def _disconnected(self) -> None:
        if self.back.is_set():
            self.back.clear()
            logger.info("%s: the connection was lost; connecting again", self.shown)
        lost, self.lost = self.lost, asyncio.get_running_loop().create_future()
        if not lost.done():
            lost.set_result(None)

    async def _reconnected(self) -> None:
        logger.info("%s: connected again", self.shown)
        self._failures, self._refused, self.deaf = [], False, ""
        self.back.set()

    def denial(self, subject: str) -> asyncio.Future[None]:
        """Done when the server has said that this subject must not be written to; give it back with
        `forget`."""
        denied: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(subject.lower(), set()).add(denied)
        return denied

    def forget(self, subject: str, denied: asyncio.Future[None]) -> None:
        """Nobody waits for this denial any more."""
        denied.cancel()
        waiting = self._waiting[subject.lower()]
        waiting.discard(denied)
        if not waiting:
            del self._waiting[subject.lower()]

    def unreachable(self) -> NatsError:
        """Why there is no connection."""
        told = [one for one in self._failures if not self._refused or _NOT_LET_IN.search(one)]
        reasons = "; ".join(dict.fromkeys(told)) or "no server answered in time"
        if self._refused:
            text = masked_urls(f"{self.shown} does not let us in: {reasons}")
            return Refused(text, hint=_TLS if "secure" in reasons else _RIGHTS, lasting=False)
        text = masked_urls(f"{self.shown}: {reasons}")
        return NatsUnreachable(text, hint="start a server there, or correct [nats] url")


_RIGHTS = "correct user, password or credentials of [nats], or the right to come in on the server"
_TLS = "configure TLS on the server, or write nats:// where the network is trusted"


def _words(error: BaseException) -> str:
    """What the library or the system said, on one line."""
    if isinstance(error, SecureConnWantedError):
        return "the url begins with tls://, and the server does not ask for TLS (secure connection)"
    said = " ".join((getattr(error, "strerror", None) or str(error)).split()).removeprefix("nats: ")
    return said.strip("'") or type(error).__name__
