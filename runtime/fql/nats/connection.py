"""The one place that talks to NATS, for sources, dead letters and actions alike.

An engine has one connection. It is made at its first use and made again by itself; while there is
none, who asks waits as long as it wants to and is then told. Nothing is kept for later: what was
not acknowledged is for its sender to send again, with the same id.

Importing this module without nats-py raises SettingsError; so code that can do without it imports
it late.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NoReturn

import nats.errors
from nats.aio.msg import Msg

from fql.exact.reading import read_foreign
from fql.nats.credentials import reader_of
from fql.nats.errors import Forbidden, NatsSlow, NatsUnreachable, NoStream, Refused
from fql.nats.link import Link, logger
from fql.nats.saying import said_no, subject_problem, too_large
from fql.settings.brokers import broker_at

MESSAGE_ID = "Nats-Msg-Id"
SMALLEST_LIMIT = 1_000_000
"""What is taken for the largest message before a server has said it."""


@dataclass(frozen=True, slots=True)
class Published:
    """The stream has the message under this number. `duplicate`: it had its id before."""

    stream: str
    sequence: int
    duplicate: bool


class NatsConnection:
    """The connection of an engine to the servers at `urls`; several are servers of one cluster.

    `credentials` are the path of a file, or what is in it. Raises SettingsError for addresses that
    are none. All methods are called in one event loop.
    """

    def __init__(self, urls: Sequence[str], credentials: str = "") -> None:
        self._broker = broker_at(urls)
        self._credentials = reader_of(credentials) if credentials else None
        self._link: Link | None = None
        self._connecting = asyncio.Lock()
        self._closed = False
        self._said = ""

    @property
    def shown(self) -> str:
        """The servers, for people."""
        return f"NATS at {self._broker.shown}"

    @property
    def largest(self) -> int:
        """Bytes that the server takes in one message, once there has been a connection."""
        return SMALLEST_LIMIT if self._link is None else self._link.client.max_payload

    async def publish(
        self,
        subject: str,
        headers: Mapping[str, str],
        body: bytes,
        *,
        message_id: str,
        timeout_s: float,
    ) -> Published:
        """Put a message into the stream that takes its subject, and wait until the stream has it.

        A stream knows a `message_id` for a while and takes it once. `timeout_s` bounds all of it,
        connecting too. Raises NatsUnreachable, NoStream, TooLarge, Refused, SettingsError.
        """
        if problem := subject_problem(subject):
            raise Refused(f"{subject!r} cannot be the subject of a message: {problem}")
        answer = await self._answer(subject, body, {**headers, MESSAGE_ID: message_id}, timeout_s)
        stream, sequence = answer.get("stream"), answer.get("seq")
        if not isinstance(stream, str) or not isinstance(sequence, int):
            raise Refused(
                f"whoever answers on {subject} is not a stream",
                hint="make a stream that takes this subject",
                lasting=False,
            )
        return Published(stream, sequence, answer.get("duplicate") is True)

    async def commit(
        self, subject: str, headers: Mapping[str, str], body: bytes, *, timeout_s: float
    ) -> dict[str, object]:
        """The last message of a batch, and the answer to all of it. Raises NatsError."""
        return await self._answer(subject, body, dict(headers), timeout_s)

    async def ask(self, call: str, asked: bytes = b"", *, timeout_s: float) -> dict[str, object]:
        """One call of JetStream's interface, such as `STREAM.INFO.orders`, and its answer. Raises
        NatsUnreachable, NoStream, Refused, SettingsError."""
        return await self._answer(f"$JS.API.{call}", asked, None, timeout_s)

    async def link(self, timeout_s: float) -> Link:
        """A connection that works now. Raises NatsUnreachable, Refused, SettingsError."""
        if self._link is not None and self._link.client.is_connected:
            return self._link
        try:
            async with asyncio.timeout(timeout_s), self._connecting:
                return await self._connected()
        except TimeoutError:
            raise self._unreachable() from None

    async def _connected(self) -> Link:
        if self._closed:
            raise NatsUnreachable(f"the connection to {self.shown} is closed")
        if self._link is not None and not self._link.client.is_closed:
            await self._link.back.wait()
            return self._link
        link = Link(self._broker, self._credentials)
        try:
            await link.connect()
        except Refused as refused:
            self._say(refused)
            raise
        self._link, self._said = link, ""
        return link

    def _say(self, refused: Refused) -> None:
        """Once, however many ask: who is not let in stays outside until somebody does something."""
        if self._said != refused.message:
            self._said = refused.message
            logger.warning("%s; %s", refused.message, refused.hint)

    def _unreachable(self) -> Exception:
        if self._link is not None:
            return self._link.unreachable()
        return NatsUnreachable(f"{self.shown} was not reached in time")

    async def close(self) -> None:
        """Give the connection back; it is not used afterwards."""
        self._closed = True
        link, self._link = self._link, None
        if link is not None:
            await link.close()

    # One request, with an end --------------------------------------------------------

    async def _answer(
        self, subject: str, body: bytes, headers: dict[str, str] | None, timeout_s: float
    ) -> dict[str, object]:
        message = await self._request(subject, body, headers, timeout_s)
        try:
            answer = read_foreign(message.data)
        except ValueError:
            answer = None
        if not isinstance(answer, dict):
            raise Refused(f"the answer on {subject} is not one of JetStream", lasting=False)
        if error := answer.get("error"):
            raise said_no(self.shown, subject, error if isinstance(error, dict) else {})
        return answer

    async def _request(
        self, subject: str, body: bytes, headers: dict[str, str] | None, timeout_s: float
    ) -> Msg:
        loop = asyncio.get_running_loop()
        end = loop.time() + timeout_s
        link = await self.link(timeout_s)
        if problem := too_large(self.shown, link.client.max_payload, headers, body):
            raise problem
        lost, denied = link.lost, link.denial(subject)
        asked = asyncio.ensure_future(
            link.client.request(subject, body, timeout=timeout_s, headers=headers)
        )
        try:
            await asyncio.wait(
                (asked, lost, denied), timeout=max(0, end - loop.time()),
                return_when=asyncio.FIRST_COMPLETED,
            )  # fmt: skip
            if denied.done():
                raise self._not_allowed("publish to", subject)
            if not asked.done():
                self._give_up(link, subject, timeout_s)
            return await self._replied(link, subject, asked, timeout_s)
        finally:
            link.forget(subject, denied)
            asked.cancel()

    async def _replied(
        self, link: Link, subject: str, asked: asyncio.Future[Msg], timeout_s: float
    ) -> Msg:
        try:
            return await asked
        except nats.errors.NoRespondersError:
            raise NoStream(
                f"no stream of {self.shown} takes the subject {subject}",
                hint="make a stream with this subject, or wait until it has a leader",
            ) from None
        except nats.errors.TimeoutError:
            self._give_up(link, subject, timeout_s)
        except (nats.errors.BadSubjectError, nats.errors.BadHeaderError) as error:
            raise Refused(f"a message to {subject!r} cannot be written: {error}") from None
        except (nats.errors.Error, OSError) as error:
            raise NatsUnreachable(f"{self.shown}: {error}") from None

    def _give_up(self, link: Link, subject: str, timeout_s: float) -> NoReturn:
        if link.deaf:
            raise self._not_allowed("subscribe to", link.deaf)
        if not link.client.is_connected:
            raise NatsUnreachable(
                f"the connection to {self.shown} was lost before {subject} was answered"
            )
        raise NatsSlow(
            f"{self.shown} did not answer on {subject} within {timeout_s:g} seconds",
            hint="a stream without a leader, or one with `no_ack`, does not answer",
        )

    def _not_allowed(self, what: str, subject: str) -> Forbidden:
        return Forbidden(
            f"the user of {self.shown} may not {what} {subject}",
            hint="grant it that right in the server's configuration or its account",
        )
