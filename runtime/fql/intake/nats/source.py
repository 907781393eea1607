"""A stream of NATS JetStream as a source, read by a durable consumer of our own.

A message is acknowledged after the commit of its runs; until the server confirms that, the store
keeps the message's id. So a message that comes again, after a crash or a lost acknowledgement, is
known, and none is missing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Container, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace

from fql.errors import FqlError
from fql.intake.nats.attending import Attendant
from fql.intake.nats.messages import Delivered, arrival
from fql.intake.nats.pulling import Stay
from fql.intake.port import Arrival, Consumer, Health
from fql.intake.voice import Voice
from fql.nats.connection import NatsConnection
from fql.nats.errors import NatsUnreachable
from fql.plan.model import Plan

LOOK_S = 5.0
"""Between two looks at stream and consumer."""
PAUSE_S = 1.0
"""After a try that failed; it doubles up to LOOK_S."""


class StreamNats:
    """Reads `subjects` (all, when empty) of `stream` by the durable consumer `consumer`."""

    supplies_old: bool | Container[str] = True
    ended = False

    def __init__(
        self,
        name: str,
        connection: NatsConnection,
        *,
        stream: str,
        subjects: Sequence[str] = (),
        consumer: str,
    ) -> None:
        self.name = name
        self.incarnation = ""
        self._connection = connection
        self._voice = Voice(name)
        self._attendant = Attendant(connection, stream, tuple(subjects), consumer, self._voice)
        self._stream, self._consumer = stream, consumer
        self._held: dict[str, Delivered] = {}
        self._acknowledged: dict[int, bytes] = {}
        self._gone: list[bytes] = []
        self._stay: Stay | None = None
        self._news = asyncio.Event()
        self._givers: set[asyncio.Task[None]] = set()
        self._task: asyncio.Task[None] | None = None

    @property
    def outbox(self) -> str:
        """The incarnation of the stream."""
        return self.incarnation

    async def open(self, plan: Plan, consumer: Consumer) -> None:  # noqa: ARG002  (any will do)
        """Begin to read. A server or stream that is not there is waited for, and `health` says
        so."""
        if self._task is None:
            self._task = asyncio.create_task(self._work())

    async def follow(self, plan: Plan) -> None:
        """Any plan will do."""

    def recall(self, numbers: Mapping[str, int]) -> None:
        """The numbers up to which everything was acknowledged, by incarnation: where a consumer
        that is gone is made again."""
        self._attendant.recall(numbers)

    def health(self) -> Health:
        """How stream and consumer are."""
        progress = self._attendant.progress
        waiting = None if progress is None else progress.pending + len(self._held)
        attendant = self._attendant
        return replace(
            self._voice.health, pending=waiting, whole=attendant.whole, former=attendant.former
        )

    async def fetch(self, limit: int) -> list[Arrival]:
        """What has been delivered and is not done, lowest first."""
        if self._task is not None and self._task.done():  # a fault of ours: told, and begun again
            failed, self._task = self._task, asyncio.create_task(self._work())
            failed.result()
        self._news.clear()
        held = sorted(self._held.values(), key=lambda one: one.sequence)[:limit]
        safe = self._attendant.safe
        return [arrival(message, self.incarnation, safe) for message in held]

    async def done(self, arrivals: Sequence[Arrival]) -> None:
        """These are in the store: they are acknowledged. Where that fails they come again, and are
        known."""
        finished: list[Delivered] = []
        for one in arrivals:
            message = self._held.pop(one.position, None)
            if message is not None and one.row is not None and one.row.outbox == self.incarnation:
                self._acknowledged[message.sequence] = one.row.id
                finished.append(message)
        stay = self._stay
        if stay is not None and finished:
            with suppress(NatsUnreachable):  # they come again, and are known
                await stay.acknowledge(finished)
        if stay is not None:
            stay.stirred.set()

    def begin_again(self) -> None:
        """What is held may be done already: the server is asked for it again."""
        held, self._held, stay = list(self._held.values()), {}, self._stay
        if stay is not None and held:
            giving = asyncio.create_task(self._give_back(stay, held))
            self._givers.add(giving)
            giving.add_done_callback(self._givers.discard)

    async def _give_back(self, stay: Stay, held: Sequence[Delivered]) -> None:
        with suppress(NatsUnreachable):
            await stay.give_back(held)

    def gone(self) -> list[bytes]:
        """Ids of messages whose acknowledgement the server has confirmed."""
        told, self._gone = self._gone, []
        return told

    async def wait(self, timeout: float) -> None:  # noqa: ASYNC109  (the port's own word)
        """Until there are messages, or the time is over (seconds)."""
        waiting = asyncio.ensure_future(self._news.wait())
        await asyncio.wait({waiting}, timeout=timeout)
        waiting.cancel()

    async def close(self) -> None:
        """Listen no more; the connection is its owner's."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    # At work ---------------------------------------------------------------------------

    async def _work(self) -> None:
        """For ever: look after the consumer, and stay at it while that is possible."""
        pause = PAUSE_S
        while True:
            try:
                stream = await self._attendant.ensure()
                self._become(stream.incarnation)
                self._voice.mended("nats", f"the stream {self._stream} is read again")
                await self._stay_here()
                pause = PAUSE_S
            except FqlError as error:
                self._voice.failed()
                self._voice.trouble("nats", error.message, error.hint or "it is tried again")
                await asyncio.sleep(pause)
                pause = min(2 * pause, LOOK_S)

    def _become(self, incarnation: str) -> None:
        """Messages of another stream under the same name cannot come again."""
        if self.incarnation and incarnation != self.incarnation:
            self._held.clear()
            self._gone.extend(self._acknowledged.values())
            self._acknowledged.clear()
        self.incarnation = incarnation

    async def _stay_here(self) -> None:
        """Until the connection is lost. Raises NatsError where stream or consumer are gone."""
        loop = asyncio.get_running_loop()
        link = await self._connection.link(LOOK_S)
        stay = Stay(link, self._stream, self._consumer, self._take, self._confirm)
        try:
            await stay.begin()
            self._stay, next_look = stay, loop.time() + LOOK_S
            while not stay.lost.done():
                await stay.pull(len(self._held))
                await stay.wait(next_look - loop.time())
                if stay.doubtful or loop.time() >= next_look:
                    stay.doubtful = False
                    await self._attendant.look()
                    next_look = loop.time() + LOOK_S
        finally:
            self._stay = None
            await stay.end()

    def _take(self, message: Delivered) -> None:
        self._held[message.position] = message
        self._news.set()

    def _confirm(self, sequence: int) -> None:
        known = self._acknowledged.pop(sequence, None)
        if known is not None:
            self._gone.append(known)
